/** The Memories view: what matters for the line and the file in front of you, what you kept, and what you sent away. */

import * as vscode from "vscode";
import { Kept, Later, Memory, Server, Suggestions, activeFile } from "./memory";
import { Detail, Group, Row, detailsOf, forgottenGroup, group, itemOf } from "./rows";

const REST = 300; // milliseconds; the cursor passes over many lines

export class MemoriesView implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Row[] | undefined>();
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
    return itemOf(row);
  }

  async getChildren(row?: Row): Promise<Row[]> {
    if (!row) return this.groups;
    if (row.type === "group") return row.rows;
    if (row.type === "memory") return this.details(row.memory);
    return row.type === "detail" && row.unfolds ? this.unfolded(row) : [];
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
    const suggest = async (position?: object): Promise<Memory[]> =>
      file ? (await this.answer<Suggestions>("mom/suggest", { textDocument, position }))?.suggestions ?? [] : [];
    const [line, whole, kept] = await Promise.all([
      suggest(file && { line: file.line, character: 0 }),
      suggest(),
      this.answer<Kept>("mom/kept", { textDocument }),
    ]);
    if (turn !== this.asked) return; // the cursor has moved on
    const here = new Set(line.map((memory) => memory.id));
    const rest = whole.filter((memory) => !here.has(memory.id));
    this.show([
      ...(file
        ? [
            group("line", `Line ${file.line + 1}`, line, "nothing worth showing"),
            group("file", "This file", rest, here.size ? "nothing more" : "nothing worth showing"),
          ]
        : []),
      group("pinned", "Pinned", kept?.pinned ?? [], "nothing yet"),
      ...(kept?.promoted.length ? [group("promoted", "Recently promoted", kept.promoted)] : []),
      ...(kept?.useful.length ? [{ ...group("useful", "Found useful", kept.useful), folded: true }] : []),
      ...(kept?.forgotten.length ? [forgottenGroup(kept.forgotten)] : []),
    ]);
  }

  /** Show groups. Only what is different is renewed: below a row that is, VS Code folds again what is unfolded meanwhile. */
  private show(groups: Group[]): void {
    const changed: Row[] = [];
    const before = this.groups;
    this.groups = renewed(before, groups, (old, group) => {
      const rows = renewed(old.rows, group.rows, (entry, wanted) => {
        if (JSON.stringify(entry) !== JSON.stringify(wanted)) changed.push(Object.assign(entry, wanted));
      });
      if (old.label !== group.label || !areSame(old.rows, rows)) changed.push(old);
      Object.assign(old, group, { rows });
    });
    if (!areSame(before, this.groups)) this.changed.fire(undefined);
    else if (changed.length) this.changed.fire(changed);
  }

  /** Ask; there is no answer without a folder and while the engine starts: the hints' next refresh asks again. */
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

  /** Return the memories that are named in a memory (or name it), or are of its episode; none if it has gone meanwhile. */
  private async members(method: string, key: "related" | "members", memory: Memory): Promise<Memory[]> {
    const file = activeFile();
    const params = { id: memory.id, ...(file && { textDocument: { uri: file.uri } }) };
    return (await this.answer<Partial<Record<string, Memory[]>>>(method, params))?.[key] ?? [];
  }

  private async unfolded(detail: Detail): Promise<Row[]> {
    const members = await this.members("mom/episode", "members", detail.of);
    return members.map((related) => ({ type: "detail", icon: "git-commit", label: related.title, of: detail.of, related, opens: true }));
  }
}

/** Return the rows that are wanted, as the objects that were there before where the ids are theirs. */
function renewed<R extends { id: string }>(before: R[], wanted: R[], renew: (old: R, wanted: R) => void): R[] {
  const known = new Map(before.map((row) => [row.id, row]));
  return wanted.map((row) => {
    const old = known.get(row.id);
    if (old) renew(old, row);
    return old ?? row;
  });
}

function areSame(before: Row[], after: Row[]): boolean {
  return before.length === after.length && before.every((row, at) => row === after[at]);
}
