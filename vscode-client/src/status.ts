/** The status bar item: the number of memories, indexing progress, and a menu of commands. */

import {
  Disposable,
  MarkdownString,
  QuickPickItem,
  StatusBarAlignment,
  ThemeColor,
  Uri,
  commands,
  window,
  workspace,
} from "vscode";
import { Server, activeFile } from "./memory";

export type Phase = "missing" | "idle" | "starting" | "running" | "failed";

/** The notification mom/state, which the server sends for each folder whenever it changes. */
export interface State {
  uri: string;
  git: boolean;
  indexed: boolean;
  memories: number;
  problems: string[];
  lines: string[]; // of the tooltip
  working: string; // the indexer's present step, "" if it is idle or has just begun
}

/** The answer to mom.status: names and values. */
interface Facts {
  rows: [string, string][];
  problems: string[];
}

/** The text and the tooltip of each phase. */
const NOT_RUNNING: Record<Exclude<Phase, "running">, [string, string]> = {
  missing: ["$(warning) mom", "The `mom` command was not found."],
  idle: ["mom", "Open a folder to see its memories."],
  starting: ["$(loading~spin) mom", "Starting…"],
  failed: ["$(error) mom", "The server has stopped; see the output."],
};

export class Status implements Disposable {
  private readonly item = window.createStatusBarItem("mom.status", StatusBarAlignment.Right, 90);
  private readonly watching: Disposable[];
  private readonly states = new Map<string, State>(); // by folder
  private phase: Phase = "idle";
  private problem = ""; // why the server failed

  constructor(
    private readonly server: Server,
    private readonly isPaused: () => boolean,
  ) {
    this.item.name = "Mixture of Memories";
    this.item.command = "mom.menu";
    this.watching = [
      this.item,
      window.onDidChangeActiveTextEditor(() => this.show()),
      workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("mom") && this.show()),
    ];
    this.show();
    this.item.show();
  }

  set(phase: Phase, problem = ""): void {
    this.phase = phase;
    this.problem = problem;
    void commands.executeCommand("setContext", "mom.stopped", phase === "idle" || phase === "failed");
    this.states.clear();
    this.show();
  }

  /** Show the state of a folder. */
  update(state: State): void {
    this.states.set(Uri.parse(state.uri).toString(), state);
    this.show();
  }

  show(): void {
    this.item.text = this.text();
    this.item.tooltip = this.tooltip();
    const hasProblem = this.phase === "missing" || this.phase === "failed" || Boolean(this.state?.problems.length);
    this.item.backgroundColor = hasProblem ? new ThemeColor("statusBarItem.warningBackground") : undefined;
    this.item.accessibilityInformation = { label: `Mixture of Memories: ${this.lines()[0]}`, role: "button" };
  }

  dispose(): void {
    for (const one of this.watching) one.dispose();
  }

  /** Whether mom is disabled in the folder of the active file. */
  private get isDisabled(): boolean {
    return !workspace.getConfiguration("mom", this.folder?.uri).get("enable", true);
  }

  private get folder() {
    return activeFile()?.folder ?? workspace.workspaceFolders?.[0];
  }

  private get state(): State | undefined {
    return this.folder && this.states.get(this.folder.uri.toString());
  }

  private text(): string {
    if (this.phase !== "running") return NOT_RUNNING[this.phase][0];
    if (this.isDisabled) return "$(circle-slash) mom";
    if (this.state?.working) return `$(sync~spin) ${this.state.working}`;
    const count = this.state ? ` ${this.state.memories.toLocaleString()}` : "";
    return this.isPaused() ? `$(circle-slash) mom${count}` : `mom${count}`;
  }

  private tooltip(): MarkdownString {
    const text = new MarkdownString("**Mixture of Memories**\n\n");
    for (const line of this.lines()) text.appendText(line).appendMarkdown("\n\n");
    return text;
  }

  private lines(): string[] {
    if (this.phase !== "running") return [this.problem || NOT_RUNNING[this.phase][1]];
    if (this.isDisabled) return ["Disabled by the setting mom.enable"];
    const { state } = this;
    if (!state) return ["Opening the repository…"];
    return [
      ...[state.working].filter(Boolean),
      ...(this.isPaused() ? ["Hints are paused in this workspace"] : []),
      ...state.lines,
    ];
  }

  /** Show the menu of commands. */
  async menu(): Promise<void> {
    const [pause, resume] = ["$(circle-slash) Pause Hints in This Workspace", "$(play) Resume Hints"];
    const running: (QuickPickItem & { command: string })[] = [
      { label: "$(search) Search Memories…", command: "mom.search" },
      { label: "$(history) Show the Memories View", command: "mom.memories.focus" },
      { label: "$(question) Explain This Line", command: "mom.why" },
      { label: "$(lightbulb) Find Memories for a Task…", command: "mom.intent" },
      { label: "$(edit) Add Note…", command: "mom.remember" },
      { label: this.isPaused() ? resume : pause, command: "mom.toggleHints" },
      { label: "$(discard) Undo Last Action", command: "mom.undo" },
      { label: "$(sync) Update Index", command: "mom.reindex" },
      { label: "$(info) Show Status", command: "mom.status" },
    ];
    const always = [
      { label: this.isDisabled ? "$(play) Enable mom" : "$(circle-slash) Disable mom", command: "mom.toggle" },
      { label: "$(refresh) Restart Server", command: "mom.restart" },
      { label: "$(output) Show Output", command: "mom.output" },
      { label: "$(gear) Open Settings", command: "mom.settings" },
    ];
    const items = this.phase === "running" && !this.isDisabled ? [...running, ...always] : always;
    const chosen = await window.showQuickPick(items, { title: "Mixture of Memories", placeHolder: this.lines()[0] });
    if (chosen) await commands.executeCommand(chosen.command);
  }

  /** Toggle mom.enable, in the workspace's settings if it is set there, else in the user's. */
  async toggle(): Promise<void> {
    const resource = this.folder?.uri;
    const inFolder = workspace.getConfiguration("mom", resource).inspect("enable");
    const isFolders = inFolder?.workspaceFolderValue !== undefined || inFolder?.workspaceValue !== undefined;
    await workspace.getConfiguration("mom", resource).update("enable", this.isDisabled, isFolders ? undefined : true);
  }

  /** Show the answer to `mom.status` in a dialog. */
  async showDetails(): Promise<void> {
    const facts = await this.server.execute<Facts>("mom.status", ...(this.folder ? [this.folder.uri.toString()] : []));
    if (!facts) return;
    const detail = [...facts.rows.map(([name, value]) => `${name}: ${value}`), ...facts.problems];
    await window.showInformationMessage("Mixture of Memories", { modal: true, detail: detail.join("\n") });
  }
}
