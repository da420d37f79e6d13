/** The rows of the Memories view, and their tree items. */

import * as vscode from "vscode";
import { Domain, Forgotten, Memory, numbers, origin, summary } from "./memory";

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
export const DOMAINS = "domains"; // id of the group of all domains

/** A row of the tree. VS Code identifies it by the object, and its state (expanded, focused) by the id. */
export type Row = Group | Entry | DomainRow | Detail;

/** A row of a group. */
type Entry = MemoryRow | ForgottenRow | EmptyRow;

export interface Group {
  type: "group";
  id: string;
  label: string;
  rows: Entry[];
  collapsed?: boolean; // until the user expands it
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

/** A domain, which expands to its memories that are most worth reading. */
export interface DomainRow {
  type: "domain";
  id: string;
  domain: Domain;
}

/** The row of an empty group: the group itself stays expanded or collapsed. */
interface EmptyRow {
  type: "empty";
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
  children?: Detail[];
  isEpisode?: boolean; // expands to the other memories of the episode
}

/** Return the tree item of a row. */
export function itemOf(row: Row): vscode.TreeItem {
  switch (row.type) {
    case "group":
      return groupItem(row);
    case "memory":
      return memoryItem(row);
    case "forgotten":
      return forgottenItem(row);
    case "domain":
      return domainItem(row);
    case "empty":
      return emptyItem(row);
    case "detail":
      return detailItem(row);
  }
}

export function group(id: string, label: string, memories: Memory[], empty = ""): Group {
  const rows: Entry[] = memoryRows(id, memories);
  return { type: "group", id, label, rows: rows.length ? rows : [{ type: "empty", id: `${id}/empty`, label: empty }] };
}

export function memoryRows(id: string, memories: Memory[]): MemoryRow[] {
  return memories.map((memory) => ({ type: "memory", id: `${id}/${memory.id}`, memory }));
}

/** Return the group of all domains, whose rows are asked for once it is expanded. */
export function domainsGroup(): Group {
  return { type: "group", id: DOMAINS, label: "Domains", rows: [], collapsed: true };
}

export function domainRows(all: Domain[]): DomainRow[] {
  return all.map((domain) => ({ type: "domain", id: `${DOMAINS}/${domain.name}`, domain }));
}

export function forgottenGroup(all: Forgotten[]): Group {
  const rows = all.map((forgotten): Entry => ({ type: "forgotten", id: `forgotten/${forgotten.id}`, forgotten }));
  return { type: "group", id: "forgotten", label: "Forgotten", rows, collapsed: true };
}

function groupItem({ id, label, rows, collapsed }: Group): vscode.TreeItem {
  const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(label, collapsed ? Collapsed : Expanded);
  item.id = id; // without the line's number: the group stays expanded or collapsed when the cursor moves
  if (collapsed && rows.length) item.description = String(rows.length);
  return item;
}

function domainItem({ id, domain: { name, memories } }: DomainRow): vscode.TreeItem {
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = id;
  item.description = memories.toLocaleString();
  item.iconPath = new vscode.ThemeIcon("folder-library");
  item.contextValue = "domain";
  item.tooltip = `${name}\n${memories.toLocaleString()} memories`;
  item.accessibilityInformation = { label: `${name}, ${memories.toLocaleString()} memories` };
  return item;
}

function emptyItem({ id, label }: EmptyRow): vscode.TreeItem {
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
  item.tooltip = "Its text was erased from the index. Restore indexes it again.";
  return item;
}

function memoryItem({ id, memory }: MemoryRow): vscode.TreeItem {
  const item = new vscode.TreeItem(memory.title, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = id;
  const marks = memory.phrases.marks.filter((mark) => mark !== "pinned"); // the icon shows that
  item.description = [summary(memory), ...marks].join(" · ");
  item.iconPath = new vscode.ThemeIcon(memory.pinned ? "pinned" : icon(memory));
  item.contextValue = memory.pinned ? "memory.pinned" : "memory.free";
  item.tooltip = tooltip(memory);
  item.accessibilityInformation = { label: `${memory.title}, ${item.description}${memory.pinned ? ", pinned" : ""}` };
  return item;
}

/** Return a kind's icon. The kind "note" is also that of a routine commit. */
function icon({ kind, source }: Memory): string {
  if (source.type === "discussion") return kind === "failed_approach" ? "git-pull-request-closed" : "comment-discussion";
  if (kind === "note") return source.type === "user" ? "edit" : "git-commit";
  return ICONS[kind] ?? "history";
}

/** Return a memory's details: relevance, source, text, the memories it refers to or is referred to by, and its episode. */
export function detailsOf(memory: Memory, related: Memory[]): Detail[] {
  const rows: Detail[] = [];
  const add = (icon: string, label: string, more: Partial<Detail> = {}) =>
    label && rows.push({ type: "detail", icon, label, of: memory, ...more });
  add("lightbulb", memory.phrases.relevance);
  add(memory.source.discussion ? "link-external" : memory.source.commit ? "git-commit" : "file-code", origin(memory), { opens: true });
  add("verified", memory.phrases.proven);
  add("circle-slash", memory.phrases.failure);
  const text = memory.body.split("\n").filter((line) => line.trim());
  for (const line of text.slice(0, BODY_LINES)) add("blank", line.trim());
  for (const one of related) add("link", one.title, { related: one, opens: true });
  add("versions", memory.phrases.episode, { isEpisode: true });
  const children = numbers(memory).map((label): Detail => ({ type: "detail", icon: "blank", label, of: memory }));
  if (children.length) add("graph", "Why this?", { children });
  return rows;
}

function detailItem(detail: Detail): vscode.TreeItem {
  const { None, Collapsed } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(detail.label, detail.children || detail.isEpisode ? Collapsed : None);
  item.iconPath = new vscode.ThemeIcon(detail.icon);
  item.tooltip = detail.label;
  if (detail.related) item.description = summary(detail.related);
  if (detail.opens) {
    item.command = { command: "mom.open", title: "Show Source", arguments: [detail] };
    item.tooltip = `${detail.label}: open`;
  }
  return item;
}

/** Return a memory as a tooltip; text from the repository is never markup. */
function tooltip(memory: Memory): vscode.MarkdownString {
  const text = new vscode.MarkdownString().appendMarkdown("**").appendText(memory.title).appendMarkdown("**\n\n");
  if (memory.body) text.appendCodeblock(memory.body.slice(0, 1000), "text");
  return text.appendText([memory.phrases.kind, origin(memory)].join(" · "));
}
