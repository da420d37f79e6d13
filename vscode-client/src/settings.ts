/** Settings as the server asks for them: only what the user has set, so that `.mom.toml` can say the rest. */

import { Uri, WorkspaceConfiguration, workspace } from "vscode";

const OURS = ["mom.server.", "mom.trace."]; // the client's own

/** Return the set values by their full names. */
export function setValues(names: readonly string[], resource?: Uri): Record<string, unknown> {
  const configuration = workspace.getConfiguration(undefined, resource ?? null);
  const server = names.filter((name) => !OURS.some((prefix) => name.startsWith(prefix)));
  return Object.fromEntries(
    server.filter((name) => isSet(configuration, name)).map((name) => [name, configuration.get(name)]),
  );
}

function isSet(configuration: WorkspaceConfiguration, name: string): boolean {
  const found = configuration.inspect(name);
  return [found?.globalValue, found?.workspaceValue, found?.workspaceFolderValue].some((value) => value !== undefined);
}
