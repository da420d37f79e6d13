/** A thin client: starts `mom serve`, and adds the user interface that LSP does not cover. */

import { homedir } from "node:os";
import * as vscode from "vscode";
import {
  CloseAction,
  CloseHandlerResult,
  ErrorAction,
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
import { provideHovers } from "./hover";
import { Server } from "./memory";
import { ServerProblem, checkServer } from "./probe";
import { openReport } from "./report";
import { declaredSettings, setValues } from "./settings";
import { Sources } from "./source";
import { State as FolderState, Status } from "./status";
import { MemoriesView } from "./view";
import { Why } from "./why";

const GREETED = "greeted";
const COMPARED = "versions"; // of server and extension that were told to differ
const [MAX_RESTARTS, RESTARTS_WITHIN] = [5, 180_000]; // milliseconds
const LINKED = ["open", "pin", "unpin", "useful", "dismiss", "forget", "details", "memories.focus"]; // that a hover may run
const UNDO = "“Memories: Undo Last Action”"; // as the palette shows it
const ABILITIES = { commands: true, notices: true, state: true, scopes: true, undo: UNDO }; // see mom_lsp/server/client_capabilities.py

let running: Extension | undefined;

export function activate(context: vscode.ExtensionContext): void {
  running = new Extension(context);
  void running.start(); // VS Code does not wait for the server
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
  private readonly sources = new Sources(this);
  private readonly commands: Commands;
  private client: LanguageClient | undefined;
  private connecting = false; // for the first time
  private turn = Promise.resolve(); // until the last start or stop has ended
  private ended: number[] = []; // when the server ended by itself, in milliseconds

  constructor(private readonly context: vscode.ExtensionContext) {
    this.hints = new Hints(context.workspaceState, () => this.client);
    this.status = new Status(this, () => this.hints.paused);
    this.view = new MemoriesView(this);
    this.commands = new Commands(
      this,
      this.view,
      () => this.status.showDetails(),
      this.why,
      this.sources,
    );
    const on = (name: string, run: (...args: unknown[]) => unknown) => vscode.commands.registerCommand(name, run);
    context.subscriptions.push(
      this.output,
      this.hints,
      this.status,
      this.view,
      this.why,
      this.sources,
      provideHovers(() => this.client),
      on("mom.intent", () => this.commands.intent()),
      on("mom.details", (...args) => this.commands.details(args)),
      on("mom.menu", () => this.status.menu()),
      on("mom.restart", () => this.restart()),
      on("mom.output", () => this.output.show()),
      on("mom.toggle", () => this.status.toggle()),
      on("mom.look", () => this.start()),
      on("mom.copyInstall", () => copyInstall()),
      on("mom.report", () => openReport(this.context)),
      on("mom.toggleHints", () => this.toggleHints()),
      on("mom.settings", () =>
        vscode.commands.executeCommand("workbench.action.openSettings", `@ext:${context.extension.id}`),
      ),
      this.hints.onRequested(() => this.view.refreshSoon()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.restart()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.start()),
      vscode.workspace.onDidChangeConfiguration(
        (event) => event.affectsConfiguration("mom.server.path") && this.restart(),
      ),
    );
  }

  /** Start the server, if a folder is open. */
  start(): Promise<void> {
    return this.inTurn(() => this.startNow());
  }

  stop(): Promise<void> {
    return this.inTurn(() => this.stopNow());
  }

  private restart(): Promise<void> {
    return this.inTurn(async () => {
      await this.stopNow();
      await this.startNow();
    });
  }

  /** Start and stop one after the other, whatever became of the one before. */
  private inTurn(run: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(run).catch((error) => this.output.error(String(error)));
    return this.turn;
  }

  private async startNow(): Promise<void> {
    if (this.client) return;
    if (!vscode.workspace.workspaceFolders?.length) return this.status.set("idle");
    this.status.set("starting");
    const command = await findServer(this.context);
    void vscode.commands.executeCommand("setContext", "mom.missing", !command);
    if (!command) {
      this.status.set("missing");
      void offerInstall().then((retry) => (retry ? this.start() : undefined));
      return;
    }
    this.output.info(`starting ${command}`);
    try {
      const version = await checkServer(command);
      this.compare(version);
      await this.connect(command);
      void this.greet();
    } catch (error) {
      await this.stopNow();
      this.failed(error instanceof ServerProblem ? error.message : "the server did not start", error);
    }
  }

  private async connect(command: string): Promise<void> {
    const executable = { command, args: ["serve"], options: { cwd: homedir() } }; // never in the workspace
    const client = new LanguageClient("mom", "Mixture of Memories", executable, this.options());
    this.client = client;
    client.registerFeature(abilities());
    client.onNotification("mom/state", (state: FolderState) => this.folderChanged(state));
    client.onDidChangeState(({ newState }) => this.client === client && this.stateChanged(newState));
    this.connecting = true;
    try {
      await client.start();
    } finally {
      this.connecting = false;
    }
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    try {
      await client?.dispose();
    } catch (error) {
      this.output.info(`stopping: ${String(error)}`); // it never started, or is gone
    } finally {
      this.stateChanged(State.Stopped);
    }
  }

  /** Say once that there is no server, and why. */
  private failed(problem: string, error: unknown): void {
    this.output.error(String(error));
    this.status.set("failed", problem);
    const show = "Show Output";
    void vscode.window.showErrorMessage(`Mixture of Memories: ${problem}`, show).then((chosen) => {
      if (chosen === show) this.output.show();
    });
  }

  /** Say once if the server is of another version. */
  private compare(version: string): void {
    const ours = String(this.context.extension.packageJSON.version);
    if (version === ours || this.context.globalState.get(COMPARED) === `${version} ${ours}`) return;
    void this.context.globalState.update(COMPARED, `${version} ${ours}`);
    void vscode.window.showWarningMessage(
      `Mixture of Memories: the command mom is version ${version}, this extension ${ours}. Update the older one.`,
    );
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
      initializationFailedHandler: () => false, // `startNow` tells it
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => this.serverEnded(),
      },
      markdown: { isTrusted: { enabledCommands: LINKED.map((name) => `mom.${name}`) } },
      middleware: this.middleware(),
    };
  }

  /** Restart a server that has ended, unless it keeps ending. */
  private serverEnded(): CloseHandlerResult {
    if (this.connecting) return { action: CloseAction.DoNotRestart, handled: true }; // `startNow` tells it
    const now = Date.now();
    this.ended = [...this.ended.filter((time) => now - time < RESTARTS_WITHIN), now];
    if (this.ended.length < MAX_RESTARTS) return { action: CloseAction.Restart, handled: true };
    this.ended = [];
    setTimeout(() => this.failed("the server keeps exiting", "too many restarts")); // once the client is stopped
    return { action: CloseAction.DoNotRestart, handled: true };
  }

  private middleware(): Middleware {
    const names = declaredSettings(this.context.extension.packageJSON);
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
    else this.status.set("idle");
    if (isRunning) this.view.refreshSoon();
    else if (state === State.Stopped) this.view.clear();
  }

  private folderChanged(state: FolderState): void {
    this.status.update(state);
    this.view.refreshSoon();
    this.view.indexChanged(state.memories);
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
    preInitialize: (capabilities) => (capabilities.hoverProvider = undefined), // hover.ts provides them
    fillClientCapabilities: (capabilities) => (capabilities.experimental = { mom: ABILITIES }),
    initialize: () => undefined,
    getState: () => ({ kind: "static" }),
    clear: () => undefined,
  };
}
