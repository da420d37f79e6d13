/** Where a real VS Code may find itself: a folder that is not trusted, several folders, no server. */

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Editor, MOM } from "./editor.mjs";
import { FIX, LINE, PYTHON, makeRepository } from "./repository.mjs";

const LIMIT = { timeout: 600_000 };
const NO_PROMPT = { "security.workspace.trust.startupPrompt": "never", "security.workspace.trust.banner": "never" };

/** Run a story in an editor of its own, started by the story. */
function story(name, mom, run) {
    test(name, LIMIT, async (t) => {
        const editor = new Editor(mom);
        try {
            makeRepository(editor.folder);
            await run(editor);
        } catch (error) {
            await editor.picture("failure");
            t.diagnostic(editor.log());
            throw error;
        } finally {
            await editor.stop();
        }
    });
}

const hint = (editor) => editor.hint("The service bans a client").first();

/** Put a `mom` into the folder's Python environment that leaves a trace when it is run. */
function trap(editor) {
    const trace = path.join(editor.home, "trapped");
    const file = path.join(editor.folder, ".venv", "bin", "mom");
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\ntouch '${trace}'\nexec '${MOM}' "$@"\n`);
    chmodSync(file, 0o755);
    return () => existsSync(trace);
}

story("runs nothing that a folder names before it is trusted, and the folder's environment afterwards", MOM, async (editor) => {
    const isTrapped = trap(editor);
    await editor.start(NO_PROMPT, { trust: false });
    await editor.open(PYTHON);
    await hint(editor).waitFor();
    assert.equal(isTrapped(), false);
    await showsSource(editor);
    await editor.command("Workspaces: Manage Workspace Trust");
    await editor.page.getByText("Trust", { exact: true }).first().click();
    await editor.statusText("6").waitFor();
    await editor.open(PYTHON);
    await hint(editor).waitFor();
    assert.equal(isTrapped(), true);
});

/** Show the source of the hinted memory, at the change of its line. */
async function showsSource(editor) {
    await editor.goTo(LINE);
    await editor.choose("Show source: Fix");
    await editor.page.locator(".tab.active", { hasText: FIX }).waitFor();
    await editor.page.locator(".monaco-diff-editor .line-insert").first().waitFor();
    await editor.statusBar(`Ln ${LINE}, Col 1`).waitFor();
    await editor.command("View: Close Editor");
}

story("shows the source below the repository's root, without VS Code's own git", MOM, async (editor) => {
    editor.folders.push(editor.folder);
    editor.folder = path.join(editor.folder, "src");
    await editor.start({ "git.enabled": false });
    await editor.open(path.basename(PYTHON));
    await hint(editor).waitFor();
    await showsSource(editor);
});

story("says once that the server does not work, and starts one that does", "", async (editor) => {
    const broken = path.join(editor.home, "mom");
    editor.write(broken, "#!/bin/sh\necho 'No module named mom_lsp' >&2\nexit 1\n");
    chmodSync(broken, 0o755);
    await editor.start({ "mom.server.path": broken });
    await editor.notification("does not work: No module named mom_lsp").waitFor();
    assert.equal(await editor.page.locator(".notification-toast").count(), 1);
    await editor.picture("broken");
    editor.write(broken, `#!/bin/sh\nexec '${MOM}' "$@"\n`);
    await editor.command("Memories: Restart Server");
    await editor.open(PYTHON);
    await hint(editor).waitFor();
});

story("shows each folder as its own settings want it, at once", MOM, async (editor) => {
    const quiet = path.join(editor.home, "quiet");
    makeRepository(quiet, (file) => file.replace("weather", "forecast"));
    editor.folders.push(quiet);
    const settings = (hints) => editor.write(path.join(quiet, ".vscode", "settings.json"), JSON.stringify({ "mom.hints.enable": hints }));
    settings(false);
    const workspace = path.join(editor.home, "both.code-workspace");
    editor.write(workspace, JSON.stringify({ folders: [{ path: "weather" }, { path: "quiet" }] }));
    await editor.start({}, { workspace });
    await editor.open(PYTHON);
    await hint(editor).waitFor();
    await editor.command("View: Close Editor");
    await editor.open("src/forecast.py");
    await editor.statusText("6").waitFor();
    assert.equal(await hint(editor).count(), 0);
    settings(true);
    await hint(editor).waitFor();
});

