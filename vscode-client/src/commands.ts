/** Commands as the user runs them, from the palette, a key or a row of the view: missing arguments are asked for. */

import * as vscode from "vscode";
import { ActiveFile, Kept, Memory, NO_FILE, Server, Suggestions, activeFile, numbers } from "./memory";
import { pickMemory } from "./pick";
import { Row } from "./rows";
import { Sources } from "./source";
import { Why } from "./why";

/** The result of a server command: a message that says what was done. */
interface Done {
  message: string;
}

/** The view: its focused row, and the file that its rows are about. */
interface Rows {
  selected: Row | undefined;
  about: ActiveFile | undefined;
}

const INSERT = { kind: "mom.inserted", apply: "ifSingle" };
const MAX_ACTIONS = 50; // of a line
const MESSAGE_TIME = 3000; // milliseconds in the status bar
const MESSAGE_LENGTH = 80; // characters there

export class Commands {
  constructor(
    private readonly server: Server,
    private readonly view: Rows,
    private readonly showStatus: () => Promise<void>,
    private readonly why: Why,
    private readonly sources: Sources,
  ) {}

  /** Run a server command once its arguments are known. Code actions pass all of them. */
  async run(command: string, args: unknown[]): Promise<unknown> {
    const complete = typeof args[0] === "string";
    switch (command) {
      case "mom.search":
        return complete ? this.server.execute(command, ...args) : this.search(args);
      case "mom.remember":
        return this.remember(args);
      case "mom.status":
        return this.showStatus();
      case "mom.why":
        return this.why.ask(args);
      case "mom.undo":
      case "mom.reindex":
        return this.execute(command, ...(complete ? args : uriOf(activeFile())));
      case "mom.more":
        return this.more(args);
      case "mom.restore":
        return this.restore(args);
      case "mom.forget":
        return this.withMemory(args, (id, uri) => this.forget(id, uri));
      case "mom.open":
        return this.withMemory(args, (id, uri, line) => this.open(id, uri, line));
      case "mom.dismiss":
        return this.withMemory(args, (id, uri, line) => this.dismiss(id, uri, line));
      case "mom.pin":
      case "mom.useful":
        return this.withMemory(args, (id, uri, line) => this.execute(command, id, ...locationOf(uri, line)));
      case "mom.inserted": // the light bulb's action has the text
        return complete
          ? this.execute(command, ...args)
          : vscode.commands.executeCommand("editor.action.codeAction", INSERT);
      default:
        return this.withMemory(args, (id, uri) => this.execute(command, id, ...(uri ? [uri] : [])));
    }
  }

  /** Run a server command, and show its message in the status bar for a moment: a notification would interrupt. */
  private async execute(command: string, ...args: unknown[]): Promise<unknown> {
    const result = await this.server.execute<Done>(command, ...args);
    const message = result?.message && shortened(result.message);
    if (message) vscode.window.setStatusBarMessage(`$(check) ${message}`, MESSAGE_TIME);
    return result;
  }

  private async forget(id: string, uri: string | undefined): Promise<unknown> {
    const result = await this.server.execute<Done>("mom.forget", id, ...(uri ? [uri] : []));
    if (result) void this.offerUndo(result.message, id, uri);
    return result;
  }

  private async offerUndo(message: string, id: string, uri: string | undefined): Promise<void> {
    const undo = "Undo";
    if ((await vscode.window.showInformationMessage(message, undo)) === undo) {
      await this.execute("mom.undo", uri ?? null, id); // not a later action
    }
  }

  private async restore(args: unknown[]): Promise<unknown> {
    const [first] = args;
    const row = typeof first === "string" ? undefined : this.row(first);
    const named = typeof first === "string" ? first : row?.type === "forgotten" ? row.forgotten.id : undefined;
    const id = named ?? (await this.pickForgotten());
    return id && this.execute("mom.restore", id, ...uriOf(row ? this.view.about : activeFile()));
  }

  /** Let the user choose a forgotten memory. */
  private async pickForgotten(): Promise<string | undefined> {
    const file = activeFile();
    const kept = await this.server.ask<Kept>("mom/kept", file ? { textDocument: { uri: file.uri } } : {});
    if (!kept) return undefined;
    const items = kept.forgotten.map((one) => ({ label: one.phrases.name, description: one.phrases.age, one }));
    if (!items.length) void vscode.window.showInformationMessage("No forgotten memories.");
    return items.length ? (await vscode.window.showQuickPick(items, { title: "Restore" }))?.one.id : undefined;
  }

