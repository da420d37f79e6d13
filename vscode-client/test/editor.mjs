/** A real VS Code in a headless browser: started, driven with keys, read from the page, ended. */

import { spawn, spawnSync } from "node:child_process";
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    readdirSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const NODE = path.join(HERE, "node_modules", `node-linux-${process.arch}`, "bin", "node");
const CODE = path.join(HERE, "node_modules", "code-server", "out", "node", "entry.js");
const VSIX = path.join(HERE, "..", "mom-lsp.vsix");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];
const TIMEOUT = 240_000; // milliseconds; reached only by a failure, also on a machine that is slow and busy
const AGAIN = 20_000; // milliseconds until something is tried again that a busy editor may have passed over
const QUIET = {
    "workbench.startupEditor": "none",
    "workbench.layoutControl.enabled": false,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.enableExperiments": false,
    "chat.disableAIFeatures": true,
    "window.commandCenter": false,
    "editor.minimap.enabled": false,
    "breadcrumbs.enabled": false,
    "extensions.ignoreRecommendations": true,
    "files.autoSave": "off",
    "git.openRepositoryInParentFolders": "never",
};

/** The command of the server: MOM, or that of this project's environment. */
export const MOM = process.env.MOM ?? path.resolve(HERE, "..", "..", ".venv", "bin", "mom");

export class Editor {
    /** @param {string} mom the command that is where pipx puts its own, "" for none */
    constructor(mom = "") {
        this.home = mkdtempSync(path.join(tmpdir(), "mom-editor-"));
        this.folder = path.join(this.home, "weather");
        this.user = path.join(this.home, "user");
        // Without the encoder: loading it takes longer than all the tests.
        this.write(path.join(this.home, "config", "mom-lsp", "settings.toml"), "[encoder]\nenable = false\n");
        const kept = Object.entries(process.env).filter(([name]) => !/^(GIT_|MOM|VSCODE_|XDG_)/.test(name));
        const xdg = ["CONFIG", "DATA", "CACHE", "STATE"].map((name) => [
            `XDG_${name}_HOME`,
            path.join(this.home, name.toLowerCase()),
        ]);
        const bin = path.join(this.home, ".local", "bin");
        mkdirSync(bin, { recursive: true });
        if (mom) symlinkSync(mom, path.join(bin, "mom"));
        this.env = { ...Object.fromEntries(kept), ...Object.fromEntries(xdg), HOME: this.home };
        this.folders = [this.folder];
    }

