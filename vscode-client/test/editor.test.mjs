/** What a user does with memories, in a real VS Code, one after the other; it takes the pictures on the way. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Editor, MOM, pattern } from "./editor.mjs";
import { FIX, LINE, PYTHON, TS_FIX, TYPESCRIPT, makeRepository } from "./repository.mjs";

const editor = new Editor();
const hint = () => editor.hint("The service bans a client");
const gone = { state: "detached" };

before(async () => {
    makeRepository(editor.folder);
    // What a model does is another story: model.test.mjs.
    const settings = { "mom.model.enable": false, "workbench.colorTheme": "Default Dark Modern" };
    await editor.start({ "mom.server.path": MOM, ...settings });
});
after(() => editor.stop());

/** A step; the first that fails ends the story, since the next ones build on it. */
let failed = false;
function step(name, run) {
    test(name, { timeout: 600_000 }, async (t) => {
        if (failed) return t.skip("an earlier step failed");
        try {
            await run();
        } catch (error) {
            failed = true;
            await editor.picture("failure");
            t.diagnostic(editor.log());
            throw error;
        }
    });
}

step("says once what it does", async () => {
    await editor.notification("indexes this repository's history").waitFor();
    await editor.picture("welcome");
    await editor.dismissNotifications();
});

step("reads the history by itself and shows a hint", async () => {
    await editor.open(PYTHON);
    await hint().first().waitFor();
    assert.equal(await hint().count(), 1, "one hint for one memory");
    await editor.statusText("6").waitFor();
    await editor.picture("hints");
});

step("shows the memory on hover", async () => {
    await editor.goTo(LINE);
    await editor.hover("The service bans a client after 50 attempts");
    const hover = editor.page.locator(".monaco-hover:visible .hover-row", { hasText: FIX });
    const text = (await hover.innerText()).replaceAll("\u00a0", " ");
    assert.ok(text.split("\n").length <= 6, `few lines: ${text}`);
    assert.ok(!/%|\\|strength|src\/weather/.test(text), `nothing but what is to be known: ${text}`);
    const issue = hover.locator("a", { hasText: "#12" });
    assert.equal(await issue.getAttribute("data-href"), "https://github.com/example/weather/issues/12");
    await editor.picture("hover");
    await editor.press("Escape");
});

step("shows on an edited line the memory of the line that it replaces", async () => {
    await editor.goTo(LINE);
    await editor.press("End");
    await editor.page.keyboard.type("  # or so");
    await editor.hover("This line is not committed. The line it replaces:");
    await editor.page.locator(".monaco-hover:visible .hover-row", { hasText: FIX }).waitFor();
    await editor.press("Escape");
    await editor.command("Memories: Explain This Line");
    const page = editor.page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
    await page.getByText("This line is not committed. The line it replaces:").waitFor();
    await page.locator("code", { hasText: "[1]" }).first().waitFor();
    await editor.command("View: Close All Editors in Group");
    await editor.open(PYTHON);
    await editor.command("File: Revert File");
});

step("opens the source from the hover, at the change of the line", async () => {
    await editor.goTo(LINE);
    await editor.hover("The service bans a client after 50 attempts");
    await editor.page.locator(".monaco-hover:visible a", { hasText: "Show source" }).click();
    await editor.page.locator(".tab.active", { hasText: FIX }).waitFor();
    await editor.page.locator(".monaco-diff-editor .line-insert").first().waitFor();
    await editor.statusBar(`Ln ${LINE}, Col 1`).waitFor();
    await editor.picture("source");
    await editor.command("View: Close Editor");
    await editor.open(PYTHON);
});

step("shows the numbers behind a relevance on request", async () => {
    await editor.goTo(LINE);
    await editor.hover("The service bans a client after 50 attempts");
    await editor.page.locator(".monaco-hover:visible a", { hasText: "Why this?" }).click();
    const dialog = editor.page.locator(".monaco-dialog-box", { hasText: pattern("log-odds") });
    await dialog.waitFor();
    await editor.press("Escape");
    await dialog.waitFor(gone);
    await editor.press("Escape");
});

step("pins through the light bulb, without a word", async () => {
    await editor.choose("Pin: Fix endless retries", "actions");
    await editor.hint("★ The service bans a client").first().waitFor();
    assert.equal(await editor.page.locator(".notification-toast").count(), 0);
});