  /** Search, in the domain of the row if there is one. */
  private async search(args: unknown[]): Promise<void> {
    const row = args.length ? this.row(args[0]) : undefined;
    const domain = row?.type === "domain" ? row.domain.name : undefined;
    const editor = vscode.window.activeTextEditor;
    const value = editor?.document.getText(editor.selection).split("\n")[0]?.trim();
    const prompt = `Words, a symbol or a topic${domain ? `, in ${domain}` : ""}`;
    const text = await vscode.window.showInputBox({ title: "Search Memories", prompt, value });
    if (!text?.trim()) return;
    const [uri = null] = uriOf(domain ? this.view.about : activeFile());
    const found = await this.server.execute<Suggestions>("mom.search", text, uri, ...(domain ? [domain] : []));
    const about = `“${text}”${domain ? ` in ${domain}` : ""}`;
    if (!found) return;
    const [title, none] = [`Memories matching ${about}`, `No memories match ${about}.`];
    await this.offerSources(found, title, none, uri ?? undefined, !domain);
  }

  /** Find the memories for what the user is about to do on this line, or without a file in this folder. */
  async intent(): Promise<void> {
    const text = await vscode.window.showInputBox({
      title: "Find Memories for a Task",
      prompt: "Describe what you are about to do.",
      placeHolder: "remove the retry limit…",
    });
    if (!text?.trim()) return;
    const file = activeFile();
    const place = file && { textDocument: { uri: file.uri }, position: { line: file.line, character: 0 } };
    const found = await this.server.ask<Suggestions>("mom/suggest", { ...place, intent: text });
    if (found) await this.offerSources(found, `Memories for “${text}”`, `No relevant memories for “${text}”.`);
  }

  /** Let the user open the source of one of the memories found. */
  private async offerSources(
    found: Suggestions,
    title: string,
    none: string,
    uri = activeFile()?.uri,
    withDomains = false,
  ): Promise<void> {
    const remarks = remarksOn(found);
    const { suggestions } = found;
    if (!suggestions.length) return void vscode.window.showInformationMessage([none, ...remarks].join(" "));
    const placeholder = remarks.join(" ") || "Press Enter to open the source";
    const memory = await this.choose(suggestions, title, placeholder, withDomains);
    if (memory) await this.open(memory.id, uri);
  }

  private async remember(args: unknown[]): Promise<unknown> {
    const [text, uri, line] = args;
    const file = activeFile();
    const at =
      typeof uri === "string" && typeof line === "number"
        ? { uri, line }
        : file && { uri: file.uri, line: file.line + 1 };
    if (!at) return vscode.window.showWarningMessage(NO_FILE);
    const prompt = `Note for line ${at.line}`;
    const value = typeof text === "string" ? text : "";
    const note = await vscode.window.showInputBox({
      title: "Remember",
      prompt,
      value,
      placeHolder: "The limit is 42 because…",
    });
    return note?.trim() ? this.execute("mom.remember", note, at.uri, at.line) : undefined;
  }

  /** Let the user choose among all actions of a line (from 1). */
  private async more(args: unknown[]): Promise<unknown> {
    const [uri, line] = args;
    if (typeof uri !== "string" || typeof line !== "number") return undefined;
    const at = new vscode.Range(line - 1, 0, line - 1, 0);
    const asked = ["vscode.executeCodeActionProvider", vscode.Uri.parse(uri), at, "mom", MAX_ACTIONS] as const;
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(...asked);
    const items = actions.map((action) => ({ label: action.title, action }));
    const action = (await vscode.window.showQuickPick(items, { title: `Memories of line ${line}` }))?.action;
    if (action?.edit && !(await vscode.workspace.applyEdit(action.edit))) return undefined;
    const command = action?.command;
    return command && vscode.commands.executeCommand(command.command, ...(command.arguments ?? []));
  }

  private async dismiss(id: string, uri: string | undefined, line: unknown): Promise<unknown> {
    const location = locationOf(uri ?? activeFile()?.uri, line);
    return location.length && this.execute("mom.dismiss", id, ...location);
  }

  /** Show the numbers behind a memory's relevance. A link in a hover passes its id, document and line (from 1). */
  async details(args: unknown[]): Promise<void> {
    const [id, uri, line] = args;
    const linked = typeof id === "string" && typeof uri === "string" && typeof line === "number";
    const memory = linked ? await this.onLine(id, uri, line) : args.length ? this.ofRow(id) : await this.atCursor();
    if (!memory) return;
    const detail = [memory.phrases.relevance, ...numbers(memory)].filter(Boolean).join("\n");
    await vscode.window.showInformationMessage(memory.title, { modal: true, detail });
  }

