/** The status bar item: how many memories there are, what is going on, and a menu of what can be done about it. */

import { Disposable, MarkdownString, QuickPickItem, StatusBarAlignment, ThemeColor, commands, window } from "vscode";
import { Later, Server } from "./memory";

export type Phase = "missing" | "idle" | "starting" | "running" | "failed";

interface Facts {
  git: boolean;
  indexed: boolean;
  memories: number;
  commits: number;
  pinned: number;
  notes: number;
  disk_bytes: number;
  encoder: string | null;
  encoder_ready: boolean;
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
  private readonly later = new Later(1000, () => this.ask());
  private phase: Phase = "idle";
  private facts: Facts | undefined;
  private progress = "";

  constructor(
    private readonly server: Server,
    private readonly isPaused: () => boolean,
  ) {
    this.item.name = "Mixture of Memories";
    this.item.command = "mom.menu";
    this.show();
    this.item.show();
  }

  set(phase: Phase): void {
    this.phase = phase;
    this.facts = undefined;
    this.progress = "";
    this.show();
    if (phase === "running") this.later.soon();
  }

  /** Show a job's progress; "" once it has ended. */
  working(progress: string): void {
    this.progress = progress;
    this.show();
    if (!progress) this.later.soon();
  }

  /** Ask the server again before long: something has changed. */
  renew(): void {
    if (this.phase === "running") this.later.soon();
  }

  show(): void {
    this.item.text = this.text();
    this.item.tooltip = this.tooltip();
    const troubled = this.phase === "missing" || this.phase === "failed" || Boolean(this.facts?.problems.length);
    this.item.backgroundColor = troubled ? new ThemeColor("statusBarItem.warningBackground") : undefined;
    const spoken = this.progress || (this.facts ? `${this.facts.memories} memories` : this.phase);
    this.item.accessibilityInformation = { label: `Mixture of Memories: ${spoken}`, role: "button" };
  }

  dispose(): void {
    this.later.dispose();
    this.item.dispose();
  }

  private text(): string {
    if (this.phase !== "running") return WORDS[this.phase][0];
    if (this.progress) return `$(sync~spin) ${this.progress}`;
    if (this.facts?.git && !this.facts.indexed) return "$(sync~spin) Reading history";
    const count = this.facts ? ` ${this.facts.memories.toLocaleString()}` : "";
    return this.isPaused() ? `$(circle-slash)${count}` : `$(history)${count}`;
  }

  private tooltip(): MarkdownString {
    const text = new MarkdownString("**Mixture of Memories**\n\n");
    if (this.phase !== "running") return text.appendMarkdown(WORDS[this.phase][1]);
    if (this.isPaused()) text.appendMarkdown("Hints are paused in this workspace.\n\n");
    for (const line of this.lines()) text.appendText(line).appendMarkdown("\n\n");
    return text;
  }

  private lines(): string[] {
    const facts = this.facts;
    if (!facts) return [this.progress || "Looking at the repository…"];
    const encoder = facts.encoder
      ? facts.encoder_ready
        ? "words and meaning"
        : "words; meaning is being loaded"
      : "words";
    return [
      ...(this.progress ? [this.progress] : []),
      `${facts.memories.toLocaleString()} memories from ${facts.commits.toLocaleString()} commits`,
      `${facts.pinned} pinned, ${facts.notes} of your notes`,
      `Search goes by ${encoder}`,
      `${(facts.disk_bytes / 1e6).toFixed(1)} MB on this machine; nothing leaves it`,
      ...facts.problems,
    ];
  }

  private async ask(): Promise<void> {
    if (this.phase !== "running") return;
    try {
      const params = { command: "mom.status", arguments: [] };
      this.facts = await this.server.request<Facts>("workspace/executeCommand", params);
    } catch {
      this.facts = undefined; // the folder is not open yet, or the engine is starting: hints will tell
    }
    this.show();
  }

  /** Let the user choose what to do. */
  async menu(): Promise<void> {
    const [pause, resume] = ["$(circle-slash) Pause hints in this workspace", "$(play) Resume hints"];
    const running: (QuickPickItem & { command: string })[] = [
      { label: "$(search) Search memories…", command: "mom.search" },
      { label: "$(history) Show the memories view", command: "mom.memories.focus" },
      { label: "$(edit) Remember something about this line…", command: "mom.remember" },
      { label: this.isPaused() ? resume : pause, command: "mom.toggleHints" },
      { label: "$(discard) Undo the last thing I said", command: "mom.undo" },
      { label: "$(sync) Read what is new in the repository", command: "mom.reindex" },
      { label: "$(info) Status", command: "mom.status" },
    ];
    const always = [
      { label: "$(refresh) Restart the server", command: "mom.restart" },
      { label: "$(output) Show the output", command: "mom.output" },
      { label: "$(gear) Settings", command: "mom.settings" },
    ];
    const items = this.phase === "running" ? [...running, ...always] : always;
    const chosen = await window.showQuickPick(items, { title: "Mixture of Memories", placeHolder: this.lines()[0] });
    if (chosen) await commands.executeCommand(chosen.command);
  }

  /** Tell all that is known, for `mom.status`. */
  async tell(): Promise<void> {
    await this.ask();
    await window.showInformationMessage("Mixture of Memories", { modal: true, detail: this.lines().join("\n") });
  }
}
