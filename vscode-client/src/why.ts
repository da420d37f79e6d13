/** "Explain This Line": the answer with its citations, as a preview beside the file. */

import { Disposable, EventEmitter, ProgressLocation, Uri, commands, window, workspace } from "vscode";
import { Explanation, NO_FILE, Server, activeFile } from "./memory";

const SCHEME = "mom-why";
const ASKING = "Rephrasing with the local model";
const REMEMBER = "Save answer as note";

export class Why implements Disposable {
  private readonly pages = new Map<string, string>(); // Markdown, by URI
  private readonly cited = new Map<string, { id: string; uri: string; line: number }>(); // by the path of a link
  private readonly changed = new EventEmitter<Uri>();
  private readonly provider = workspace.registerTextDocumentContentProvider(SCHEME, {
    onDidChange: this.changed.event,
    provideTextDocumentContent: (uri) => this.pages.get(uri.toString()) ?? this.source(uri),
  });

  constructor(private readonly server: Server) {}

  /** Ask about a line, and show the answer; a local model's answer replaces it. */
  async ask(args: unknown[]): Promise<unknown> {
    const [first, second] = args;
    const file = activeFile();
    const uri = typeof first === "string" ? first : file?.uri;
    const line = typeof second === "number" ? second : (file?.line ?? -1) + 1;
    if (!uri || !line) return window.showWarningMessage(NO_FILE);
    const quoted = await this.server.execute<Explanation>("mom.why", uri, line, false);
    if (!quoted) return undefined;
    await this.show(Uri.parse(uri), line, quoted);
    const generated = await this.generate(uri, line);
    if (!generated?.generated) return quoted;
    this.write(Uri.parse(uri), line, generated);
    void this.offerToRemember(generated.answer, uri, line);
    return generated;
  }

  /** Return the local model's answer, if there is a model; cancelling stops it, and the quoted answer stays. */
  private async generate(uri: string, line: number): Promise<Explanation | undefined> {
    const status = await this.server.execute<{ model: { rephrases: boolean } }>("mom.status", uri);
    if (!status?.model.rephrases) return undefined;
    const asking = { location: ProgressLocation.Notification, title: ASKING, cancellable: true };
    const command = { command: "mom.why", arguments: [uri, line, false, true] };
    return window.withProgress(asking, async (_, token) => {
      try {
        return await this.server.request<Explanation>("workspace/executeCommand", command, token);
      } catch (error) {
        if (!token.isCancellationRequested) throw error;
        return undefined;
      }
    });
  }

  /** Offer to save a model's answer as a memory. */
  private async offerToRemember(answer: string, uri: string, line: number): Promise<void> {
    const chosen = await window.showInformationMessage(answer, REMEMBER);
    if (chosen) await this.server.execute("mom.remember", answer, uri, line, true);
  }

  /** Show an answer about a line (from 1). */
  private async show(file: Uri, line: number, answer: Explanation): Promise<void> {
    await commands.executeCommand("markdown.showPreviewToSide", this.write(file, line, answer));
  }

  /** Write or update the page of a line. */
  private write(file: Uri, line: number, answer: Explanation): Uri {
    const name = `${workspace.asRelativePath(file)}:${line}`;
    const uri = Uri.from({ scheme: SCHEME, path: `/Why ${name.replaceAll("/", "∕")}.md` });
    this.pages.set(uri.toString(), answer.page);
    for (const { id, source } of answer.citations) {
      if (source.commit) this.cited.set(`/${source.commit.slice(0, 9)}.diff`, { id, uri: file.toString(), line });
    }
    this.changed.fire(uri);
    return uri;
  }

  /** Return the commit to which a page is linked. */
  private async source({ path }: Uri): Promise<string> {
    const cited = this.cited.get(path);
    if (!cited) return "";
    const place = { textDocument: { uri: cited.uri }, position: { line: cited.line - 1, character: 0 } };
    const found = await this.server.ask<{ text: string } | null>("mom/source", { id: cited.id, ...place });
    return found?.text ?? "";
  }

  dispose(): void {
    this.provider.dispose();
    this.changed.dispose();
  }
}