  /** Return a memory with the score that it has on a line, without one if it is not suggested there. */
  private async onLine(id: string, uri: string, line: number): Promise<Memory | undefined> {
    const textDocument = { uri };
    const position = { line: line - 1, character: 0 };
    const found = await this.server.ask<Suggestions>("mom/suggest", { textDocument, position });
    const memory = found?.suggestions.find((one) => one.id === id);
    return memory ?? this.server.ask<Memory>("mom/show", { id, textDocument });
  }

  /** Show a commit as its change to the file; the server shows other sources. */
  private async open(id: string, uri: string | undefined, line?: unknown): Promise<unknown> {
    const place = uri && { textDocument: { uri } };
    const memory = await this.server.ask<Memory>("mom/show", { id, ...place });
    if (!memory) return undefined;
    const { type, discussion, url } = memory.source;
    const isElsewhere = type === "file" || (discussion && url); // a line of the worktree, or a page
    if (!isElsewhere && (await this.sources.show(id, uri, typeof line === "number" ? line : undefined))) return memory;
    return this.server.execute("mom.open", id, ...locationOf(uri, line));
  }

  private async withMemory(
    args: unknown[],
    use: (id: string, uri: string | undefined, line: unknown) => Promise<unknown>,
  ): Promise<unknown> {
    const [first, uri, line] = args;
    if (typeof first === "string") return use(first, typeof uri === "string" ? uri : undefined, line);
    const memory = args.length ? this.ofRow(first) : await this.atCursor();
    const file = args.length ? this.view.about : activeFile();
    return memory && use(memory.id, file?.uri, file && file.line + 1);
  }

  /** Return the memory of a row. VS Code may lose a row that is updated while its menu is open: never guess another. */
  private ofRow(argument: unknown): Memory | undefined {
    const row = this.row(argument);
    if (row?.type === "memory") return row.memory;
    if (row?.type === "detail") return row.related ?? row.of;
    void vscode.window.showInformationMessage("Select a memory first.");
    return undefined;
  }

  private row(argument: unknown): Row | undefined {
    return isSelected(argument) ? this.view.selected : (argument as Row | undefined);
  }

  private async atCursor(): Promise<Memory | undefined> {
    const file = activeFile();
    if (!file) {
      void vscode.window.showWarningMessage(NO_FILE);
      return undefined;
    }
    const params = { textDocument: { uri: file.uri }, position: { line: file.line, character: 0 } };
    const found = await this.server.ask<Suggestions>("mom/suggest", params);
    if (!found) return undefined;
    const [first, second] = found.suggestions;
    if (second) return this.choose(found.suggestions, `Memories for line ${file.line + 1}`);
    if (!first) void vscode.window.showInformationMessage("No relevant memories for this line.");
    return first;
  }

  private choose(
    memories: Memory[],
    title: string,
    placeholder?: string,
    withDomains = false,
  ): Promise<Memory | undefined> {
    const pin = ({ id }: Memory) => this.execute("mom.pin", id, ...locationOf(activeFile()?.uri));
    return pickMemory(memories, title, placeholder, pin, withDomains);
  }
}

/** Return what is to be known of the answers to a search. */
function remarksOn({ weak, words_only, unindexed }: Suggestions): string[] {
  if (unindexed) return ["Nothing is indexed yet."];
  return [
    weak ? "No result stands out: try other words." : "",
    words_only ? "Searched by words only, not by meaning." : "",
  ].filter(Boolean);
}

/** Whether a keybinding asks for the focused row of the view. */
function isSelected(argument: unknown): boolean {
  return (argument as { selected?: boolean } | undefined)?.selected === true;
}

/** Return the location arguments: a document, and the given line or else the cursor's in it (from 1). */
function locationOf(uri: string | undefined, line?: unknown): (string | number)[] {
  const file = activeFile();
  const at = typeof line === "number" ? line : file && file.uri === uri ? file.line + 1 : undefined;
  return uri ? (at ? [uri, at] : [uri]) : [];
}

function uriOf(file: ActiveFile | undefined): string[] {
  return file ? [file.uri] : [];
}

function shortened(message: string): string {
  return message.length > MESSAGE_LENGTH ? `${message.slice(0, MESSAGE_LENGTH - 1)}…` : message;
}
