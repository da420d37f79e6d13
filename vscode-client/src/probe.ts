/** Whether a `mom` command works, before it is started as the server: a broken one would show several errors. */

import { execFile } from "node:child_process";
import { homedir } from "node:os";

const TIMEOUT = 60_000; // milliseconds; a slow disk after a restart

/** Why the server cannot be started, in words for the user. */
export class ServerProblem extends Error {}

/** Return the version of a `mom` command. Throws ServerProblem. */
export function checkServer(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, ["--version"], { cwd: homedir(), timeout: TIMEOUT }, (error, stdout, stderr) => {
      const version = /\d+\.\d+\S*/.exec(stdout)?.[0];
      if (!error && version) return resolve(version);
      const said = stderr.trim().split("\n").at(-1) || (error ? error.message.split("\n")[0] : "it printed no version");
      reject(new ServerProblem(`${command} does not work: ${said}`));
    });
  });
}
