/** A quick pick of memories, each with a button to pin it. */

import * as vscode from "vscode";
import { Memory, origin, summary } from "./memory";

interface MemoryItem extends vscode.QuickPickItem {
  memory: Memory;
}

const PIN: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon("pin"), tooltip: "Pin" };

/** Let the user choose a memory, with the domain of each if asked to; undefined if none is chosen. */
export function pickMemory(
  memories: Memory[],
  title: string,
  placeholder: string | undefined,
  pin: (memory: Memory) => unknown,
  withDomains = false,
): Promise<Memory | undefined> {
  const pick = vscode.window.createQuickPick<MemoryItem>();
  Object.assign(pick, { title, placeholder, matchOnDescription: true, matchOnDetail: true });
  pick.items = memories.map((memory) => ({
    memory,
    label: memory.title,
    description: memory.pinned ? "$(pinned)" : "",
    detail: [summary(memory), origin(memory), withDomains && memory.phrases.domain].filter(Boolean).join(" · "),
    buttons: memory.pinned ? [] : [PIN],
  }));
  return new Promise((resolve) => {
    pick.onDidTriggerItemButton(({ item }) => pin(item.memory));
    pick.onDidAccept(() => {
      resolve(pick.activeItems[0]?.memory);
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}
