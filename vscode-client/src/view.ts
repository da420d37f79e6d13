/** The Memories view: what matters for the line and the file in front of you, and what is pinned. */

import * as vscode from "vscode";
import { Later, Memory, Server, Suggestions, activeFile, kindName, origin, shares, summary } from "./memory";

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
  note: "note",
};
const REST = 300; // milliseconds; the cursor passes over many lines
const BODY_LINES = 12;

/** A row of the tree. */
export type Row = Group | MemoryRow | Detail;

interface Group {
  type: "group";
  label: string;
  memories: Memory[];
  empty: string;
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
    if (this.tree.visible) this.later.soon();
  }

  /** The row that has the focus, for keybindings. */
  get selected(): Row | undefined {
    return this.tree.selection[0];
  }

  getTreeItem(row: Row): vscode.TreeItem {
    if (row.type === "group") return groupItem(row);
    return row.type === "memory" ? memoryItem(row) : detailItem(row);
  }

  async getChildren(row?: Row): Promise<Row[]> {
    if (!row) return this.groups;
    if (row.type === "memory") return this.details(row.memory);
    if (row.type === "detail") return [];
    return row.memories.map((memory) => ({ type: "memory", memory, group: row.label }));
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
    const [line, whole, pinned] = await Promise.all([
      file ? suggest({ line: file.line, character: 0 }) : nothing,
      file ? suggest() : nothing,
      this.suggestions("mom/pinned", file ? { textDocument } : {}),
    ]);
    if (turn !== this.asked) return; // the cursor has moved on
    const here = new Set(line.map((memory) => memory.id));
    const rest = whole.filter((memory) => !here.has(memory.id));
    const nothingMore = here.size ? "nothing more" : "nothing worth showing";
    this.show([
      ...(file
        ? [group(`Line ${file.line + 1}`, line, "nothing worth showing"), group("This file", rest, nothingMore)]
        : []),
      group("Pinned", pinned, "nothing yet"),
    ]);
  }

  private show(groups: Group[]): void {
    const same = JSON.stringify(groups) === JSON.stringify(this.groups);
    this.groups = groups;
    if (!same) this.changed.fire();
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
    for (const line of memory.body
      .split("\n")
      .filter((text) => text.trim())
      .slice(0, BODY_LINES))
      add("blank", line.trim());
    for (const related of await this.related(memory)) add("link", related.title, { related, opens: true });
    return rows;
  }

  /** The rest of a memory's episode: what it names, and what names it. */
  private async related(memory: Memory): Promise<Memory[]> {
    try {
      const file = activeFile();
      const params = { id: memory.id, ...(file && { textDocument: { uri: file.uri } }) };
      return (await this.server.request<Memory>("mom/show", params)).related ?? [];
    } catch {
      return [];
    }
  }
}

function group(label: string, memories: Memory[], empty: string): Group {
  return { type: "group", label, memories, empty };
}

function groupItem({ label, memories, empty }: Group): vscode.TreeItem {
  const { None, Expanded } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(label, memories.length ? Expanded : None);
  // The line's group stays open (or shut) when the cursor moves; one that was empty opens when it is no more.
  item.id = `${label.replace(/\d+/, "")}${memories.length ? "" : " (empty)"}`;
  if (!memories.length) item.description = empty;
  return item;
}

function memoryItem({ memory, group }: MemoryRow): vscode.TreeItem {
  const item = new vscode.TreeItem(memory.title, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `${group.replace(/\d+/, "")}/${memory.id}`;
  item.description = summary(memory, new Date());
  item.iconPath = new vscode.ThemeIcon(memory.pinned ? "pinned" : (ICONS[memory.kind] ?? "history"));
  item.contextValue = memory.pinned ? "memory.pinned" : "memory.free";
  item.tooltip = tooltip(memory);
  item.accessibilityInformation = { label: `${memory.title}, ${item.description}${memory.pinned ? ", pinned" : ""}` };
  return item;
}

function detailItem(detail: Detail): vscode.TreeItem {
  const item = new vscode.TreeItem(detail.label);
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

/** What a repository says is text, never markup. */
function tooltip(memory: Memory): vscode.MarkdownString {
  const text = new vscode.MarkdownString().appendMarkdown("**").appendText(memory.title).appendMarkdown("**\n\n");
  if (memory.body) text.appendCodeblock(memory.body.slice(0, 1000), "text");
  return text.appendText([kindName(memory), origin(memory)].join(" · "));
}
