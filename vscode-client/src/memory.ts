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

export interface Memory {
  id: string;
  kind: string;
  title: string;
  body: string;
  source: Source;
  score: number;
  terms: Record<string, number>;
  tier: string;
  status: string;
  pinned: boolean;
  trial?: boolean; // shown to find out whether it helps
  uses: number;
  why: string;
  episode?: Episode | null;
}

/** The branch, issue or session of work that a memory is part of. */
export interface Episode {
  kind: string;
  title: string;
  count: number;
}

export interface Suggestions {
  suggestions: Memory[];
}

/** A forgotten memory has no text any more. */
export interface Forgotten {
  id: string;
  time: string | null;
  commit: string | null;
  path: string | null;
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

const TERM_NAMES: Record<string, string> = { lex: "words", sem: "meaning", temp: "time" };
const NOTES: Record<string, string> = { commit: "change", file: "remark" };
const AGES: [string, number][] = [
  ["year", 365.25 * 86400],
  ["month", 30.44 * 86400],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

/** "3 years ago"; "" for a time that is not known. */
export function age(time: string | null, now: Date): string {
  const seconds = (now.getTime() - Date.parse(time ?? "")) / 1000;
  if (Number.isNaN(seconds)) return "";
  for (const [name, length] of AGES) {
    const count = Math.floor(seconds / length);
    if (count >= 1) return `${count} ${name}${count > 1 ? "s" : ""} ago`;
  }
  return "just now";
}

/** A note is the user's own only if the user wrote it. */
export function kindName({ kind, source }: Memory): string {
  return kind === "note" ? (NOTES[source.type ?? ""] ?? "your note") : kind.replaceAll("_", " ");
}

/** "fix · Ann Author · 3 years ago" */
export function summary(memory: Memory, now: Date): string {
  return [kindName(memory), memory.source.author, age(memory.source.time, now)].filter(Boolean).join(" · ");
}

/** "abc123def · src/a.py": where a memory was read. */
export function origin({ source }: Memory): string {
  const { commit, path, line } = source;
  const file = path && line && !commit ? `${path}:${line}` : path;
  return [commit?.slice(0, 9), file].filter(Boolean).join(" · ") || "your note";
}

/** "semantic · promoted · used twice": what became of a memory. */
export function standing({ tier, status, uses }: Memory): string {
  const used = uses ? `used ${uses === 1 ? "once" : `${uses} times`}` : "";
  return [tier && `${tier} tier`, status?.replaceAll("_", " "), used].filter(Boolean).join(" · ");
}

/** "place +0.55 · words +0.07", the largest first. */
export function shares(memory: Memory): string {
  return Object.entries(memory.terms)
    .filter(([, share]) => Math.abs(share) >= 0.005)
    .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
    .map(([term, share]) => `${TERM_NAMES[term] ?? term} ${share < 0 ? "−" : "+"}${Math.abs(share).toFixed(2)}`)
    .join(" · ");
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
