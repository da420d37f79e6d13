/** A small repository with reasons in its history: what the tests open. */

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

const HEAD = `"""Talks to the weather service."""

import time
from urllib.request import urlopen
`;
const FETCH = `

def fetch(url):
    return urlopen(url).read()
`;
const FETCH_SLOWLY = `

def fetch(url):
    for attempt in range(MAX_ATTEMPTS):
        try:
            return urlopen(url, timeout=3).read()
        except TimeoutError:
            time.sleep(2**attempt)
    raise TimeoutError(url)
`;
const LIMIT = `
MAX_ATTEMPTS = 42
`;
const PARSE = `

def parse(text):
    return [float(word) for word in text.split()]
`;
const PARSE_COMMA = `

def parse(text):
    words = text.replace(",", ".").split()
    return [float(word) for word in words]
`;
const LIMITS = `const stations = ["north", "south"];

export function pick(name: string): string | undefined {
  return stations.find((station) => station.startsWith(name.toLowerCase()));
}
`;

export const PYTHON = "src/weather.py";
export const LINE = 10; // of the fix, from 1
export const TYPESCRIPT = "src/stations.ts";
export const FIX = "Fix endless retries by limiting them to 42";
export const TS_FIX = "Fix stations not found when typed in capitals";

export const REPORT = "src/report.py"; // small models say what they have seen said: this is the example of the prompt
export const SORTED = 2; // its line, from 1
const UNSORTED = `def show(names):
    for name in names:
        print(name)
`;

/** What a small model can put into words: a report whose names are sorted for a reason. */
export function addReport(folder) {
    const steps = [
        ["2024-03-01", "Add a report of all names", "", UNSORTED],
        ["2024-03-04", "Sort names", "The order of a set differs between runs, which broke the tests.", UNSORTED.replace("names:", "sorted(names):")],
    ];
    for (const [date, subject, body, text] of steps) {
        writeFileSync(path.join(folder, REPORT), text);
        git(folder, date, "add", ".");
        git(folder, date, "commit", "--quiet", "-m", subject, "-m", body);
    }
}

/** [date, subject, body, file, text after the commit] */
const HISTORY = [
    ["2023-02-01", "Add a client for the weather service", "", PYTHON, HEAD + FETCH],
    ["2023-02-02", "Parse the temperatures", "", PYTHON, HEAD + FETCH + PARSE],
    ["2023-02-03", "Bump version to 0.2", "", "VERSION", "0.2\n"],
    [
        "2023-05-17",
        FIX,
        `The service bans a client after 50 attempts within an hour, because its
firewall counts them: we were locked out twice in April. We decided
against an endless backoff, since it hid the ban for hours.

Fixes #12`,
        PYTHON,
        HEAD + LIMIT + FETCH_SLOWLY + PARSE,
    ],
    ["2023-06-01", "Update the readme", "", "README.md", "# Weather\n"],
    [
        "2023-09-12",
        "Accept a comma as the decimal separator",
        `The station in Bern sends 21,5 since its update, and float() raised on it.
Setting the locale was tried and reverted: it is global, and broke the
CSV export.`,
        PYTHON,
        HEAD + LIMIT + FETCH_SLOWLY + PARSE_COMMA,
    ],
    ["2024-01-08", "Add the list of stations", "", TYPESCRIPT, LIMITS.replace(".toLowerCase()", "")],
    [
        "2024-01-20",
        TS_FIX,
        `Support got three tickets about it. The list stays in lower case,
because the URLs of the service are case-sensitive.`,
        TYPESCRIPT,
        LIMITS,
    ],
    ["2024-02-01", "Bump version to 0.3", "", "VERSION", "0.3\n"],
];

/** Make it in a folder; `named` may give its files other names. */
export function makeRepository(folder, named = (file) => file) {
    mkdirSync(path.join(folder, "src"), { recursive: true });
    git(folder, HISTORY[0][0], "init", "--quiet", "--initial-branch=main");
    for (const [date, subject, body, file, text] of HISTORY) {
        writeFileSync(path.join(folder, named(file)), text);
        git(folder, date, "add", ".");
        git(folder, date, "commit", "--quiet", "-m", subject, "-m", body);
    }
    git(folder, HISTORY[0][0], "remote", "add", "origin", "https://github.com/example/weather.git");
}

function git(folder, date, ...args) {
    const when = `${date}T12:00:00Z`;
    const who = ["-c", "user.name=Ann Author", "-c", "user.email=ann@example.invalid"];
    const env = {
        PATH: process.env.PATH,
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_AUTHOR_DATE: when,
        GIT_COMMITTER_DATE: when,
    };
    execFileSync("git", [...who, ...args], { cwd: folder, env, stdio: ["ignore", "ignore", "inherit"] });
}
