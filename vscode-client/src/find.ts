/** Where the `mom` command is: the setting, an environment of the extension's own, the workspace's Python environment (if
 * it is trusted), PATH, and where tools of the user are. */

import { constants, promises as fs } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { ExtensionContext, Uri, commands, env, extensions, window, workspace } from "vscode";

const NAME = process.platform === "win32" ? "mom.exe" : "mom";
const BIN = process.platform === "win32" ? "Scripts" : "bin";
const INSTALL = "pipx install 'mom-lsp[encode]'";

interface PythonApi {
  environments?: { getActiveEnvironmentPath(resource?: Uri): { path: string } };
}

/** Return the path of the command, undefined if there is none. */
export async function findServer(context: ExtensionContext): Promise<string | undefined> {
  const set = workspace.getConfiguration("mom").get<string>("server.path", "").trim();
  if (set) return (await isExecutable(untilde(set))) ? untilde(set) : undefined;
  for (const folder of [...bundled(context), ...(await candidates())]) {
    const file = path.join(folder, NAME);
    if (path.isAbsolute(file) && (await isExecutable(file))) return file; // a relative PATH entry could be a repository's
  }
  return undefined;
}

/** Say how to install it; resolves to whether to look again. */
export async function offerInstall(): Promise<boolean> {
  const set = workspace.getConfiguration("mom").get<string>("server.path", "").trim();
  const problem = set
    ? `the setting mom.server.path names ${set}, which is not a program that can be run.`
    : `the command \`mom\` is not installed, or not on the PATH. Install it with: ${INSTALL}`;
  const [copy, choose, again] = ["Copy Command", "Open Setting", "Look Again"];
  const chosen = await window.showWarningMessage(
    `Mixture of Memories: ${problem}`,
    ...(set ? [] : [copy]),
    choose,
    again,
  );
  if (chosen === copy) return copyInstall();
  if (chosen === choose) await commands.executeCommand("workbench.action.openSettings", "mom.server.path");
  return chosen === again;
}

/** Copy the command that installs it; resolves to whether to look again. */
export async function copyInstall(): Promise<boolean> {
  const [terminal, again] = ["Open Terminal", "Look Again"];
  await env.clipboard.writeText(INSTALL);
  const then = await window.showInformationMessage("Copied. Run it in a terminal, then look again.", terminal, again);
  if (then === terminal) window.createTerminal("Install mom-lsp").show();
  if (then === again) await commands.executeCommand("mom.look");
  return false;
}

/** Environments that came with the extension, or were put where it keeps its own files. */
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
  folders.push(path.join(homedir(), ".local", "bin")); // where pipx and uv put tools; a desktop's PATH may lack it
  return folders;
}

/** Return the interpreter chosen in the Python extension, if there is one. */
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