step("shows the line's memory and the pinned ones in the view", async () => {
    await editor.widenSideBar(120);
    await editor.focusView();
    await editor.row("Pinned").waitFor();
    await editor.row(FIX).nth(1).waitFor();
    const why = editor.row("pinned here");
    await editor.until(why, () => editor.press("Home", "ArrowDown", "ArrowRight")); // unfolds the first memory
    await editor.row("The service bans a client").waitFor();
    await editor.unfold("Why this?", "log-odds");
    assert.equal(await editor.row(FIX).count(), 2, "under its line and among the pinned");
    await editor.picture("view");
    await editor.press("Alt+M", "o");
    await editor.page.locator(".tab.active", { hasText: FIX }).waitFor();
    await editor.command("View: Close Editor");
});

step("offers the same in the view's menu", async () => {
    await editor.open(PYTHON);
    await editor.goTo(LINE);
    await editor.menu(editor.row(FIX).first(), "Show Source", "Unpin", "Mark as Useful", "Not Useful Here", "Forget");
    const noted = editor.statusBar("Marked as useful").waitFor(); // it stands there for three seconds
    await Promise.all([noted, editor.pick("Mark as Useful")]);
});

step("lists all memories by domain, and searches in one", async () => {
    await editor.unfold("Domains", "src/stations.ts");
    await editor.unfold("src/stations.ts", TS_FIX);
    await editor.menu(editor.row("src/stations.ts"), "Search Memories…");
    await editor.pick("Search Memories…");
    await editor.page.locator(".quick-input-widget", { hasText: "in src/stations.ts" }).waitFor();
    await editor.page.keyboard.type("Fix");
    await editor.press("Enter");
    await editor.listed(TS_FIX).waitFor();
    assert.equal(await editor.listed(FIX).count(), 0, "nothing of another domain");
    await editor.press("Escape");
    await editor.row("Domains").click(); // folds them again
});

step("has no hint beside an error", async () => {
    await editor.open(TYPESCRIPT);
    await editor.hint("The list stays in lower case").first().waitFor();
    await editor.goTo(1);
    await editor.press("Control+Shift+K"); // without its first line, the hinted one does not compile
    await editor.page.locator(".squiggly-error").first().waitFor();
    await editor.hint("The list stays in lower case").first().waitFor(gone);
    await editor.picture("error");
    await editor.press("Control+z");
    await editor.hint("The list stays in lower case").first().waitFor();
    await editor.command("View: Revert and Close Editor");
});

step("searches, and shows the source", async () => {
    await editor.press("Alt+M", "s");
    await editor.answer("decimal");
    await editor.listed("Accept a comma").waitFor();
    await editor.page.locator("input[placeholder='No result stands out: try other words.']").waitFor();
    await editor.picture("search");
    await editor.press("Enter");
    await editor.page.locator(".tab.active", { hasText: "Accept a comma as the decimal separator" }).waitFor();
    await editor.page.locator(".monaco-diff-editor .line-insert").first().waitFor();
    await editor.command("View: Close Editor");
});

step("says what matters for what the user is about to do", async () => {
    await editor.open(PYTHON);
    await editor.goTo(LINE);
    await editor.press("Alt+M", "b");
    await editor.answer("retry for ever when the service is down");
    await editor.listed(FIX).waitFor();
    await editor.picture("intent");
    await editor.press("Enter");
    await editor.page.locator(".tab.active", { hasText: FIX }).waitFor();
    await editor.command("View: Close Editor");
});

step("forgets, and takes it back", async () => {
    await editor.open(PYTHON);
    await editor.goTo(LINE);
    await editor.choose("Forget: Fix");
    await hint().first().waitFor(gone);
    await editor.row("Forgotten").waitFor();
    await editor.picture("forgotten");
    await editor.notification("“Memories: Undo Last Action” restores it").waitFor();
    await editor.react("Forgotten: “Fix endless retries", "Undo");
    await hint().first().waitFor();
});

step("restores from the view what was forgotten", async () => {
    await editor.goTo(LINE);
    await editor.row(FIX).first().waitFor(); // the view has heard of the undo
    await editor.choose("Forget: Fix");
    await hint().first().waitFor(gone);
    await editor.dismissNotifications();
    const when = "forgotten "; // just now, or a minute ago
    await editor.unfold("Forgotten", when);
    await editor.menu(editor.row(when), "Restore");
    await editor.pick("Restore");
    await hint().first().waitFor();
});