story("knows beside a source whose memories the view shows, in a folder that is not the first", MOM, async (editor) => {
    const second = path.join(editor.home, "second");
    makeRepository(second, (file) => file.replace("weather", "forecast"));
    editor.folders.push(second);
    const workspace = path.join(editor.home, "both.code-workspace");
    editor.write(workspace, JSON.stringify({ folders: [{ path: "weather" }, { path: "second" }] }));
    await editor.start({}, { workspace });
    await editor.open("src/forecast.py");
    await editor.goTo(LINE);
    await hint(editor).waitFor();
    await editor.widenSideBar(120);
    await editor.focusView();
    await editor.menu(editor.row(FIX), "Show Source");
    await editor.pick("Show Source");
    await editor.page.locator(".tab.active", { hasText: FIX }).waitFor();
    await editor.menu(editor.row(FIX), "Mark as Useful");
    const noted = editor.statusBar("Marked as useful").waitFor(); // it stands there for three seconds
    await Promise.all([noted, editor.pick("Mark as Useful")]);
    await editor.unfold("Domains", "src/forecast.py");
});

story("says that the server starts while it does", "", async (editor) => {
    const [slow, ready] = ["mom", "ready"].map((name) => path.join(editor.home, name));
    editor.write(slow, `#!/bin/sh\nuntil [ -e '${ready}' ]; do sleep 0.1; done\nexec '${MOM}' "$@"\n`);
    chmodSync(slow, 0o755);
    await editor.start({ "mom.server.path": slow });
    await editor.press("Alt+M", "v");
    await editor.page.locator(".welcome-view-content", { hasText: "Starting…" }).waitFor();
    editor.write(ready, "");
    await editor.row("Pinned").waitFor();
});

story("searches and shows domains beside a file of no folder, and says that it has no memories", MOM, async (editor) => {
    editor.write(path.join(editor.home, "library.py"), "def library():\n    pass\n");
    await editor.start({});
    await editor.command("File: Open File...");
    await editor.listed("VERSION").waitFor(); // of the folder: the dialog overwrites what is typed before
    await editor.answer(path.join(editor.home, "library.py"), editor.listed("library.py"));
    await editor.page.locator(".tab.active", { hasText: "library.py" }).waitFor();
    await editor.statusText("6").waitFor();
    await editor.press("Alt+M", "s");
    await editor.answer("decimal");
    await editor.listed("Accept a comma").waitFor();
    await editor.press("Escape");
    await editor.press("Alt+M", "p");
    await editor.notification("Open a file of this workspace first.").waitFor();
    await editor.focusView();
    await editor.unfold("Domains", "src/stations.ts");
});

story("tells a mistake in the folder's settings file at once", MOM, async (editor) => {
    await editor.start({});
    await editor.statusText("6").waitFor();
    editor.write(path.join(editor.folder, ".mom.toml"), "[hints\n");
    await editor.status().and(editor.page.locator(".warning-kind")).waitFor();
    editor.write(path.join(editor.folder, ".mom.toml"), "");
    await editor.status().and(editor.page.locator(":not(.warning-kind)")).waitFor();
});

story("says how to install the server where there is none, and finds it once it is there", "", async (editor) => {
    await editor.start({});
    await editor.notification("is not installed, or not on the PATH").waitFor();
    await editor.press("Alt+M", "v");
    const page = editor.page.locator(".welcome-view-content", { hasText: "pipx install" });
    await page.waitFor();
    await editor.dismissNotifications();
    await editor.picture("missing");
    trap(editor);
    await page.getByText("Retry").click();
    await editor.open(PYTHON);
    await hint(editor).waitFor();
});