    write(file, text) {
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, text);
    }

    /** Set settings of the user, and of the machine, which alone may name programs; VS Code notices by itself. */
    set(settings) {
        this.settings = { ...QUIET, ...this.settings, ...settings };
        this.settings = Object.fromEntries(Object.entries(this.settings).filter(([, value]) => value !== undefined));
        for (const scope of ["User", "Machine"])
            this.write(path.join(this.user, scope, "settings.json"), JSON.stringify(this.settings));
    }

    get options() {
        return ["--user-data-dir", this.user, "--extensions-dir", path.join(this.home, "extensions")];
    }

    /** Start VS Code with the extension, and open the folder (or a workspace file) in a browser. */
    async start(settings, { trust = true, workspace = "" } = {}) {
        this.set(settings);
        const installed = spawnSync(NODE, [CODE, ...this.options, "--install-extension", VSIX], {
            env: this.env,
            encoding: "utf8",
        });
        if (installed.status !== 0) throw new Error(installed.stderr);
        const quiet = [
            "--auth",
            "none",
            "--disable-telemetry",
            "--disable-update-check",
            ...(trust ? ["--disable-workspace-trust"] : []),
            "--disable-getting-started-override",
        ];
        this.server = spawn(NODE, [CODE, ...this.options, ...quiet, "--bind-addr", "127.0.0.1:0"], {
            env: this.env,
            stdio: ["ignore", "pipe", "inherit"],
        });
        const address = await this.#address();
        this.browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
        const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 } });
        this.page = await context.newPage();
        this.page.setDefaultTimeout(TIMEOUT);
        const opened = workspace ? `workspace=${encodeURIComponent(workspace)}` : `folder=${encodeURIComponent(this.folder)}`;
        await this.page.goto(`${address}/?${opened}`);
        await this.page.locator(".monaco-workbench").waitFor();
        await this.status().waitFor(); // the extension is there
    }

    async #address() {
        for await (const line of createInterface(this.server.stdout)) {
            const found = /HTTP server listening on (http:\S+?)\/?$/.exec(line);
            if (found) {
                this.server.stdout.resume();
                return found[1];
            }
        }
        throw new Error("code-server has ended");
    }

    /** What the server and the client have written, for whoever looks into a failure. */
    log() {
        const logs = readdirSync(path.join(this.user, "logs"), { recursive: true }).filter((name) =>
            /mom-lsp.*\.log$/.test(name),
        );
        return logs.map((name) => readFileSync(path.join(this.user, "logs", name), "utf8")).join("\n");
    }

    /** End all that was started, each by its own id, and remove every trace. */
    async stop() {
        await this.browser?.close();
        if (this.server?.exitCode === null) {
            const ended = new Promise((resolve) => this.server.once("exit", resolve));
            this.server.kill();
            await ended;
        }
        this.endEngines();
        rmSync(this.home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    }

    /** An engine stays for the next window: this one would wait for a folder that is gone. */
    endEngines() {
        for (const folder of this.folders) {
            if (!existsSync(path.join(folder, ".git", "mom"))) continue;
            const status = spawnSync(MOM, ["-C", folder, "status", "--json"], { env: this.env, encoding: "utf8" });
            const engine = JSON.parse(status.stdout).engine;
            if (!engine) continue;
            try {
                process.kill(engine.pid);
            } catch (error) {
                if (error.code !== "ESRCH") throw error;
            }
        }
    }

    // Driving

    async press(...keys) {
        for (const key of keys) await this.page.keyboard.press(key);
    }

    /** Do something until what it is to bring is there: an editor that is busy passes over keys and clicks. */
    async until(there, act) {
        for (const end = Date.now() + TIMEOUT; ; ) {
            await act();
            try {
                return await there.first().waitFor({ timeout: AGAIN });
            } catch (error) {
                if (error.name !== "TimeoutError" || Date.now() > end) throw error;
            }
        }
    }

    /** Answer the input box at the top; of a list, take a row: the first may still be that of another text. */
    async answer(text, row) {
        const input = this.page.locator(".quick-input-widget:not([style*='display: none']) input[type='text']").first();
        await input.waitFor();
        await input.fill(text);
        if (!row) return input.press("Enter");
        await row.first().click();
        await this.rest();
    }

    /** Run a command by its full name. */
    async command(title) {
        await this.press("F1");
        const name = this.page.locator(".label-name", { hasText: new RegExp(`^${pattern(title).source}$`) });
        await this.answer(`>${title}`, this.listed(title).filter({ has: name }));
    }

    async open(file) {
        await this.press("Control+P");
        await this.answer(file, this.listed(path.basename(file)));
        await this.page.locator(`.tab.active[data-resource-name="${path.basename(file)}"]`).waitFor();
        await this.page.locator(".editor-instance .view-line").first().waitFor();
    }

    /** Put the cursor on a line (from 1). */
    async goTo(line) {
        await this.press("Control+G");
        await this.answer(`:${line}`, this.listed(`go to line ${line} `));
        await this.page.locator(".monaco-editor.focused").first().waitFor();
        await this.statusBar(`Ln ${line}, Col 1`).waitFor();
    }

    /** Show the hover of the cursor's place, once the server answers with some text. */
    async hover(text) {
        const shown = this.page.locator(".monaco-hover:visible", { hasText: pattern(text) });
        await this.rest(); // a mouse that moves away later would close it
        await this.until(shown, () => this.press("Escape", "Control+K", "Control+I"));
    }

    /** Choose from the light bulb's menu, and take its picture. */
    async choose(title, picture) {
        const row = this.page.locator(".action-widget .monaco-list-row", { hasText: pattern(title) }).first();
        await this.until(row, () => this.press("Escape", "Control+Period"));
        if (picture) await this.picture(picture);
        await row.click();
    }

    /** Put the keyboard into the Memories view. */
    async focusView() {
        const list = this.page.locator(".pane-body .monaco-list:focus-within");
        await this.until(list, () => this.press("Alt+M", "v"));
    }

    /** Unfold a row of the view, unless it is, and wait for a row in it. */
    async unfold(text, inside) {
        const row = this.row(text).first();
        await this.until(this.row(inside), async () => {
            if ((await row.getAttribute("aria-expanded")) === "false") await row.click();
        });
    }

    /** Open the menu of a row, and wait for some of its items. */
    async menu(row, ...items) {
        const item = (name) => this.page.locator(".monaco-menu").getByText(name, { exact: true });
        await this.until(item(items[0]), async () => {
            await this.press("Escape");
            await row.first().click({ button: "right" });
        });
        for (const name of items) await item(name).waitFor();
    }

    /** Choose from the menu that is open. */
    async pick(name) {
        await this.page.locator(".monaco-menu").getByText(name, { exact: true }).hover();
        await this.page.locator(".monaco-menu .action-item.focused", { hasText: name }).waitFor();
        await this.press("Enter");
    }

    /** Press a button of a notification; one that was not touched for some seconds stands in the list behind the bell. */
    async react(text, button) {
        const item = this.page.locator(".notification-list-item:visible", { hasText: pattern(text) });
        const pressed = item.getByText(button, { exact: true });
        await this.until(pressed, async () => {
            if (!(await pressed.isVisible())) await this.command("Notifications: Show Notifications");
        });
        await pressed.click();
    }

    /** Drag the edge of the side bar. */
    async widenSideBar(pixels) {
        const box = await this.page.locator(".part.sidebar").boundingBox();
        const [x, y] = [box.x + box.width, box.y + box.height / 2];
        await this.page.mouse.move(x, y);
        await this.page.mouse.down();
        await this.page.mouse.move(x + pixels, y, { steps: 5 });
        await this.page.mouse.up();
    }

    // Reading

    /** Hints with some text. */
    hint(text) {
        return this.page.locator(".view-lines .view-line span[class*='dyn-rule']", { hasText: pattern(text) });
    }

    listed(text) {
        return this.page.locator(".quick-input-list .monaco-list-row", { hasText: pattern(text) });
    }

    row(text) {
        return this.page.locator(".pane-body .monaco-list-row", { hasText: pattern(text) });
    }

    notification(text) {
        return this.page.locator(".notification-toast", { hasText: pattern(text) });
    }

    /** A message that stands in the status bar for a moment. */
    statusBar(text) {
        return this.page.locator(".part.statusbar").getByText(text);
    }

    status() {
        return this.page.locator("[id='mom-lsp.mom-lsp.mom.status']");
    }

    statusText(text) {
        return this.status().filter({ hasText: text });
    }

    async dismissNotifications() {
        await this.command("Notifications: Clear All Notifications");
        await this.page.locator(".notification-toast").first().waitFor({ state: "detached" });
    }

    /** Put the mouse where it shows nothing. */
    async rest() {
        await this.page.mouse.move(400, 784);
    }

    async picture(name) {
        await this.rest();
        await this.page.screenshot({
            path: path.join(HERE, "..", "pictures", `${name}.png`),
            animations: "disabled",
            caret: "hide",
        });
    }
}

/** Monaco shows spaces as no-break spaces. */
export function pattern(text) {
    return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(" ", "\\s"));
}
