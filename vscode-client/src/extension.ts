/** A thin client: starts `mom serve`, and adds the user interface that LSP does not cover. */

import { homedir } from "node:os";
import * as vscode from "vscode";
import {
  LanguageClient,
  LanguageClientOptions,
  Middleware,
  RevealOutputChannelOn,
  State,
  StaticFeature,
} from "vscode-languageclient/node";
import { Commands } from "./commands";
import { copyInstall, findServer, offerInstall } from "./find";
import { Hints } from "./hints";
import { Server } from "./memory";
import { setValues } from "./settings";
import { State as FolderState, Status } from "./status";
import { MemoriesView } from "./view";
import { Why } from "./why";

const GREETED = "greeted";
const LINKED = ["mom.open", "mom.pin", "mom.unpin", "mom.dismiss", "mom.forget", "mom.details"]; // that a hover may run
const ABILITIES = { commands: true, notices: true, state: true, scopes: true }; // see mom_lsp/server/client_capabilities.py

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
  private readonly why = new Why(this);
  private readonly commands: Commands;
  private client: LanguageClient | undefined;

  constructor(private readonly context: vscode.ExtensionContext) {
    this.hints = new Hints(context.workspaceState, () => this.client);
    this.status = new Status(this, () => this.hints.paused);
    this.view = new MemoriesView(this);
    this.commands = new Commands(
      this,
      () => this.view.selected,
      () => this.status.showDetails(),
      this.why,
    );
    const on = (name: string, run: (...args: unknown[]) => unknown) => vscode.commands.registerCommand(name, run);
    context.subscriptions.push(
      this.output,
      this.hints,
      this.status,
      this.view,
      this.why,
      on("mom.intent", () => this.commands.intent()),
      on("mom.details", (...args) => this.commands.details(args)),
      on("mom.menu", () => this.status.menu()),
      on("mom.restart", () => this.restart()),
      on("mom.output", () => this.output.show()),
      on("mom.toggle", () => this.status.toggle()),
      on("mom.look", () => (this.client ? undefined : this.start())),
      on("mom.copyInstall", () => copyInstall()),
      on("mom.toggleHints", () => this.toggleHints()),
      on("mom.settings", () =>
        vscode.commands.executeCommand("workbench.action.openSettings", `@ext:${context.extension.id}`),
      ),
      this.hints.onRequested(() => this.view.refreshSoon()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.restart()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.client ?? this.start()),
      vscode.workspace.onDidChangeConfiguration(
        (event) => event.affectsConfiguration("mom.server.path") && this.restart(),
      ),
    );
  }

  /** Start the server, if a folder is open. */
  async start(): Promise<void> {
    if (!vscode.workspace.workspaceFolders?.length) return this.status.set("idle");
    const command = await findServer(this.context);
    void vscode.commands.executeCommand("setContext", "mom.missing", !command);
    if (!command) {
      this.status.set("missing");
      void offerInstall().then((retry) => (retry ? this.start() : undefined));
      return;
    }
    this.output.info(`starting ${command}`);
    this.status.set("starting");
    const executable = { command, args: ["serve"], options: { cwd: homedir() } }; // never in the workspace
    this.client = new LanguageClient("mom", "Mixture of Memories", executable, this.options());
    this.client.registerFeature(abilities());
    this.client.onNotification("mom/state", (state: FolderState) => this.folderChanged(state));
    this.client.onDidChangeState(({ newState }) => this.stateChanged(newState));
    try {
      await this.client.start();
      await this.greet();
    } catch (error) {
      this.output.error(String(error)); // the client has shown it
      this.status.set("failed");
    }
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose();
  }

  get isRunning(): boolean {
    return this.client?.isRunning() ?? false;
  }

  async request<T>(method: string, params: object, token?: vscode.CancellationToken): Promise<T> {
    if (!this.client?.isRunning()) throw new Error("the server is not running");
    return token ? this.client.sendRequest<T>(method, params, token) : this.client.sendRequest<T>(method, params);
  }

  async ask<T>(method: string, params: object): Promise<T | undefined> {
    try {
      return await this.request<T>(method, params);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      void vscode.window.showWarningMessage(`Mixture of Memories: ${problem}`);
      return undefined;
    }
  }

  async execute<T>(command: string, ...args: unknown[]): Promise<T | undefined> {
    const result = await this.ask<T>("workspace/executeCommand", { command, arguments: args });
    this.view.refreshSoon();
    return result;
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: [{ scheme: "file" }],
      outputChannel: this.output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      markdown: { isTrusted: { enabledCommands: LINKED } },
      middleware: this.middleware(),
    };
  }

  private middleware(): Middleware {
    const names = Object.keys(this.context.extension.packageJSON.contributes.configuration.properties as object);
    return {
      ...this.hints.middleware,
      executeCommand: (command, args) => this.commands.run(command, args),
      handleWorkDoneProgress: () => undefined, // the status bar item shows progress
      workspace: {
        configuration: (params) =>
          params.items.map((item) => setValues(names, item.scopeUri ? vscode.Uri.parse(item.scopeUri) : undefined)),
        didChangeConfiguration: (_sections, next) => next(undefined), // the server pulls the settings
      },
    };
  }

  private stateChanged(state: State): void {
    const isRunning = state === State.Running;
    void vscode.commands.executeCommand("setContext", "mom.running", isRunning);
    if (isRunning) this.status.set("running");
    else if (this.client) this.status.set(state === State.Starting ? "starting" : "failed");
    if (isRunning) this.view.refreshSoon();
    else if (state === State.Stopped) this.view.clear();
  }

  private folderChanged(state: FolderState): void {
    this.status.update(state);
    this.view.refreshSoon();
  }

  private async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  private async toggleHints(): Promise<void> {
    await this.hints.pause(!this.hints.paused);
    this.status.show();
  }

  /** Show once, ever, what the extension does. */
  private async greet(): Promise<void> {
    if (this.context.globalState.get(GREETED)) return;
    await this.context.globalState.update(GREETED, true);
    const [view, disable] = ["Show Memories", "Disable"];
    const message =
      "Mixture of Memories indexes this repository's history on this machine. Memories appear at the ends of lines; hover over one to read it.";
    void vscode.window.showInformationMessage(message, view, disable).then((chosen) => {
      if (chosen === view) return vscode.commands.executeCommand("mom.memories.focus");
      if (chosen === disable) return this.status.toggle();
      return undefined;
    });
  }
}

/** Announce what this client supports beyond LSP. */
function abilities(): StaticFeature {
  return {
    fillClientCapabilities: (capabilities) => (capabilities.experimental = { mom: ABILITIES }),
    initialize: () => undefined,
    getState: () => ({ kind: "static" }),
    clear: () => undefined,
  };
}
