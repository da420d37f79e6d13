/** Memories as the server sends them, and how they read. Requests beyond the standard are documented in the server. */

import { CancellationToken, Disposable, TextDocument, window } from "vscode";

export interface Source {
  type?: "commit" | "file" | "user";
  commit: string | null;
  author: string;
  time: string | null;
  path: string | null;
  line: number | null;
  url: string | null;
}

/** Finished phrases: the server says how things are worded. */
export interface Phrases {
  kind: string;
  age: string;
  marks: string[];
  life: string;
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
  why: string;
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
}

/** A forgotten memory has no text any more. */
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

/** The answer to mom.why: sentences that cite memories by number. */
export interface Explanation {
  answer: string;
  citations: Memory[];
  generated: boolean;
  origin: string; // whose words they are
}

/** What answers: the running server. */
export interface Server {
  readonly isRunning: boolean;
  request<T>(method: string, params: object, stop?: CancellationToken): Promise<T>;
  /** Ask for the user, who is told of an error; then the answer is undefined. */
  ask<T>(method: string, params: object): Promise<T | undefined>;
  /** Run a server command, likewise. */
  execute<T>(command: string, ...args: unknown[]): Promise<T | undefined>;
}

/** "fix · Ann Author · 3 years ago" */
export function summary({ phrases, source }: Memory): string {
  return [phrases.kind, source.author, phrases.age].filter(Boolean).join(" · ");
}

/** "abc123def · src/a.py": where a memory was read. */
export function origin({ phrases, source }: Memory): string {
  const { commit, path, line } = source;
  const file = path && line && !commit ? `${path}:${line}` : path;
  return [commit?.slice(0, 9), file].filter(Boolean).join(" · ") || phrases.kind;
}

/** The file that the user is in, if it is one on the disk. */
export function activeFile(): { document: TextDocument; uri: string; line: number } | undefined {
  const editor = window.activeTextEditor;
  if (!editor || editor.document.uri.scheme !== "file") return undefined;
  return { document: editor.document, uri: editor.document.uri.toString(), line: editor.selection.active.line };
}

/** Call a function once nothing has asked for it for some time. */
export class Later implements Disposable {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly delay: number,
    private readonly run: () => unknown,
  ) {}

  soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.run(), this.delay);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}
