/** "Explain This Line": the answer with its citations, as a preview beside the file. */

import { Disposable, EventEmitter, ProgressLocation, Uri, commands, window, workspace } from "vscode";
import { Explanation, Memory, Server, activeFile, origin as originOf, summary } from "./memory";

const SCHEME = "mom-why";
const ASKING = "Rephrasing with the local model";
const REMEMBER = "Save answer as note";

export class Why implements Disposable {
  private readonly pages = new Map<string, string>(); // Markdown, by URI
  private readonly changed = new EventEmitter<Uri>();
  private readonly provider = workspace.registerTextDocumentContentProvider(SCHEME, {
    onDidChange: this.changed.event,
    provideTextDocumentContent: (uri) => this.pages.get(uri.toString()) ?? "",
  });

  constructor(private readonly server: Server) {}

  /** Ask about a line, and show the answer; a local model's answer replaces it. */
  async ask(args: unknown[]): Promise<unknown> {
    const [first, second] = args;
    const file = activeFile();
    const uri = typeof first === "string" ? first : file?.uri;
    const line = typeof second === "number" ? second : (file?.line ?? -1) + 1;
    if (!uri || !line) return window.showWarningMessage("Open a file first.");
    const quoted = await this.server.execute<Explanation>("mom.why", uri, line, false);
    const code = file?.uri === uri ? file.document.lineAt(line - 1).text.trim() : "";
    if (!quoted) return undefined;
    await this.show(Uri.parse(uri), line, code, quoted);
    const generated = await this.generate(uri, line);
    if (!generated?.generated) return quoted;
    this.write(Uri.parse(uri), line, code, generated);
    void this.offerToRemember(generated.answer, uri, line);
    return generated;
  }

  /** Return the local model's answer, if there is a model; cancelling stops it, and the quoted answer stays. */
  private async generate(uri: string, line: number): Promise<Explanation | undefined> {
    const status = await this.server.execute<{ model: { problem: string | null } }>("mom.status", uri);
    if (!status || status.model.problem) return undefined;
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
  private async show(file: Uri, line: number, code: string, answer: Explanation): Promise<void> {
    await commands.executeCommand("markdown.showPreviewToSide", this.write(file, line, code, answer));
  }

  /** Write or update the page of a line. */
  private write(file: Uri, line: number, code: string, answer: Explanation): Uri {
    const name = `${workspace.asRelativePath(file)}:${line}`;
    const uri = Uri.from({ scheme: SCHEME, path: `/Why ${name.replaceAll("/", "∕")}.md` });
    this.pages.set(uri.toString(), page(name, code, answer));
    this.changed.fire(uri);
    return uri;
  }

  dispose(): void {
    this.provider.dispose();
    this.changed.dispose();
  }
}

function page(name: string, code: string, { answer, citations, origin }: Explanation): string {
  const cited = citations.map((memory, number) => `${number + 1}. ${citation(memory)}`);
  return [
    `# Why is ${escape(name)} the way it is?`,
    code && fenced(code),
    escape(answer),
    ...(cited.length ? [cited.join("\n"), `*${escape(origin)}*`] : []),
  ]
    .filter(Boolean)
    .join("\n\n");
}

function citation(memory: Memory): string {
  const { url, commit } = memory.source;
  const from = url?.startsWith("https://") && commit ? `[${commit.slice(0, 9)}](${encodeURI(url)})` : escape(originOf(memory));
  return `**${escape(memory.title)}** · ${escape(summary(memory))} · ${from}`;
}

/** Escape Markdown: text from the repository is never markup. */
function escape(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[\\`*_{}[\]()<>#+!|~&@:-]/g, "\\$&");
}

function fenced(code: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${code}\n${fence}`;
}
