/** "Why is this line so?": the answer as a page beside the file, with its citations. */

import { Disposable, EventEmitter, Uri, commands, workspace } from "vscode";
import { Explanation, Memory, origin, summary } from "./memory";

const SCHEME = "mom-why";

export class WhyPages implements Disposable {
  private readonly pages = new Map<string, string>(); // Markdown, by URI
  private readonly changed = new EventEmitter<Uri>();
  private readonly registered = workspace.registerTextDocumentContentProvider(SCHEME, {
    onDidChange: this.changed.event,
    provideTextDocumentContent: (uri) => this.pages.get(uri.toString()) ?? "",
  });

  /** Show an answer about a line (from 1). */
  async show(file: Uri, line: number, code: string, told: Explanation): Promise<void> {
    await commands.executeCommand("markdown.showPreviewToSide", this.write(file, line, code, told));
  }

  /** Write the page of a line, or write it anew where it is shown. */
  write(file: Uri, line: number, code: string, told: Explanation): Uri {
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

function page(name: string, code: string, { answer, citations, generated }: Explanation): string {
  const cited = citations.map((memory, number) => `${number + 1}. ${citation(memory)}`);
  const origins = generated
    ? "Written by the language model on this machine, from these memories."
    : "In the words of these memories.";
  return [
    `# Why is ${escape(name)} so?`,
    code && fenced(code),
    escape(answer),
    ...(cited.length ? [cited.join("\n"), `*${origins}*`] : []),
  ]
    .filter(Boolean)
    .join("\n\n");
}

function citation(memory: Memory): string {
  const { url, commit } = memory.source;
  const from = url?.startsWith("https://") && commit ? `[${commit.slice(0, 9)}](${encodeURI(url)})` : escape(origin(memory));
  return `**${escape(memory.title)}** · ${escape(summary(memory, new Date()))} · ${from}`;
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
