/** The rows of the Memories view, and how they look. */

import * as vscode from "vscode";
import { Forgotten, Memory, origin, summary } from "./memory";

const ICONS: Record<string, string> = {
  decision: "law",
  fix: "wrench",
  bug_pattern: "bug",
  anti_pattern: "thumbsdown",
  failed_approach: "circle-slash",
  workaround: "debug-step-over",
  optimisation: "rocket",
  convention: "checklist",
  known_issue: "issues",
};
const BODY_LINES = 12;

/** A row of the tree. VS Code knows it by the object, and its state (unfolded, in focus) by the id. */
export type Row = Group | Entry | Detail;

/** What a group holds. */
type Entry = MemoryRow | ForgottenRow | Nothing;

export interface Group {
  type: "group";
  id: string;
  label: string;
  rows: Entry[];
  folded?: boolean; // until the user unfolds it
}

interface MemoryRow {
  type: "memory";
  id: string;
  memory: Memory;
}

interface ForgottenRow {
  type: "forgotten";
  id: string;
  forgotten: Forgotten;
}

/** What stands in a group that is empty: the group itself stays as the user left it. */
interface Nothing {
  type: "nothing";
  id: string;
  label: string;
}

export interface Detail {
  type: "detail";
  label: string;
  icon: string;
  of: Memory;
  opens?: boolean;
  related?: Memory;
  unfolds?: boolean; // into the other memories of the episode
}

/** How a row looks. */
export function itemOf(row: Row): vscode.TreeItem {
  switch (row.type) {
    case "group":
      return groupItem(row);
    case "memory":
      return memoryItem(row);
    case "forgotten":
      return forgottenItem(row);
    case "nothing":
      return nothingItem(row);
    case "detail":
      return detailItem(row);
  }
}

export function group(id: string, label: string, memories: Memory[], empty = ""): Group {
  const rows = memories.map((memory): Entry => ({ type: "memory", id: `${id}/${memory.id}`, memory }));
  return { type: "group", id, label, rows: rows.length ? rows : [{ type: "nothing", id: `${id}/nothing`, label: empty }] };
}

export function forgottenGroup(all: Forgotten[]): Group {
  const rows = all.map((forgotten): Entry => ({ type: "forgotten", id: `forgotten/${forgotten.id}`, forgotten }));
  return { type: "group", id: "forgotten", label: "Forgotten", rows, folded: true };
}

function groupItem({ id, label, rows, folded }: Group): vscode.TreeItem {
  const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(label, folded ? Collapsed : Expanded);
  item.id = id; // not the line's number: its group stays open (or shut) when the cursor moves
  if (folded) item.description = String(rows.length);
  return item;
}

function nothingItem({ id, label }: Nothing): vscode.TreeItem {
  const item = new vscode.TreeItem("");
  item.id = id;
  item.description = label;
  item.accessibilityInformation = { label };
  return item;
}

function forgottenItem({ id, forgotten }: ForgottenRow): vscode.TreeItem {
  const item = new vscode.TreeItem(forgotten.phrases.name);
  item.id = id;
  item.description = forgotten.phrases.age;
  item.iconPath = new vscode.ThemeIcon("trash");
  item.contextValue = "forgotten";
  item.tooltip = "Its text is gone from the index. Restoring it has it read from the repository again.";
  return item;
}

function memoryItem({ id, memory }: MemoryRow): vscode.TreeItem {
  const item = new vscode.TreeItem(memory.title, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = id;
  const marks = memory.phrases.marks.filter((mark) => mark !== "pinned"); // which the icon shows
  item.description = [summary(memory), ...marks].join(" · ");
  item.iconPath = new vscode.ThemeIcon(memory.pinned ? "pinned" : icon(memory));
  item.contextValue = memory.pinned ? "memory.pinned" : "memory.free";
  item.tooltip = tooltip(memory);
  item.accessibilityInformation = { label: `${memory.title}, ${item.description}${memory.pinned ? ", pinned" : ""}` };
  return item;
}

/** A pencil for the user's own notes; a routine change has the same kind, and is none. */
function icon({ kind, source }: Memory): string {
  if (kind === "note") return source.type === "user" ? "edit" : "git-commit";
  return ICONS[kind] ?? "history";
}

/** What a memory unfolds into: its figures, its text, and the memories that are named in it or name it. */
export function detailsOf(memory: Memory, related: Memory[]): Detail[] {
  const rows: Detail[] = [];
  const add = (icon: string, label: string, more: Partial<Detail> = {}) =>
    label && rows.push({ type: "detail", icon, label, of: memory, ...more });
  add("lightbulb", memory.why);
  add(memory.source.commit ? "git-commit" : "file-code", origin(memory), { opens: true });
  add("graph", Object.values(memory.phrases.shares).join(" · "));
  add("layers", memory.phrases.life);
  add("circle-slash", memory.phrases.failure);
  const text = memory.body.split("\n").filter((line) => line.trim());
  for (const line of text.slice(0, BODY_LINES)) add("blank", line.trim());
  for (const one of related) add("link", one.title, { related: one, opens: true });
  add("versions", memory.phrases.episode, { unfolds: true });
  return rows;
}

function detailItem(detail: Detail): vscode.TreeItem {
  const { None, Collapsed } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(detail.label, detail.unfolds ? Collapsed : None);
  item.iconPath = new vscode.ThemeIcon(detail.icon);
  item.tooltip = detail.label;
  if (detail.related) item.description = summary(detail.related);
  if (detail.opens) {
    item.command = { command: "mom.open", title: "Show Source", arguments: [detail] };
    item.tooltip = `${detail.label}: open`;
  }
  return item;
}

/** What a repository says is text, never markup. */
function tooltip(memory: Memory): vscode.MarkdownString {
  const text = new vscode.MarkdownString().appendMarkdown("**").appendText(memory.title).appendMarkdown("**\n\n");
  if (memory.body) text.appendCodeblock(memory.body.slice(0, 1000), "text");
  return text.appendText([memory.phrases.kind, origin(memory)].join(" · "));
}
