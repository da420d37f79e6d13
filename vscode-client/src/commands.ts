/** Server commands as a user starts them: from the palette, a key or a row of the view, what they lack is asked for. */

import * as vscode from "vscode";
import { Memory, Server, Suggestions, activeFile, origin, summary } from "./memory";
import { MemoryRow, Row } from "./view";

interface GitApi {
  toGitUri(uri: vscode.Uri, ref: string): vscode.Uri;
}

interface MemoryItem extends vscode.QuickPickItem {
  memory: Memory;
}

const PIN: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon("pin"), tooltip: "Pin" };

export class Commands {
  constructor(
    private readonly server: Server,
    private readonly selected: () => Row | undefined,
    private readonly tell: () => Promise<void>,
  ) {}

  /** Run a server command, once its arguments are known. Code actions bring them all. */
  async run(command: string, args: unknown[]): Promise<unknown> {
    const complete = typeof args[0] === "string";
    switch (command) {
      case "mom.search":
        return complete ? this.server.execute(command, ...args) : this.search();
      case "mom.remember":
        return this.remember(args);
      case "mom.status":
        return this.tell();
      case "mom.undo":
      case "mom.reindex":
        return this.server.execute(command, ...(complete ? args : uriOfFile()));
      case "mom.open":
        return this.withMemory(args, (id, uri) => this.open(id, uri));
      case "mom.dismiss":
        return this.withMemory(args, (id, uri) => this.dismiss(id, uri, args[2]));
      default:
        return this.withMemory(args, (id, uri) => this.server.execute(command, id, ...(uri ? [uri] : [])));
    }
  }

  private async search(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const value = editor?.document.getText(editor.selection).split("\n")[0]?.trim();
    const prompt = "Words, a symbol, or what it is about";
    const text = await vscode.window.showInputBox({ title: "Search Memories", prompt, value });
    if (!text?.trim()) return;
    const found = await this.server.execute<Suggestions>("mom.search", text, ...uriOfFile());
    if (!found) return;
    if (!found.suggestions.length) {
      void vscode.window.showInformationMessage(`No memory is about “${text}”.`);
      return;
    }
    const memory = await this.choose(found.suggestions, `Memories about “${text}”`, "Enter opens the source");
    if (memory) await this.open(memory.id, activeFile()?.uri);
  }

  private async remember(args: unknown[]): Promise<unknown> {
    const [text, uri, line] = args;
    const file = activeFile();
    const at =
      typeof uri === "string" && typeof line === "number"
        ? { uri, line }
        : file && { uri: file.uri, line: file.line + 1 };
    if (!at) return vscode.window.showWarningMessage("Open a file first: a note belongs to a line.");
    const prompt = `About line ${at.line}: why is it so, what must the next reader know?`;
    const selected = !vscode.window.activeTextEditor?.selection.isEmpty; // else the text is that of the line
    const value = selected && typeof text === "string" ? text : "";
    const note = await vscode.window.showInputBox({
      title: "Remember",
      prompt,
      value,
      placeHolder: "The limit is 42 because…",
    });
    return note?.trim() ? this.server.execute("mom.remember", note, at.uri, at.line) : undefined;
  }

  private async dismiss(id: string, uri: string | undefined, line: unknown): Promise<unknown> {
    const file = activeFile();
    if (uri && typeof line === "number") return this.server.execute("mom.dismiss", id, uri, line);
    return file && this.server.execute("mom.dismiss", id, file.uri, file.line + 1);
  }

  /** Show a commit as its change to the file; the server shows the rest. */
  private async open(id: string, uri: string | undefined): Promise<unknown> {
    const folder = uri && vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(uri));
    const memory = await this.server
      .request<Memory>("mom/show", { id, ...(uri && { textDocument: { uri } }) })
      .catch(() => undefined);
    const { commit, path } = memory?.source ?? {};
    const git = vscode.extensions.getExtension<{ getAPI(version: 1): GitApi }>("vscode.git");
    if (!memory || !commit || !path || !folder || !git?.isActive || memory.source.line) {
      return this.server.execute("mom.open", id, ...(uri ? [uri] : []));
    }
    const api = git.exports.getAPI(1);
    const file = vscode.Uri.joinPath(folder.uri, path);
    const title = `${memory.title} (${commit.slice(0, 9)})`;
    const [before, after] = [api.toGitUri(file, `${commit}~`), api.toGitUri(file, commit)];
    return vscode.commands.executeCommand("vscode.diff", before, after, title, { preview: false }); // beside a preview, not in its place
  }

  private async withMemory(
    args: unknown[],
    use: (id: string, uri: string | undefined) => Promise<unknown>,
  ): Promise<unknown> {
    const [first, uri] = args;
    if (typeof first === "string") return use(first, typeof uri === "string" ? uri : undefined);
    const row = isSelected(first) ? this.selected() : (first as Row | undefined);
    const memory = row?.type === "memory" ? (row as MemoryRow).memory : await this.atCursor();
    return memory && use(memory.id, activeFile()?.uri);
  }

  private async atCursor(): Promise<Memory | undefined> {
    const file = activeFile();
    if (!file) return undefined;
    const params = { textDocument: { uri: file.uri }, position: { line: file.line, character: 0 } };
    const { suggestions } = await this.server.request<Suggestions>("mom/suggest", params);
    if (suggestions.length > 1) return this.choose(suggestions, `Memories of line ${file.line + 1}`);
    if (!suggestions.length) void vscode.window.showInformationMessage("This line has no memory worth showing.");
    return suggestions[0];
  }

  private choose(memories: Memory[], title: string, placeholder?: string): Promise<Memory | undefined> {
    const pick = vscode.window.createQuickPick<MemoryItem>();
    Object.assign(pick, { title, placeholder, matchOnDescription: true, matchOnDetail: true });
    pick.items = memories.map((memory) => ({
      memory,
      label: memory.title,
      description: memory.pinned ? "$(pinned)" : "",
      detail: `${summary(memory, new Date())} · ${origin(memory)}`,
      buttons: memory.pinned ? [] : [PIN],
    }));
    return new Promise((resolve) => {
      pick.onDidTriggerItemButton(({ item }) => this.server.execute("mom.pin", item.memory.id, ...uriOfFile()));
      pick.onDidAccept(() => {
        resolve(pick.activeItems[0]?.memory);
        pick.hide();
      });
      pick.onDidHide(() => {
        resolve(undefined);
        pick.dispose();
      });
      pick.show();
    });
  }
}

/** Whether a keybinding asks for the row of the view that has the focus. */
function isSelected(argument: unknown): boolean {
  return (argument as { selected?: boolean } | undefined)?.selected === true;
}

function uriOfFile(): string[] {
  const file = activeFile();
  return file ? [file.uri] : [];
}
