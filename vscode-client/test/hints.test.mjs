/** The hints that the client hides, without an editor: the modules of VS Code are stand-ins. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";

const HERE = import.meta.dirname;
const MODULES = {
    vscode: `
        export const DiagnosticSeverity = { Error: 0, Warning: 1, Information: 2 };
        export class EventEmitter { fire() {} dispose() {} }
        export const languages = {
            getDiagnostics: (uri) => uri.diagnostics,
            onDidChangeDiagnostics: (run) => ((languages.changed = run), { dispose() {} }),
        };
        export const window = { visibleTextEditors: [] };`,
    "vscode-languageclient/node": "export const InlayHintRequest = {};",
};
const standIns = {
    name: "stand-ins",
    setup({ onResolve, onLoad }) {
        onResolve({ filter: /^vscode/ }, ({ path }) => ({ path, namespace: "stand-in" }));
        onLoad({ filter: /.*/, namespace: "stand-in" }, ({ path }) => ({ contents: MODULES[path] }));
    },
};

/** Return the lines whose hints stay beside some problems, each given as [severity, first line, last line]. */
async function shown(lines, problems) {
    const stdin = { contents: 'export * from "./hints"; export { languages } from "vscode";', resolveDir: `${HERE}/../src` };
    const built = await build({ stdin, bundle: true, format: "esm", write: false, plugins: [standIns] });
    const { Hints, languages } = await import(`data:text/javascript;base64,${Buffer.from(built.outputFiles[0].contents).toString("base64")}`);
    const range = (start, end) => ({ start: { line: start }, end: { line: end } });
    const uri = { diagnostics: problems.map(([severity, start, end]) => ({ severity, range: range(start, end) })) };
    const hints = new Hints({ get: () => false }, () => undefined);
    languages.changed({ uris: [uri] });
    const next = () => lines.map((line) => ({ position: { line } }));
    const left = await hints.middleware.provideInlayHints({ uri }, undefined, undefined, next);
    return left.map((hint) => hint.position.line);
}

test("hides the hints of lines with an error or a warning", async () => {
    assert.deepEqual(await shown([0, 1, 2, 3, 4, 5], [[0, 1, 2], [1, 4, 4], [2, 5, 5]]), [0, 3, 5]);
});

test("takes a problem that ends beyond any line", async () => {
    assert.deepEqual(await shown([0, 1, 2_000], [[0, 1, 2 ** 31 - 1]]), [0]);
});
