/** "Show Source": the commit of a memory, read by the server, as a diff at the change of a line, or as a patch. */

import { Disposable, Range, TabInputTextDiff, Uri, commands, window, workspace } from "vscode";
import { Server, activeFile } from "./memory";

const SCHEME = "mom-source";
const MAX_DOCUMENTS = 40; // that can be opened again
const READ_AFTER = 10_000; // milliseconds

/** The answer to mom/source; lines are counted from 1. */
interface Source {
  title: string;
  commit: string;
  name: string;
  text: string;
  line: number;
  change: { path: string; old_path: string; before: string; after: string; line: number } | null;
}

export class Sources implements Disposable {
  private readonly texts = new Map<string, string>(); // by URI
  private readonly provider = workspace.registerTextDocumentContentProvider(SCHEME, {
    provideTextDocumentContent: (uri) => this.texts.get(uri.toString()) ?? "",
  });
  private reading: NodeJS.Timeout | undefined;

  constructor(private readonly server: Server) {}

  /** Show the commit of a memory; false if it has none. A line (from 1) says where in the document it was asked for. */
  async show(id: string, uri: string | undefined, line: number | undefined): Promise<boolean> {
    const file = activeFile();
    const at = line ?? (file && file.uri === uri ? file.line + 1 : undefined);
    const place = uri && { textDocument: { uri }, ...(at && { position: { line: at - 1, character: 0 } }) };
    const found = await this.server.ask<Source | null>("mom/source", { id, ...place });
    if (!found) return found === undefined; // an error was shown
    const shown = found.change ? await this.diff(found, found.change) : await this.patch(found);
    if (uri) this.countIfRead(shown, id, uri, at ?? 1);
    return true;
  }

  private async diff({ commit, title }: Source, change: NonNullable<Source["change"]>): Promise<Uri> {
    const before = this.document(`${commit.slice(0, 9)}~/${change.old_path}`, change.before);
    const after = this.document(`${commit.slice(0, 9)}/${change.path}`, change.after);
    const at = new Range(change.line - 1, 0, change.line - 1, 0);
    const options = { preview: false, selection: at }; // keeps an open preview
    await commands.executeCommand("vscode.diff", before, after, `${title} (${commit.slice(0, 9)})`, options);
    return after;
  }

  private async patch({ name, text, line }: Source): Promise<Uri> {
    const uri = this.document(name, text);
    await window.showTextDocument(uri, { preview: false, selection: new Range(line - 1, 0, line - 1, 0) });
    return uri;
  }

  private document(name: string, text: string): Uri {
    const uri = Uri.from({ scheme: SCHEME, path: `/${name}` });
    this.texts.delete(uri.toString());
    this.texts.set(uri.toString(), text);
    for (const oldest of this.texts.keys()) if (this.texts.size > MAX_DOCUMENTS) this.texts.delete(oldest);
    return uri;
  }

  /** Report a memory as read if its source is still the active tab after ten seconds. */
  private countIfRead(shown: Uri, id: string, uri: string, line: number): void {
    clearTimeout(this.reading);
    this.reading = setTimeout(() => {
      const input = window.tabGroups.activeTabGroup.activeTab?.input;
      const active = input instanceof TabInputTextDiff ? input.modified : window.activeTextEditor?.document.uri;
      if (active?.toString() !== shown.toString() || !this.server.isRunning) return;
      const place = { textDocument: { uri }, position: { line: line - 1, character: 0 } };
      void this.server.request("mom/opened", { id, ...place });
    }, READ_AFTER);
  }

  dispose(): void {
    clearTimeout(this.reading);
    this.provider.dispose();
  }
}
