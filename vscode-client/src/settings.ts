/**
 * Settings as the server asks for them: only explicitly set values, so that the settings files apply otherwise, and the
 * user's values apart from the workspace's, since only the user may name a model.
 */

import { Uri, workspace } from "vscode";

const CLIENT_ONLY = ["mom.server.", "mom.trace."];

export interface SetValues {
  user: Record<string, unknown>;
  workspace: Record<string, unknown>;
}

/** The part of package.json that declares settings, in groups. */
interface Manifest {
  contributes: { configuration: { properties: object }[] };
}

/** Return the full names of all settings of a package.json. */
export function declaredSettings(manifest: Manifest): string[] {
  return manifest.contributes.configuration.flatMap((group) => Object.keys(group.properties));
}

/** Return the explicitly set values by full name. */
export function setValues(names: readonly string[], resource?: Uri): SetValues {
  const configuration = workspace.getConfiguration(undefined, resource ?? null);
  const found: SetValues = { user: {}, workspace: {} };
  for (const name of names.filter((one) => !CLIENT_ONLY.some((prefix) => one.startsWith(prefix)))) {
    const set = configuration.inspect(name);
    if (set?.globalValue !== undefined) found.user[name] = set.globalValue;
    const inWorkspace = set?.workspaceFolderValue ?? set?.workspaceValue;
    if (inWorkspace !== undefined) found.workspace[name] = inWorkspace;
  }
  return found;
}