step("does not show again what is not useful here", async () => {
    await editor.open(PYTHON);
    await editor.goTo(LINE);
    await editor.choose("Not useful here: Fix");
    await hint().first().waitFor(gone);
    await editor.command("Memories: Undo Last Action");
    await hint().first().waitFor();
});

step("inserts a memory as a comment", async () => {
    await editor.goTo(LINE);
    await editor.choose("More…");
    await editor.answer("Insert as comment", editor.listed("Insert as comment: Fix"));
    await editor.page.locator(".view-line", { hasText: /#.The.service.bans.a.client/ }).first().waitFor();
    await editor.command("View: Revert and Close Editor");
    await editor.open(PYTHON);
});

step("says why a line is so", async () => {
    await editor.goTo(LINE);
    await editor.press("Alt+M", "w");
    const page = editor.page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
    await page.getByText("The service bans a client after 50 attempts").first().waitFor();
    await page.getByText(FIX).first().waitFor();
    await editor.picture("why");
    await page.locator("a[data-href$='.diff']").first().click();
    await editor.page.locator(".view-line", { hasText: pattern("+    for attempt in range(MAX_ATTEMPTS)") }).first().waitFor();
    await editor.command("View: Close All Editors"); // a preview would keep the keyboard
    await editor.open(PYTHON);
});

step("does nothing with a document that is no file, and is there when it is saved", async () => {
    await editor.command("Create: New File...");
    await editor.answer("Text File", editor.listed("Text File"));
    await editor.page.keyboard.type("def fetch(url):");
    await editor.press("Alt+M", "s");
    await editor.answer("decimal");
    await editor.listed("Accept a comma").waitFor();
    await editor.press("Escape");
    assert.equal(await editor.page.locator(".notification-toast").count(), 0);
    await editor.command("View: Revert and Close Editor");
    await editor.open(PYTHON);
});

step("remembers a note", async () => {
    await editor.goTo(LINE + 4);
    await editor.press("Alt+M", "r");
    await editor.answer("Two to the attempt: the service asked for it");
    await editor.hint("✎ Two to the attempt").first().waitFor();
    await editor.row("Two to the attempt").first().waitFor();
});

step("follows a setting at once", async () => {
    editor.set({ "mom.hints.enable": false });
    await hint().first().waitFor(gone);
    editor.set({ "mom.hints.enable": true });
    await hint().first().waitFor();
});

step("turns everything off and on", async () => {
    await editor.command("Memories: Toggle Mixture of Memories");
    await hint().first().waitFor(gone);
    await editor.goTo(LINE);
    const none = editor.page.locator(".monaco-editor-overlaymessage", { hasText: pattern("No code actions") });
    await editor.until(none, () => editor.press("Control+Period"));
    await editor.status().click();
    await editor.answer("Enable mom", editor.listed("Enable mom"));
    await hint().first().waitFor();
    await editor.row(FIX).first().waitFor();
});

step("pauses and resumes", async () => {
    await editor.press("Alt+M", "h");
    await hint().first().waitFor(gone);
    await editor.status().click();
    await editor.listed("Resume Hints").waitFor();
    await editor.picture("menu");
    await editor.answer("Resume", editor.listed("Resume Hints"));
    await hint().first().waitFor();
});

step("restarts, and has lost nothing", async () => {
    const restarted = editor.status().filter({ hasNotText: "8" }).waitFor();
    await editor.command("Memories: Restart Server");
    await restarted;
    await editor.statusText("7").waitFor(); // and the note
    await hint().first().waitFor();
    await editor.goTo(LINE);
    await editor.choose("Pin: Fix endless retries");
    await editor.hint("★ The service bans a client").first().waitFor();
    await editor.choose("Unpin: Fix endless retries");
    await editor.hint("← The service bans a client").first().waitFor();
});

step("is as good in the light", async () => {
    editor.set({ "workbench.colorTheme": "Default Light Modern" });
    await editor.page.locator(".monaco-workbench.vs").waitFor();
    await editor.goTo(LINE);
    await editor.hover("The service bans a client after 50 attempts");
    await editor.picture("light");
    await editor.press("Escape");
});

step("says how to install a server that is missing", async () => {
    editor.set({ "mom.server.path": "/nowhere/mom" });
    await editor.notification("/nowhere/mom, which is not an executable file").waitFor();
    await editor.status().and(editor.page.locator(".warning-kind")).waitFor();
});
