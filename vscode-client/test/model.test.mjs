/** What the local model does in a real VS Code: it words an answer, may be stopped, and completes a line. Needs a model. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { Editor, MOM } from "./editor.mjs";
import { REPORT, SORTED, addReport, makeRepository } from "./repository.mjs";

const editor = new Editor();
const known = spawnSync(MOM, ["model", "--json"], { env: editor.env, encoding: "utf8" });
const options = { timeout: 600_000, skip: known.status === 0 ? false : known.stderr };
const gone = { state: "detached" };
const asking = () => editor.notification("Rephrasing with the local model");
const page = () => editor.page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");

before(async () => {
    if (options.skip) return;
    makeRepository(editor.folder);
    addReport(editor.folder);
    await editor.start({ "mom.server.path": MOM, "mom.model.rephrase": true, "mom.completion.enable": true });
    await editor.notification("indexes this repository's history").waitFor();
    await editor.dismissNotifications();
    await editor.open(REPORT);
    await editor.statusText("8").waitFor(); // all is read
});
after(() => editor.stop());

function step(name, run) {
    test(name, options, async (t) => {
        try {
            await run();
        } catch (error) {
            await editor.picture("failure");
            t.diagnostic(editor.log());
            throw error;
        }
    });
}

step("can be stopped while it thinks, and what was told stands", async () => {
    await editor.goTo(SORTED);
    await editor.press("Alt+M", "w");
    await asking().getByText("Cancel").click();
    await asking().waitFor(gone);
    await page().getByText("Quoted from these memories").waitFor();
    assert.equal(await editor.page.locator(".notification-toast").count(), 0, "stopping is no error");
    await editor.command("View: Close All Editors");
});

step("words an answer, which becomes a memory only if the user wants it", async () => {
    await editor.open(REPORT);
    await editor.goTo(SORTED);
    await editor.press("Alt+M", "w");
    await asking().waitFor();
    await page().getByText("Written by the local model").waitFor();
    const offer = "The names are sorted because";
    await editor.notification(offer).waitFor();
    await editor.picture("model");
    await editor.react(offer, "Save answer as note");
    await editor.command("View: Close All Editors");
    await editor.open(REPORT);
    await editor.hint("✎ The names are sorted").first().waitFor();
});

step("completes a line, which Tab takes", async () => {
    await editor.goTo(SORTED + 2);
    await editor.page.keyboard.type("\ndef fetch_all(urls):\nfor url in "); // the editor indents
    const ghost = editor.page.locator(".view-lines [class*='ghost-text']").first();
    for (let tries = 0; tries < 4 && !(await ghost.isVisible()); tries++) {
        await editor.command("Trigger Inline Suggestion"); // a busy machine may take longer than anybody waits for it
        await ghost.waitFor({ timeout: 25_000 }).catch(() => undefined);
    }
    await ghost.waitFor({ timeout: 1_000 });
    const text = await ghost.textContent();
    await editor.picture("completion");
    await editor.press("Tab");
    await editor.page.locator(".view-line", { hasText: "for url in " + text.trim() }).or(
        editor.page.locator(".view-line", { hasText: text }),
    ).first().waitFor();
    await ghost.waitFor(gone);
    await editor.command("View: Revert and Close Editor");
});
