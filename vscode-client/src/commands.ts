/** Server commands as a user starts them: from the palette, a key or a row of the view, what they lack is asked for. */

import * as vscode from "vscode";
import { Kept, Memory, Server, Suggestions, activeFile } from "./memory";
import { pickMemory } from "./pick";
import { Row } from "./rows";
import { Why } from "./why";

interface GitApi {
  toGitUri(uri: vscode.Uri, ref: string): vscode.Uri;
}

/** What a command of the server answers: that it is done, in the server's words. */
interface Done {
  message: string;
}

const INSERT = { kind: "quickfix.mom.inserted", apply: "ifSingle" };
const DONE_FOR = 3000; // milliseconds in the status bar
const DONE_LENGTH = 80; // characters there
const READ_AFTER = 10_000; // milliseconds

export class Commands {
  constructor(
    private readonly server: Server,
    private readonly selected: () => Row | undefined,
    private readonly tell: () => Promise<void>,
    private readonly why: Why,
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
      case "mom.why":
        return this.why.ask(args);
      case "mom.undo":
      case "mom.reindex":
        return this.say(command, ...(complete ? args : uriOfFile()));
      case "mom.restore":
        return this.restore(args);
      case "mom.forget":
        return this.withMemory(args, (id, uri) => this.forget(id, uri));
      case "mom.open":
        return this.withMemory(args, (id, uri) => this.open(id, uri, args[2]));
      case "mom.dismiss":
        return this.withMemory(args, (id, uri) => this.dismiss(id, uri, args[2]));
      case "mom.pin":
      case "mom.useful":
        return this.withMemory(args, (id, uri) => this.say(command, id, ...placeOf(uri, args[2])));
      case "mom.inserted": // the light bulb's action brings the text
        return complete ? this.say(command, ...args) : vscode.commands.executeCommand("editor.action.codeAction", INSERT);
      default:
        return this.withMemory(args, (id, uri) => this.say(command, id, ...(uri ? [uri] : [])));
    }
  }

  /** Run a command whose effect is seen anyway; that it is done stands in the status bar for a moment. */
  private async say(command: string, ...args: unknown[]): Promise<unknown> {
    const result = await this.server.execute<Done>(command, ...args);
    const done = result?.message && shortened(result.message);
    if (done) vscode.window.setStatusBarMessage(`$(check) ${done}`, DONE_FOR);
    return result;
  }

  private async forget(id: string, uri: string | undefined): Promise<unknown> {
    const result = await this.server.execute<Done>("mom.forget", id, ...(uri ? [uri] : []));
    if (result) void this.offerUndo(result.message, uri);
    return result;
  }

  private async offerUndo(done: string, uri: string | undefined): Promise<void> {
    const undo = "Undo";
    if ((await vscode.window.showInformationMessage(done, undo)) === undo) {
      await this.say("mom.undo", ...(uri ? [uri] : []));
    }
  }

  private async restore(args: unknown[]): Promise<unknown> {
    const [first] = args;
    const row = typeof first === "string" ? undefined : this.row(first);
    const named = typeof first === "string" ? first : row?.type === "forgotten" ? row.forgotten.id : undefined;
    const id = named ?? (await this.forgotten());
    return id && this.say("mom.restore", id, ...uriOfFile());
  }

  /** Let the user choose among what is forgotten. */
  private async forgotten(): Promise<string | undefined> {
    const file = activeFile();
    const kept = await this.server.ask<Kept>("mom/kept", file ? { textDocument: { uri: file.uri } } : {});
    if (!kept) return undefined;
    const items = kept.forgotten.map((one) => ({ label: one.phrases.name, description: one.phrases.age, one }));
    if (!items.length) void vscode.window.showInformationMessage("Nothing is forgotten.");
    return items.length ? (await vscode.window.showQuickPick(items, { title: "Restore" }))?.one.id : undefined;
  }

  private async search(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const value = editor?.document.getText(editor.selection).split("\n")[0]?.trim();
    const prompt = "Words, a symbol, or what it is about";
    const text = await vscode.window.showInputBox({ title: "Search Memories", prompt, value });
    if (!text?.trim()) return;
    const found = await this.server.execute<Suggestions>("mom.search", text, ...uriOfFile());
    if (found) await this.offerSources(found.suggestions, `Memories about “${text}”`, `No memory is about “${text}”.`);
  }

  /** What matters on this line (without a file: in this folder) for what the user is about to do? */
  async intent(): Promise<void> {
    const text = await vscode.window.showInputBox({
      title: "Before I Begin",
      prompt: "What are you about to do? The memories that matter for it, on this line first",
      placeHolder: "retry without an end, drop the limit…",
    });
    if (!text?.trim()) return;
    const file = activeFile();
    const place = file && { textDocument: { uri: file.uri }, position: { line: file.line, character: 0 } };
    const found = await this.server.ask<Suggestions>("mom/suggest", { ...place, intent: text });
    if (found) await this.offerSources(found.suggestions, `Before you begin: “${text}”`, `No memory is about “${text}” here.`);
  }

  /** Let the user read one of the memories that answer a question. */
  private async offerSources(memories: Memory[], title: string, none: string): Promise<void> {
    if (!memories.length) return void vscode.window.showInformationMessage(none);
    const memory = await this.choose(memories, title, "Enter opens the source");
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
    const place = placeOf(uri ?? activeFile()?.uri, line);
    return place.length && this.say("mom.dismiss", id, ...place);
  }

  /** Show a commit as its change to the file; the server shows the rest. */
  private async open(id: string, uri: string | undefined, line?: unknown): Promise<unknown> {
    const folder = uri && vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(uri));
    const memory = await this.server
      .request<Memory>("mom/show", { id, ...(uri && { textDocument: { uri } }) })
      .catch(() => undefined);
    const { commit, path } = memory?.source ?? {};
    const git = vscode.extensions.getExtension<{ getAPI(version: 1): GitApi }>("vscode.git");
    if (!memory || !commit || !path || !folder || !git?.isActive || memory.source.line) {
      return this.server.execute("mom.open", id, ...placeOf(uri, line));
    }
    const api = git.exports.getAPI(1);
    const file = vscode.Uri.joinPath(folder.uri, path);
    const title = `${memory.title} (${commit.slice(0, 9)})`;
    this.countIfRead(id, uri);
    const [before, after] = [api.toGitUri(file, `${commit}~`), api.toGitUri(file, commit)];
    return vscode.commands.executeCommand("vscode.diff", before, after, title, { preview: false }); // beside a preview, not in its place
  }

  /** Tell the server that a memory was read, if what was opened is still in front after ten seconds. */
  private countIfRead(id: string, uri: string): void {
    const at = activeFile();
    setTimeout(() => {
      const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      if (!(input instanceof vscode.TabInputTextDiff) || !this.server.isRunning) return;
      const position = { line: at?.uri === uri ? at.line : 0, character: 0 };
      void this.server.request("mom/opened", { id, textDocument: { uri }, position });
    }, READ_AFTER);
  }

  private async withMemory(
    args: unknown[],
    use: (id: string, uri: string | undefined) => Promise<unknown>,
  ): Promise<unknown> {
    const [first, uri] = args;
    if (typeof first === "string") return use(first, typeof uri === "string" ? uri : undefined);
    const memory = args.length ? this.ofRow(first) : await this.atCursor();
    return memory && use(memory.id, activeFile()?.uri);
  }

  /** Return the memory of a row. VS Code may have lost a row that was renewed while its menu was open: never guess another. */
  private ofRow(argument: unknown): Memory | undefined {
    const row = this.row(argument);
    if (row?.type === "memory") return row.memory;
    if (row?.type === "detail") return row.related ?? row.of;
    void vscode.window.showInformationMessage("This row is no memory, or was renewed meanwhile: choose one.");
    return undefined;
  }

  private row(argument: unknown): Row | undefined {
    return isSelected(argument) ? this.selected() : (argument as Row | undefined);
  }

  private async atCursor(): Promise<Memory | undefined> {
    const file = activeFile();
    if (!file) return undefined;
    const params = { textDocument: { uri: file.uri }, position: { line: file.line, character: 0 } };
    const found = await this.server.ask<Suggestions>("mom/suggest", params);
    if (!found) return undefined;
    const [first, second] = found.suggestions;
    if (second) return this.choose(found.suggestions, `Memories of line ${file.line + 1}`);
    if (!first) void vscode.window.showInformationMessage("This line has no memory worth showing.");
    return first;
  }

  private choose(memories: Memory[], title: string, placeholder?: string): Promise<Memory | undefined> {
    return pickMemory(memories, title, placeholder, ({ id }) => this.say("mom.pin", id, ...placeOf(activeFile()?.uri)));
  }
}

/** Whether a keybinding asks for the row of the view that has the focus. */
function isSelected(argument: unknown): boolean {
  return (argument as { selected?: boolean } | undefined)?.selected === true;
}

/** The arguments that say where: a document, and the line that is given or else the cursor's there (1-based). */
function placeOf(uri: string | undefined, line?: unknown): (string | number)[] {
  const file = activeFile();
  const at = typeof line === "number" ? line : file && file.uri === uri ? file.line + 1 : undefined;
  return uri ? (at ? [uri, at] : [uri]) : [];
}

function uriOfFile(): string[] {
  const file = activeFile();
  return file ? [file.uri] : [];
}

function shortened(message: string): string {
  return message.length > DONE_LENGTH ? `${message.slice(0, DONE_LENGTH - 1)}…` : message;
}
