/** The Memories view: what matters for the line and the file in front of you, what you kept, and what you sent away. */

import * as vscode from "vscode";
import {
  Episode,
  Forgotten,
  Kept,
  Later,
  Memory,
  Server,
  Suggestions,
  activeFile,
  age,
  kindName,
  origin,
  shares,
  standing,
  summary,
} from "./memory";

const ICONS: Record<string, string> = {
  decision: "law",
  fix: "wrench",
  bug_pattern: "bug",
  anti_pattern: "thumbsdown",
  failed_approach: "circle-slash",
  workaround: "debug-step-over",
  optimisation: "rocket",
  convention: "checklist",
  known_issue: "issues",
};
const REST = 300; // milliseconds; the cursor passes over many lines
const BODY_LINES = 12;

/** A row of the tree. */
export type Row = Group | MemoryRow | ForgottenRow | Detail;

interface Group {
  type: "group";
  label: string;
  rows: (MemoryRow | ForgottenRow)[];
  empty: string;
  folded?: boolean; // until the user unfolds it
}

interface ForgottenRow {
  type: "forgotten";
  forgotten: Forgotten;
}

export interface MemoryRow {
  type: "memory";
  memory: Memory;
  group: string;
}

interface Detail {
  type: "detail";
  label: string;
  icon: string;
  of: Memory;
  opens?: boolean;
  related?: Memory;
  unfolds?: boolean; // into the other memories of the episode
}

export class MemoriesView implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly later = new Later(REST, () => this.ask());
  private readonly tree: vscode.TreeView<Row>;
  private readonly watching: vscode.Disposable[];
  private groups: Group[] = [];
  private file: ReturnType<typeof activeFile>;
  private asked = 0;

  constructor(private readonly server: Server) {
    this.tree = vscode.window.createTreeView<Row>("mom.memories", { treeDataProvider: this });
    this.watching = [
      vscode.window.onDidChangeTextEditorSelection(
        (event) => event.textEditor === vscode.window.activeTextEditor && this.renew(),
      ),
      vscode.window.onDidChangeActiveTextEditor(() => this.renew()),
      this.tree.onDidChangeVisibility(() => this.renew()),
    ];
  }

  /** Ask again before long; not while nobody looks. */
  renew(): void {
    if (this.tree.visible && this.server.isRunning) this.later.soon();
  }

  /** The row that has the focus, for keybindings. */
  get selected(): Row | undefined {
    return this.tree.selection[0];
  }

  getTreeItem(row: Row): vscode.TreeItem {
    if (row.type === "group") return groupItem(row);
    if (row.type === "forgotten") return forgottenItem(row);
    return row.type === "memory" ? memoryItem(row) : detailItem(row);
  }

  async getChildren(row?: Row): Promise<Row[]> {
    if (!row) return this.groups;
    if (row.type === "memory") return this.details(row.memory);
    if (row.type === "detail") return row.unfolds ? this.unfolded(row) : [];
    return row.type === "group" ? row.rows : [];
  }

  /** Show nothing: there is no server. */
  clear(): void {
    this.asked++;
    this.show([]);
  }

  dispose(): void {
    for (const one of [this.later, this.tree, this.changed, ...this.watching]) one.dispose();
  }

  private async ask(): Promise<void> {
    const turn = ++this.asked;
    const last = this.file?.document.isClosed ? undefined : this.file;
    const file = (this.file = activeFile() ?? last); // a diff or the output leaves the last file's memories in view
    const textDocument = file && { uri: file.uri };
    const suggest = (position?: object) => this.suggestions("mom/suggest", { textDocument, position });
    const nothing = Promise.resolve<Memory[]>([]);
    const [line, whole, kept] = await Promise.all([
      file ? suggest({ line: file.line, character: 0 }) : nothing,
      file ? suggest() : nothing,
      this.kept(file ? { textDocument } : {}),
    ]);
    if (turn !== this.asked) return; // the cursor has moved on
    const here = new Set(line.map((memory) => memory.id));
    const rest = whole.filter((memory) => !here.has(memory.id));
    const nothingMore = here.size ? "nothing more" : "nothing worth showing";
    this.show([
      ...(file
        ? [group(`Line ${file.line + 1}`, line, "nothing worth showing"), group("This file", rest, nothingMore)]
        : []),
      group("Pinned", kept.pinned, "nothing yet"),
      ...(kept.promoted.length ? [group("Recently promoted", kept.promoted, "")] : []),
      ...(kept.useful.length ? [{ ...group("Found useful", kept.useful, ""), folded: true }] : []),
      ...(kept.forgotten.length ? [forgottenGroup(kept.forgotten)] : []),
    ]);
  }

  private show(groups: Group[]): void {
    const same = JSON.stringify(groups) === JSON.stringify(this.groups);
    this.groups = groups;
    if (!same) this.changed.fire();
  }

  private async kept(params: object): Promise<Kept> {
    try {
      return await this.server.request<Kept>("mom/kept", params);
    } catch {
      return { pinned: [], promoted: [], useful: [], forgotten: [] }; // likewise
    }
  }

  private async suggestions(method: string, params: object): Promise<Memory[]> {
    try {
      return (await this.server.request<Suggestions>(method, params)).suggestions;
    } catch {
      return []; // no folder, or the engine is starting: the hints' next refresh asks again
    }
  }

  private async details(memory: Memory): Promise<Detail[]> {
    const rows: Detail[] = [];
    const add = (icon: string, label: string, more: Partial<Detail> = {}) =>
      label && rows.push({ type: "detail", icon, label, of: memory, ...more });
    add("lightbulb", memory.why);
    add(memory.source.commit ? "git-commit" : "file-code", origin(memory), { opens: true });
    add("graph", shares(memory));
    add("layers", standing(memory));
    for (const line of memory.body
      .split("\n")
      .filter((text) => text.trim())
      .slice(0, BODY_LINES))
      add("blank", line.trim());
    for (const related of await this.members("mom/show", "related", memory)) {
      add("link", related.title, { related, opens: true });
    }
    if (memory.episode) add("versions", episodeName(memory.episode), { unfolds: true });
    return rows;
  }

  /** Return the memories that are named in a memory (or name it), or are of its episode. */
  private async members(method: string, key: "related" | "members", memory: Memory): Promise<Memory[]> {
    try {
      const file = activeFile();
      const params = { id: memory.id, ...(file && { textDocument: { uri: file.uri } }) };
      return (await this.server.request<Partial<Record<string, Memory[]>>>(method, params))[key] ?? [];
    } catch {
      return []; // gone from the history meanwhile
    }
  }

  private async unfolded(detail: Detail): Promise<Row[]> {
    const members = await this.members("mom/episode", "members", detail.of);
    return members.map((related) => ({ type: "detail", icon: "git-commit", label: related.title, of: detail.of, related, opens: true }));
  }
}

