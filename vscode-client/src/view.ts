/** The Memories view: the memories of the current line and file, and those pinned, promoted, used or forgotten. */

import * as vscode from "vscode";
import { Debouncer, Kept, Memory, Server, Suggestions, activeFile } from "./memory";
import { Detail, Group, Row, detailsOf, forgottenGroup, group, itemOf } from "./rows";

const DELAY = 300; // milliseconds; the cursor passes over many lines

export class MemoriesView implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Row[] | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly refreshing = new Debouncer(DELAY, () => this.refresh());
  private readonly tree: vscode.TreeView<Row>;
  private readonly watching: vscode.Disposable[];
  private groups: Group[] = [];
  private file: ReturnType<typeof activeFile>;
  private turn = 0; // of the latest refresh

  constructor(private readonly server: Server) {
    this.tree = vscode.window.createTreeView<Row>("mom.memories", { treeDataProvider: this });
    this.watching = [
      vscode.window.onDidChangeTextEditorSelection(
        (event) => event.textEditor === vscode.window.activeTextEditor && this.refreshSoon(),
      ),
      vscode.window.onDidChangeActiveTextEditor(() => this.refreshSoon()),
      this.tree.onDidChangeVisibility(() => this.refreshSoon()),
    ];
  }

  /** Schedule a refresh, if the view is visible. */
  refreshSoon(): void {
    if (this.tree.visible && this.server.isRunning) this.refreshing.schedule();
  }

  /** The focused row, for keybindings. */
  get selected(): Row | undefined {
    return this.tree.selection[0];
  }

  getTreeItem(row: Row): vscode.TreeItem {
    return itemOf(row);
  }

  async getChildren(row?: Row): Promise<Row[]> {
    if (!row) return this.groups;
    if (row.type === "group") return row.rows;
    if (row.type === "memory") return this.details(row.memory);
    if (row.type !== "detail") return [];
    return row.isEpisode ? this.episodeOf(row.of) : (row.children ?? []);
  }

  /** Clear the view: there is no server. */
  clear(): void {
    this.turn++;
    this.show([]);
  }

  dispose(): void {
    for (const one of [this.refreshing, this.tree, this.changed, ...this.watching]) one.dispose();
  }

  private async refresh(): Promise<void> {
    const turn = ++this.turn;
    const last = this.file?.document.isClosed ? undefined : this.file;
    const file = (this.file = activeFile() ?? last); // beside a diff or the output, the last file's memories stay
    const textDocument = file && { uri: file.uri };
    const suggest = async (position?: object): Promise<Memory[]> =>
      file ? (await this.answer<Suggestions>("mom/suggest", { textDocument, position }))?.suggestions ?? [] : [];
    const [line, whole, kept] = await Promise.all([
      suggest(file && { line: file.line, character: 0 }),
      suggest(),
      this.answer<Kept>("mom/kept", { textDocument }),
    ]);
    if (turn !== this.turn) return; // the cursor has moved on
    const onLine = new Set(line.map((memory) => memory.id));
    const rest = whole.filter((memory) => !onLine.has(memory.id));
    this.show([
      ...(file
        ? [
            group("line", `Line ${file.line + 1}`, line, "No relevant memories"),
            group("file", "This File", rest, onLine.size ? "no other memories" : "No relevant memories"),
          ]
        : []),
      group("pinned", "Pinned", kept?.pinned ?? [], "no pinned memories"),
      ...(kept?.promoted.length ? [group("promoted", "Recently Validated or Promoted", kept.promoted)] : []),
      ...(kept?.useful.length ? [{ ...group("useful", "Recently Used", kept.useful), collapsed: true }] : []),
      ...(kept?.forgotten.length ? [forgottenGroup(kept.forgotten)] : []),
    ]);
  }

  /** Show groups. Only rows that differ are updated: below an updated row VS Code collapses what the user expanded. */
  private show(groups: Group[]): void {
    const changed: Row[] = [];
    const before = this.groups;
    this.groups = reused(before, groups, (old, group) => {
      const rows = reused(old.rows, group.rows, (entry, wanted) => {
        if (JSON.stringify(entry) !== JSON.stringify(wanted)) changed.push(Object.assign(entry, wanted));
      });
      if (old.label !== group.label || !areSame(old.rows, rows)) changed.push(old);
      Object.assign(old, group, { rows });
    });
    if (!areSame(before, this.groups)) this.changed.fire(undefined);
    else if (changed.length) this.changed.fire(changed);
  }

  /** Send a request; undefined without a folder or while the engine starts: the next refresh of the hints retries. */
  private async answer<T>(method: string, params: object): Promise<T | undefined> {
    try {
      return await this.server.request<T>(method, params);
    } catch {
      return undefined;
    }
  }

  private async details(memory: Memory): Promise<Detail[]> {
    return detailsOf(memory, await this.members("mom/show", "related", memory));
  }

  /** Return the related memories of a memory, or the members of its episode; none if it no longer exists. */
  private async members(method: string, key: "related" | "members", memory: Memory): Promise<Memory[]> {
    const file = activeFile();
    const params = { id: memory.id, ...(file && { textDocument: { uri: file.uri } }) };
    return (await this.answer<Partial<Record<string, Memory[]>>>(method, params))?.[key] ?? [];
  }

  private async episodeOf(memory: Memory): Promise<Row[]> {
    const members = await this.members("mom/episode", "members", memory);
    return members.map((related) => ({ type: "detail", icon: "git-commit", label: related.title, of: memory, related, opens: true }));
  }
}

/** Return the wanted rows, reusing the objects of present rows with the same ids. */
function reused<R extends { id: string }>(present: R[], wanted: R[], update: (row: R, wanted: R) => void): R[] {
  const known = new Map(present.map((row) => [row.id, row]));
  return wanted.map((row) => {
    const old = known.get(row.id);
    if (old) update(old, row);
    return old ?? row;
  });
}

function areSame(before: Row[], after: Row[]): boolean {
  return before.length === after.length && before.every((row, at) => row === after[at]);
}
