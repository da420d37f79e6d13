/** A thin client: starts `mom serve`, and shows what LSP has no place for. */

import { homedir } from "node:os";
import * as vscode from "vscode";
import {
  LanguageClient,
  LanguageClientOptions,
  Middleware,
  RevealOutputChannelOn,
  State,
} from "vscode-languageclient/node";
import { Commands } from "./commands";
import { findServer, offerInstall } from "./find";
import { Hints } from "./hints";
import { Server } from "./memory";
import { setValues } from "./settings";
import { Status } from "./status";
import { MemoriesView } from "./view";

const GREETED = "greeted";

let running: Extension | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  running = new Extension(context);
  await running.start();
}

export async function deactivate(): Promise<void> {
  await running?.stop();
}

class Extension implements Server {
  private readonly output = vscode.window.createOutputChannel("Mixture of Memories", { log: true });
  private readonly hints: Hints;
  private readonly status: Status;
  private readonly view: MemoriesView;
  private readonly commands: Commands;
  private client: LanguageClient | undefined;
  private progressTitle = "";

  constructor(private readonly context: vscode.ExtensionContext) {
    this.hints = new Hints(context.workspaceState, () => this.client);
    this.status = new Status(this, () => this.hints.paused);
    this.view = new MemoriesView(this);
    this.commands = new Commands(
      this,
      () => this.view.selected,
      () => this.status.tell(),
    );
    const on = (name: string, run: () => unknown) => vscode.commands.registerCommand(name, run);
    context.subscriptions.push(
      this.output,
      this.hints,
      this.status,
      this.view,
      on("mom.menu", () => this.status.menu()),
      on("mom.restart", () => this.restart()),
      on("mom.output", () => this.output.show()),
      on("mom.toggleHints", () => this.toggleHints()),
      on("mom.settings", () =>
        vscode.commands.executeCommand("workbench.action.openSettings", `@ext:${context.extension.id}`),
      ),
      this.hints.onAsked(() => this.renew()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.restart()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.client ?? this.start()),
      vscode.workspace.onDidChangeConfiguration(
        (event) => event.affectsConfiguration("mom.server.path") && this.restart(),
      ),
    );
  }

  /** Start the server, if there is a folder to look at. */
  async start(): Promise<void> {
    if (!vscode.workspace.workspaceFolders?.length) return this.status.set("idle");
    const command = await findServer();
    if (!command) {
      this.status.set("missing");
      void offerInstall().then((again) => (again ? this.start() : undefined));
      return;
    }
    this.output.info(`starting ${command}`);
    this.status.set("starting");
    const executable = { command, args: ["serve"], options: { cwd: homedir() } }; // never in the workspace
    this.client = new LanguageClient("mom", "Mixture of Memories", executable, this.options());
    this.client.onDidChangeState(({ newState }) => this.stateChanged(newState));
    try {
      await this.client.start();
      await this.greet();
    } catch (error) {
      this.output.error(String(error)); // the client has told the user
      this.status.set("failed");
    }
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose();
  }

  async request<T>(method: string, params: object): Promise<T> {
    if (!this.client?.isRunning()) throw new Error("the server is not running");
    return this.client.sendRequest<T>(method, params);
  }

  async execute<T>(command: string, ...args: unknown[]): Promise<T | undefined> {
    try {
      const result = await this.request<T>("workspace/executeCommand", { command, arguments: args });
      this.renew();
      return result;
    } catch (error) {
      void vscode.window.showWarningMessage(
        `Mixture of Memories: ${error instanceof Error ? error.message : String(error)}`,
      );
      return undefined;
    }
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: [{ scheme: "file" }],
      outputChannel: this.output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      middleware: this.middleware(),
    };
  }

  private middleware(): Middleware {
    const names = Object.keys(this.context.extension.packageJSON.contributes.configuration.properties as object);
    return {
      ...this.hints.middleware,
      executeCommand: (command, args) => this.commands.run(command, args),
      handleWorkDoneProgress: (_token, params) => {
        const percent = "percentage" in params && params.percentage !== undefined ? ` ${params.percentage}%` : "";
        this.progressTitle = params.kind === "begin" ? params.title : this.progressTitle;
        this.status.working(params.kind === "end" ? "" : `${this.progressTitle}${percent}`);
      },
      workspace: {
        configuration: (params) =>
          params.items.map((item) => setValues(names, item.scopeUri ? vscode.Uri.parse(item.scopeUri) : undefined)),
        didChangeConfiguration: (_sections, next) => next(undefined), // the server asks
      },
    };
  }
  private stateChanged(state: State): void {
    const isRunning = state === State.Running;
    void vscode.commands.executeCommand("setContext", "mom.running", isRunning);
    if (isRunning) this.status.set("running");
    else if (this.client) this.status.set(state === State.Starting ? "starting" : "failed");
    if (isRunning) this.view.renew();
    else if (state === State.Stopped) this.view.clear();
  }

  private renew(): void {
    this.status.renew();
    this.view.renew();
  }

  private async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  private async toggleHints(): Promise<void> {
    await this.hints.pause(!this.hints.paused);
    this.status.show();
  }

  /** Say once, ever, what this does. */
  private async greet(): Promise<void> {
    if (this.context.globalState.get(GREETED)) return;
    await this.context.globalState.update(GREETED, true);
    const [search, off] = ["Search…", "Turn Hints Off"];
    const message =
      "Mixture of Memories is reading this repository's history, on this machine only. What explains a line appears at its end; hover for the story.";
    void vscode.window.showInformationMessage(message, search, off).then((chosen) => {
      if (chosen === search) return vscode.commands.executeCommand("mom.search");
      if (chosen === off)
        return vscode.workspace
          .getConfiguration("mom")
          .update("hints.enable", false, vscode.ConfigurationTarget.Global);
      return undefined;
    });
  }
}
