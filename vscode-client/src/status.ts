/** The status bar item: how many memories there are, what is going on, and a menu of what can be done about it. */

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

/** mom/state, told by the server for each folder whenever it changes. */
export interface State {
  uri: string;
  git: boolean;
  indexed: boolean;
  memories: number;
  problems: string[];
  lines: string[]; // all that the tooltip says
  working: string; // what the indexer is doing, "" if it rests
}

/** The answer to mom.status: names and values. */
interface Facts {
  rows: [string, string][];
  problems: string[];
}

const WORDS: Record<Exclude<Phase, "running">, [string, string]> = {
  missing: ["$(warning) mom", "The `mom` command was not found."],
  idle: ["$(history)", "Open a folder to see its memories."],
  starting: ["$(loading~spin) mom", "Starting…"],
  failed: ["$(error) mom", "The server has stopped; its output says why."],
};

export class Status implements Disposable {
  private readonly item = window.createStatusBarItem("mom.status", StatusBarAlignment.Right, 90);
  private readonly watching: Disposable[];
  private readonly states = new Map<string, State>(); // by folder
  private phase: Phase = "idle";

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

  set(phase: Phase): void {
    this.phase = phase;
    this.states.clear();
    this.show();
  }

  /** Take in what the server tells. */
  told(state: State): void {
    this.states.set(Uri.parse(state.uri).toString(), state);
    this.show();
  }

  show(): void {
    this.item.text = this.text();
    this.item.tooltip = this.tooltip();
    const troubled = this.phase === "missing" || this.phase === "failed" || Boolean(this.state?.problems.length);
    this.item.backgroundColor = troubled ? new ThemeColor("statusBarItem.warningBackground") : undefined;
    this.item.accessibilityInformation = { label: `Mixture of Memories: ${this.lines()[0]}`, role: "button" };
  }

  dispose(): void {
    for (const one of this.watching) one.dispose();
  }

  /** Whether everything is turned off where the user is. */
  private get isOff(): boolean {
    return !workspace.getConfiguration("mom", this.folder?.uri).get("enable", true);
  }

  private get folder() {
    const file = activeFile();
    return (file && workspace.getWorkspaceFolder(file.document.uri)) ?? workspace.workspaceFolders?.[0];
  }

  private get state(): State | undefined {
    return this.folder && this.states.get(this.folder.uri.toString());
  }

  private text(): string {
    if (this.phase !== "running") return WORDS[this.phase][0];
    if (this.isOff) return "$(circle-slash) mom";
    const working = this.working();
    if (working) return `$(sync~spin) ${working}`;
    const count = this.state ? ` ${this.state.memories.toLocaleString()}` : "";
    return this.isPaused() ? `$(circle-slash)${count}` : `$(history)${count}`;
  }

  private working(): string {
    return this.state?.working ?? "";
  }

  private tooltip(): MarkdownString {
    const text = new MarkdownString("**Mixture of Memories**\n\n");
    for (const line of this.lines()) text.appendText(line).appendMarkdown("\n\n");
    return text;
  }

  private lines(): string[] {
    if (this.phase !== "running") return [WORDS[this.phase][1]];
    if (this.isOff) return ["Turned off by the setting mom.enable"];
    const { state } = this;
    if (!state) return ["Looking at the repository…"];
    return [
      ...[this.working()].filter(Boolean),
      ...(this.isPaused() ? ["Hints are paused in this workspace"] : []),
      ...state.lines,
    ];
  }

  /** Let the user choose what to do. */
  async menu(): Promise<void> {
    const [pause, resume] = ["$(circle-slash) Pause hints in this workspace", "$(play) Resume hints"];
    const running: (QuickPickItem & { command: string })[] = [
      { label: "$(search) Search memories…", command: "mom.search" },
      { label: "$(history) Show the memories view", command: "mom.memories.focus" },
      { label: "$(question) Ask why this line is so", command: "mom.why" },
      { label: "$(lightbulb) Ask before I begin…", command: "mom.intent" },
      { label: "$(edit) Remember something about this line…", command: "mom.remember" },
      { label: this.isPaused() ? resume : pause, command: "mom.toggleHints" },
      { label: "$(discard) Undo the last thing I said", command: "mom.undo" },
      { label: "$(sync) Read what is new in the repository", command: "mom.reindex" },
      { label: "$(info) Status", command: "mom.status" },
    ];
    const always = [
      { label: this.isOff ? "$(play) Turn everything on" : "$(circle-slash) Turn everything off", command: "mom.toggle" },
      { label: "$(refresh) Restart the server", command: "mom.restart" },
      { label: "$(output) Show the output", command: "mom.output" },
      { label: "$(gear) Settings", command: "mom.settings" },
    ];
    const items = this.phase === "running" && !this.isOff ? [...running, ...always] : always;
    const chosen = await window.showQuickPick(items, { title: "Mixture of Memories", placeHolder: this.lines()[0] });
    if (chosen) await commands.executeCommand(chosen.command);
  }

  /** Turn everything off, or on again, for this user. */
  async toggle(): Promise<void> {
    const resource = this.folder?.uri;
    const inFolder = workspace.getConfiguration("mom", resource).inspect("enable");
    const isFolders = inFolder?.workspaceFolderValue !== undefined || inFolder?.workspaceValue !== undefined;
    await workspace.getConfiguration("mom", resource).update("enable", this.isOff, isFolders ? undefined : true);
  }

  /** Tell all that is known, for `mom.status`. */
  async tell(): Promise<void> {
    const facts = await this.server.execute<Facts>("mom.status", ...(this.folder ? [this.folder.uri.toString()] : []));
    if (!facts) return;
    const detail = [...facts.rows.map(([name, value]) => `${name}: ${value}`), ...facts.problems];
    await window.showInformationMessage("Mixture of Memories", { modal: true, detail: detail.join("\n") });
  }
}
