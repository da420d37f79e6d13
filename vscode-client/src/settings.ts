/**
 * Settings as the server asks for them: only what the user has set, so that the files can say the rest, and what is the
 * user's own apart from what a workspace brings, so that only the former can name a model.
 */

import { Uri, workspace } from "vscode";

const OURS = ["mom.server.", "mom.trace."]; // the client's own

export interface SetValues {
  user: Record<string, unknown>;
  workspace: Record<string, unknown>;
}

/** Return the set values by their full names. */
export function setValues(names: readonly string[], resource?: Uri): SetValues {
  const configuration = workspace.getConfiguration(undefined, resource ?? null);
  const found: SetValues = { user: {}, workspace: {} };
  for (const name of names.filter((one) => !OURS.some((prefix) => one.startsWith(prefix)))) {
    const set = configuration.inspect(name);
    if (set?.globalValue !== undefined) found.user[name] = set.globalValue;
    const inWorkspace = set?.workspaceFolderValue ?? set?.workspaceValue;
    if (inWorkspace !== undefined) found.workspace[name] = inWorkspace;
  }
  return found;
}