function group(label: string, memories: Memory[], empty: string): Group {
  return { type: "group", label, rows: memories.map((memory) => ({ type: "memory", memory, group: label })), empty };
}

function forgottenGroup(all: Forgotten[]): Group {
  const rows = all.map((forgotten): ForgottenRow => ({ type: "forgotten", forgotten }));
  return { type: "group", label: "Forgotten", rows, empty: "", folded: true };
}

function groupItem({ label, rows, empty, folded }: Group): vscode.TreeItem {
  const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(label, rows.length ? (folded ? Collapsed : Expanded) : None);
  // The line's group stays open (or shut) when the cursor moves; one that was empty opens when it is no more.
  item.id = `${label.replace(/\d+/, "")}${rows.length ? "" : " (empty)"}`;
  item.description = rows.length ? (folded ? String(rows.length) : "") : empty;
  return item;
}

/** What can still be said of a forgotten memory: its text is gone. */
export function forgottenName({ commit, path }: Forgotten): string {
  return [commit?.slice(0, 9) ?? "your note", path].filter(Boolean).join(" · ");
}

export function forgottenWhen({ time }: Forgotten): string {
  return `forgotten ${age(time, new Date())}`.trim();
}

function forgottenItem({ forgotten }: ForgottenRow): vscode.TreeItem {
  const item = new vscode.TreeItem(forgottenName(forgotten));
  item.id = `Forgotten/${forgotten.id}`;
  item.description = forgottenWhen(forgotten);
  item.iconPath = new vscode.ThemeIcon("trash");
  item.contextValue = "forgotten";
  item.tooltip = "Its text is gone from the index. Restoring it has it read from the repository again.";
  return item;
}

function memoryItem({ memory, group }: MemoryRow): vscode.TreeItem {
  const item = new vscode.TreeItem(memory.title, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `${group.replace(/\d+/, "")}/${memory.id}`;
  const marks = [memory.trial ? "on trial" : "", memory.tier === "episodic" ? "" : memory.tier];
  item.description = [summary(memory, new Date()), ...marks.filter(Boolean)].join(" · ");
  item.iconPath = new vscode.ThemeIcon(memory.pinned ? "pinned" : icon(memory));
  item.contextValue = memory.pinned ? "memory.pinned" : "memory.free";
  item.tooltip = tooltip(memory);
  item.accessibilityInformation = { label: `${memory.title}, ${item.description}${memory.pinned ? ", pinned" : ""}` };
  return item;
}

/** A pencil for the user's own notes; a routine change has the same kind, and is none. */
function icon({ kind, source }: Memory): string {
  if (kind === "note") return source.type === "user" ? "edit" : "git-commit";
  return ICONS[kind] ?? "history";
}

function detailItem(detail: Detail): vscode.TreeItem {
  const { None, Collapsed } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(detail.label, detail.unfolds ? Collapsed : None);
  item.iconPath = new vscode.ThemeIcon(detail.icon);
  item.tooltip = detail.label;
  if (detail.related) item.description = summary(detail.related, new Date());
  if (detail.opens) {
    const memory: MemoryRow = { type: "memory", memory: detail.related ?? detail.of, group: "" };
    item.command = { command: "mom.open", title: "Show Source", arguments: [memory] };
    item.tooltip = `${detail.label}: open`;
  }
  return item;
}

/** "issue #12: 3 memories" */
function episodeName({ kind, title, count }: Episode): string {
  return `${kind} ${title}: ${count} ${count === 1 ? "memory" : "memories"}`;
}

/** What a repository says is text, never markup. */
function tooltip(memory: Memory): vscode.MarkdownString {
  const text = new vscode.MarkdownString().appendMarkdown("**").appendText(memory.title).appendMarkdown("**\n\n");
  if (memory.body) text.appendCodeblock(memory.body.slice(0, 1000), "text");
  return text.appendText([kindName(memory), origin(memory)].join(" · "));
}
