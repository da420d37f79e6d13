/** Memories as the server sends them, and their one-line summaries. Requests beyond LSP are documented in the server. */

import { CancellationToken, Disposable, TextDocument, WorkspaceFolder, window, workspace } from "vscode";

export interface Source {
  type?: "commit" | "file" | "user" | "discussion";
  commit: string | null;
  author: string;
  time: string | null;
  path: string | null;
  line: number | null;
  url: string | null;
  discussion?: { name: string } | null; // "review of #1129"
}

/** Finished phrases: the server words them for all editors. */
export interface Phrases {
  kind: string;
  age: string;
  relevance: string; // "61% useful: wrote this line"
  domain: string; // "in lib/vtls: openssl, certificates"
  marks: string[];
  life: string;
  proven: string; // "proven: accepted 4 of 5 times in `parse_url`"
  failure: string;
  episode: string;
  shares: Record<string, string>; // by term, the largest first
}

export interface Memory {
  id: string;
  kind: string;
  title: string;
  body: string;
  source: Source;
  pinned: boolean;
  phrases: Phrases;
  episode?: Episode | null;
}

/** The branch, issue or session of work that a memory is part of. */
export interface Episode {
  kind: string;
  title: string;
}

export interface Suggestions {
  suggestions: Memory[];
  weak?: boolean; // none of the answers to a search stands out
  words_only?: boolean; // it was not searched by meaning, although it should be
  unindexed?: boolean; // nothing is indexed yet
}

/** A forgotten memory, whose text is erased. */
export interface Forgotten {
  id: string;
  phrases: { name: string; age: string };
}

/** The answer to mom/kept. */
export interface Kept {
  pinned: Memory[];
  promoted: Memory[];
  useful: Memory[];
  forgotten: Forgotten[];
}

/** The answer to mom/view: all that the view shows as the cursor rests. */
export interface Contents extends Kept {
  line: Memory[];
  file: Memory[];
}

/** A group of memories by place and topic, in the answer to mom/domains. */
export interface Domain {
  name: string;
  memories: number;
}

/** The answer to mom.why: sentences that cite memories by number. */
export interface Explanation {
  answer: string;
  citations: Memory[];
  generated: boolean;
  page: string; // all of it as Markdown
}

/** The running server. */
export interface Server {
  readonly isRunning: boolean;
  request<T>(method: string, params: object, token?: CancellationToken): Promise<T>;
  /** Send a request for the user: an error is shown, and the answer is undefined. */
  ask<T>(method: string, params: object): Promise<T | undefined>;
  /** Run a server command in the same way. */
  execute<T>(command: string, ...args: unknown[]): Promise<T | undefined>;
}

/** "fix · 3 years ago · Ann Author" */
export function summary({ phrases, source }: Memory): string {
  return [phrases.kind, phrases.age, source.author].filter(Boolean).join(" · ");
}

/** Return the numbers behind a memory's relevance: the shares of the terms; its status and how far it has faded. */
export function numbers({ phrases }: Memory): string[] {
  const shares = Object.values(phrases.shares).join(" · ");
  return [shares && `Score (log-odds): ${shares}`, phrases.life].filter(Boolean);
}

/** "abc123def · src/a.py", "review of #12 · src/a.py": the source of a memory. */
export function origin({ phrases, source }: Memory): string {
  const { commit, discussion, path, line } = source;
  const file = path && line && !commit ? `${path}:${line}` : path;
  return [discussion?.name ?? commit?.slice(0, 9), file].filter(Boolean).join(" · ") || phrases.kind;
}

/** A file of the workspace, and the cursor's line in it (from 0). */
export interface ActiveFile {
  document: TextDocument;
  folder: WorkspaceFolder;
  uri: string;
  line: number;
}

export const NO_FILE = "Open a file of this workspace first.";

/** Return the file of the active editor, if it is one of the workspace: the server knows no others. */
export function activeFile(): ActiveFile | undefined {
  const editor = window.activeTextEditor;
  const folder = editor && workspace.getWorkspaceFolder(editor.document.uri);
  if (!folder || editor.document.uri.scheme !== "file") return undefined;
  const { document, selection } = editor;
  return { document, folder, uri: document.uri.toString(), line: selection.active.line };
}

/** Debounces a function: runs it once no call has come for some time. */
export class Debouncer implements Disposable {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly delay: number,
    private readonly run: () => unknown,
  ) {}

  schedule(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.run(), this.delay);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}
