/** Opens the report of a folder in the browser: `mom report` writes it into the extension's storage. */

import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { promisify } from "node:util";
import { ExtensionContext, ProgressLocation, Uri, WorkspaceFolder, env, window, workspace } from "vscode";
import { findServer } from "./find";
import { activeFile } from "./memory";

const run = promisify(execFile);

export async function openReport(context: ExtensionContext): Promise<void> {
  const [folder, command] = [await chosenFolder(), await findServer(context)];
  if (!folder || !command) return;
  const file = Uri.joinPath(context.globalStorageUri, `report-${folder.name}.html`);
  const args = ["-C", folder.uri.fsPath, "report", "--output", file.fsPath];
  try {
    await workspace.fs.createDirectory(context.globalStorageUri);
    const title = "Mixture of Memories: creating the report";
    await window.withProgress({ location: ProgressLocation.Notification, title }, () =>
      run(command, args, { cwd: homedir() }), // never in the workspace
    );
    await env.openExternal(file);
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    void window.showWarningMessage(`Mixture of Memories: ${stderr?.replace(/^mom: /, "").trim() || String(error)}`);
  }
}

/** Return the folder of the active file, or the one that the user picks if there are several. */
async function chosenFolder(): Promise<WorkspaceFolder | undefined> {
  const folders = workspace.workspaceFolders ?? [];
  return activeFile()?.folder ?? (folders.length > 1 ? window.showWorkspaceFolderPick() : folders[0]);
}
