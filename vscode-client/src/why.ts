/** "Why is this line so?": the answer as a page beside the file, with its citations. */

import { Disposable, EventEmitter, ProgressLocation, Uri, commands, window, workspace } from "vscode";
import { Explanation, Memory, Server, activeFile, origin as originOf, summary } from "./memory";

const SCHEME = "mom-why";
const ASKING = "Asking the local model why";
const REMEMBER = "Remember this answer";

export class Why implements Disposable {
  private readonly pages = new Map<string, string>(); // Markdown, by URI
  private readonly changed = new EventEmitter<Uri>();
  private readonly registered = workspace.registerTextDocumentContentProvider(SCHEME, {
    onDidChange: this.changed.event,
    provideTextDocumentContent: (uri) => this.pages.get(uri.toString()) ?? "",
  });

  constructor(private readonly server: Server) {}

  /** Ask about a line, and show the answer; a local model's comes in its place. */
  async ask(args: unknown[]): Promise<unknown> {
    const [first, second] = args;
    const file = activeFile();
    const uri = typeof first === "string" ? first : file?.uri;
    const line = typeof second === "number" ? second : (file?.line ?? -1) + 1;
    if (!uri || !line) return window.showWarningMessage("Open a file first: the question is about a line.");
    const told = await this.server.execute<Explanation>("mom.why", uri, line, false);
    const code = file?.uri === uri ? file.document.lineAt(line - 1).text.trim() : "";
    if (!told) return undefined;
    await this.show(Uri.parse(uri), line, code, told);
    const worded = await this.reworded(uri, line);
    if (!worded?.generated) return told;
    this.write(Uri.parse(uri), line, code, worded);
    void this.offer(worded.answer, uri, line);
    return worded;
  }

  /** Have the local model, where there is one, word an answer; cancelling stops the model, and what was told stands. */
  private async reworded(uri: string, line: number): Promise<Explanation | undefined> {
    const status = await this.server.execute<{ model: { problem: string | null } }>("mom.status", uri);
    if (!status || status.model.problem) return undefined;
    const asking = { location: ProgressLocation.Notification, title: ASKING, cancellable: true };
    const command = { command: "mom.why", arguments: [uri, line, false, true] };
    return window.withProgress(asking, async (_, stop) => {
      try {
        return await this.server.request<Explanation>("workspace/executeCommand", command, stop);
      } catch (error) {
        if (!stop.isCancellationRequested) throw error;
        return undefined;
      }
    });
  }

  /** What a model says becomes a memory only if the user wants it. */
  private async offer(answer: string, uri: string, line: number): Promise<void> {
    const chosen = await window.showInformationMessage(answer, REMEMBER);
    if (chosen) await this.server.execute("mom.remember", answer, uri, line, true);
  }

  /** Show an answer about a line (from 1). */
  private async show(file: Uri, line: number, code: string, told: Explanation): Promise<void> {
    await commands.executeCommand("markdown.showPreviewToSide", this.write(file, line, code, told));
  }

  /** Write the page of a line, or write it anew where it is shown. */
  private write(file: Uri, line: number, code: string, told: Explanation): Uri {
    const name = `${workspace.asRelativePath(file)}:${line}`;
    const uri = Uri.from({ scheme: SCHEME, path: `/Why ${name.replaceAll("/", "∕")}.md` });
    this.pages.set(uri.toString(), page(name, code, told));
    this.changed.fire(uri);
    return uri;
  }

  dispose(): void {
    this.registered.dispose();
    this.changed.dispose();
  }
}

function page(name: string, code: string, { answer, citations, origin }: Explanation): string {
  const cited = citations.map((memory, number) => `${number + 1}. ${citation(memory)}`);
  return [
    `# Why is ${escape(name)} so?`,
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

/** What a repository says is text, never markup. */
function escape(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[\\`*_{}[\]()<>#+!|~&@:-]/g, "\\$&");
}

function fenced(code: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${code}\n${fence}`;
}
