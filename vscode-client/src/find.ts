/** Finds the `mom` command: by the setting, in the extension's own environment, in the workspace's Python environment (if
 * it is trusted), on the PATH, and in the user's tool folder. */

import { constants, promises as fs } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { ExtensionContext, Uri, commands, env, extensions, window, workspace } from "vscode";

const NAME = process.platform === "win32" ? "mom.exe" : "mom";
const BIN = process.platform === "win32" ? "Scripts" : "bin";
const INSTALL = "pipx install mom-lsp";

interface PythonApi {
  environments?: { getActiveEnvironmentPath(resource?: Uri): { path: string } };
}

/** Return the path of the command, undefined if there is none. */
export async function findServer(context: ExtensionContext): Promise<string | undefined> {
  const set = workspace.getConfiguration("mom").get<string>("server.path", "").trim();
  if (set) return (await isExecutable(untilde(set))) ? untilde(set) : undefined;
  for (const folder of [...bundled(context), ...(await candidates())]) {
    const file = path.join(folder, NAME);
    if (path.isAbsolute(file) && (await isExecutable(file))) return file; // a relative PATH entry could name a repository's
  }
  return undefined;
}

/** Show how to install the server; resolves to whether to retry. */
export async function offerInstall(): Promise<boolean> {
  const set = workspace.getConfiguration("mom").get<string>("server.path", "").trim();
  const problem = set
    ? `the setting mom.server.path is ${set}, which is not an executable file`
    : `the command \`mom\` is not installed, or not on the PATH. Install it with: ${INSTALL}`;
  const [copy, choose, retry] = ["Copy Command", "Open Setting", "Retry"];
  const chosen = await window.showWarningMessage(
    `Mixture of Memories: ${problem}`,
    ...(set ? [] : [copy]),
    choose,
    retry,
  );
  if (chosen === copy) return copyInstall();
  if (chosen === choose) await commands.executeCommand("workbench.action.openSettings", "mom.server.path");
  return chosen === retry;
}

/** Copy the install command; resolves to whether to retry. */
export async function copyInstall(): Promise<boolean> {
  const [terminal, retry] = ["Open Terminal", "Retry"];
  await env.clipboard.writeText(INSTALL);
  const chosen = await window.showInformationMessage("Command copied. Run it in a terminal, then retry.", terminal, retry);
  if (chosen === terminal) window.createTerminal("Install mom-lsp").show();
  if (chosen === retry) await commands.executeCommand("mom.look");
  return false;
}

/** Environments bundled with the extension, or installed into its storage folder. */
function bundled(context: ExtensionContext): string[] {
  return [path.join(context.extensionPath, "server", BIN), path.join(context.globalStorageUri.fsPath, "server", BIN)];
}

async function candidates(): Promise<string[]> {
  const folders: string[] = [];
  if (workspace.isTrusted) {
    for (const folder of workspace.workspaceFolders ?? []) {
      const python = await pythonOf(folder.uri);
      if (python) folders.push(path.dirname(python));
      for (const name of [".venv", "venv"]) folders.push(path.join(folder.uri.fsPath, name, BIN));
    }
  }
  folders.push(...(process.env.PATH ?? "").split(path.delimiter));
  folders.push(path.join(homedir(), ".local", "bin")); // of pipx and uv; a desktop's PATH may lack it
  return folders;
}

/** Return the interpreter selected in the Python extension, if any. */
async function pythonOf(folder: Uri): Promise<string | undefined> {
  const extension = extensions.getExtension<PythonApi>("ms-python.python");
  try {
    const chosen = (await extension?.activate())?.environments?.getActiveEnvironmentPath(folder).path;
    return chosen && path.isAbsolute(chosen) ? chosen : undefined;
  } catch {
    return undefined; // another extension's failure is not ours
  }
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await fs.access(file, constants.X_OK);
    return (await fs.stat(file)).isFile();
  } catch {
    return false;
  }
}

function untilde(file: string): string {
  return file.startsWith("~/") ? path.join(homedir(), file.slice(2)) : file;
}
