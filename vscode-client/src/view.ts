/** The Memories view: the memories of the current line and file, those pinned, promoted, used or forgotten, and all by domain. */

import * as vscode from "vscode";
import { ActiveFile, Contents, Debouncer, Domain, Memory, Server, Suggestions, activeFile } from "./memory";
import {
  DOMAINS,
  Detail,
  DomainRow,
  Group,
  Row,
  detailsOf,
  domainRows,
  domainsGroup,
  forgottenGroup,
  group,
  itemOf,
  memoryRows,
} from "./rows";

const DELAY = 300; // milliseconds; the cursor passes over many lines
const READ_AFTER = 2000; // milliseconds that memories must stay on the screen to count as shown, as hints must

export class MemoriesView implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Row[] | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly refreshing = new Debouncer(DELAY, () => this.refresh());
  private readonly reading = new Debouncer(READ_AFTER, () => this.seen());
  private readonly tree: vscode.TreeView<Row>;
  private readonly watching: vscode.Disposable[];
  private groups: Group[] = [];
  private file: ActiveFile | undefined;
  private turn = 0; // of the latest refresh
  private memories = 0; // in the index
  private listed: DomainRow[] = [];

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
    this.reading.dispose();
    if (this.tree.visible && this.server.isRunning) this.refreshing.schedule();
  }

  /** Ask for the domains again, if they are expanded and the index has changed. */
  indexChanged(memories: number): void {
    if (memories === this.memories) return;
    this.memories = memories;
    const domains = this.groups.find(({ id }) => id === DOMAINS);
    if (domains) this.changed.fire([domains]);
  }

  /** The focused row, for keybindings. */
  get selected(): Row | undefined {
    return this.tree.selection[0];
  }

  /** The file that the rows are about: the active one; beside a diff or the output, the last one. */
  get about(): ActiveFile | undefined {
    return activeFile() ?? (this.file?.document.isClosed ? undefined : this.file);
  }

  getTreeItem(row: Row): vscode.TreeItem {
    return itemOf(row);
  }

  async getChildren(row?: Row): Promise<Row[]> {
    if (!row) return this.groups;
    if (row.type === "group") return row.id === DOMAINS ? this.domains() : row.rows;
    if (row.type === "domain") return this.inDomain(row.domain);
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
    for (const one of [this.refreshing, this.reading, this.tree, this.changed, ...this.watching]) one.dispose();
  }

  private async refresh(): Promise<void> {
    if (!this.tree.visible) return;
    const turn = ++this.turn;
    const file = (this.file = this.about);
    const textDocument = file && { uri: file.uri };
    const position = file && { line: file.line, character: 0 };
    const found = await this.answer<Contents>("mom/view", { textDocument, position });
    if (turn !== this.turn) return; // the cursor has moved on
    const line = found?.line ?? [];
    const onLine = new Set(line.map((memory) => memory.id));
    const rest = found?.file.filter((memory) => !onLine.has(memory.id)) ?? [];
    this.show([
      ...(file
        ? [
            group("line", `Line ${file.line + 1}`, line, "No relevant memories"),
            group("file", "This File", rest, onLine.size ? "no other memories" : "No relevant memories"),
          ]
        : []),
      group("pinned", "Pinned", found?.pinned ?? [], "No pinned memories"),
      ...(found?.promoted.length ? [group("promoted", "Recently Validated or Promoted", found.promoted)] : []),
      ...(found?.useful.length ? [{ ...group("useful", "Recently Used", found.useful), collapsed: true }] : []),
      ...(found?.forgotten.length ? [forgottenGroup(found.forgotten)] : []),
      domainsGroup(),
    ]);
    if (line.length || rest.length) this.reading.schedule();
  }

  /** Tell the server that a person had the time to read what is shown: only that counts. */
  private async seen(): Promise<void> {
    const file = this.file;
    if (!file || !this.tree.visible) return;
    await this.answer("mom/seen", { textDocument: { uri: file.uri }, position: { line: file.line, character: 0 } });
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

  private async domains(): Promise<Row[]> {
    const file = this.about;
    const found = await this.answer<{ domains: Domain[] }>("mom/domains", file ? { textDocument: { uri: file.uri } } : {});
    this.listed = reused(this.listed, domainRows(found?.domains ?? []), Object.assign);
    if (this.listed.length) return this.listed;
    return [{ type: "empty", id: `${DOMAINS}/empty`, label: "No domains yet" }];
  }

  /** Return the memories of a domain that are most worth reading. */
  private async inDomain({ name }: Domain): Promise<Row[]> {
    const params = { command: "mom.search", arguments: ["", this.about?.uri ?? null, name] };
    const found = await this.answer<Suggestions>("workspace/executeCommand", params);
    return memoryRows(`${DOMAINS}/${name}`, found?.suggestions ?? []);
  }

  private async details(memory: Memory): Promise<Detail[]> {
    return detailsOf(memory, await this.members("mom/show", "related", memory));
  }

  /** Return the related memories of a memory, or the members of its episode; none if it no longer exists. */
  private async members(method: string, key: "related" | "members", memory: Memory): Promise<Memory[]> {
    const file = this.about;
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
