"""`make fuzz`: sends hostile messages to a real `mom serve` with a real engine, and checks that it survives them.

Every request must get exactly one answer, and errors must be one sentence without a traceback or a path of the
installation. A hover is asked beside, in the same window and in a second one of the same engine. At the end all
documents are closed, and the memory of the language server has to be near to what it was.

Each 1,000 messages a line is printed. The same seed sends the same messages.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psutil
from hostile_messages import HostileMessages
from lsp_window import PATIENCE, Window, open_window
from message_parts import World
from repositories import SHOW_ALL, WITHOUT_MODELS

from mom_lsp.process import EngineClient

AHEAD = 200  # requests without an answer, after which the client waits for one
HOVER_EVERY = 20  # messages
HOVER_PAUSE = 0.05  # seconds, in the second window
CLOSING = 5.0  # seconds that the language server has to free memory
MEMORY = 50.0  # MB that it may keep


@dataclass
class Result:
    """What came of it."""

    sent: Counter[str]  # by kind
    window: Window
    beside: Window
    lives: bool
    started_at: float  # MB
    peak: float
    ended_at: float

    @property
    def faults(self) -> list[str]:
        """What should not be."""
        window, found = self.window, []
        if not self.lives:
            found.append("the server ended")
        if window.missing or self.beside.missing:
            found.append(f"{window.missing + self.beside.missing} requests were never answered")
        if window.superfluous:
            found.append(f"{window.superfluous} answers too many")
        if window.bad_errors:
            found.append(f"{len(window.bad_errors)} errors that are no sentence: {window.bad_errors[0]}")
        if failures := window.failures:
            found.append(f"{failures.total()} internal errors: {failures.most_common(1)[0][0]}")
        if self.ended_at - self.started_at > MEMORY:
            found.append(f"{self.ended_at - self.started_at:.0f} MB kept")
        return found


def percentile(values: list[float], share: float) -> float:
    """Return a percentile, NaN of nothing."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


async def fuzz(root: Path, seed: int, count: int, environment: dict[str, str], memories: list[str]) -> Result:
    """Send messages to a server of an indexed repository."""
    texts = {
        (root / path).as_uri(): (root / path).read_text("utf-8")
        for path in subprocess.check_output(["git", "ls-files", "*.py"], cwd=root, text=True).splitlines()[:12]
    }
    probe, *_ = texts
    world = World(root.as_uri(), {uri: text for uri, text in texts.items() if uri != probe}, memories)
    window, beside = [await open_window(root, texts, environment) for _ in range(2)]
    lines = texts[probe].count("\n")
    for one in (window, beside):
        for line in range(0, lines, 7):
            await one.answer(one.hover(probe, line))
        one.took.clear()
    await asyncio.sleep(CLOSING)  # until it has freed what starting took
    started_at = peak = window.memory
    sent: Counter[str] = Counter()
    messages = HostileMessages(seed, world)
    hovering = asyncio.create_task(_hover_on(beside, probe, lines))
    began = time.monotonic()
    try:
        for number, message in enumerate(islice(messages, count)):
            window.send(message)
            sent[message.kind] += 1
            if number % HOVER_EVERY == 0:
                window.hover(probe, number % lines)
                await window.process.stdin.drain()
                peak = max(peak, window.memory)
            if not await window.at_most(AHEAD):
                break
            if (number + 1) % 1000 == 0:
                _progress(number + 1, time.monotonic() - began, window, beside)
        await window.at_most(0)
    except (ConnectionError, psutil.Error):
        pass
    hovering.cancel()
    lives = window.process.returncode is None and beside.process.returncode is None
    ended_at = await _after_closing(window, [*texts, *messages.opened])
    await beside.at_most(0)
    for one in (window, beside):
        await one.end()
    return Result(sent, window, beside, lives, started_at, max(peak, ended_at), ended_at)


async def _hover_on(window: Window, uri: str, lines: int) -> None:
    """Ask one hover after the other, as a second editor of the same repository."""
    for number in range(10**9):
        window.edit(uri, "x" * (number % 2))  # what it knows of the text before does not count
        await window.answer(window.hover(uri, number % lines))
        await asyncio.sleep(HOVER_PAUSE)


async def _after_closing(window: Window, uris: list[str]) -> float:
    """Close all documents, and return the memory in MB some seconds later."""
    if window.process.returncode is not None:
        return 0.0
    for uri in uris:
        window.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    await asyncio.sleep(CLOSING)
    return window.memory


def _progress(number: int, seconds: float, window: Window, beside: Window) -> None:
    p99 = percentile(window.took[-500:], 0.99), percentile(beside.took[-500:], 0.99)
    print(
        f"{number:9,} sent  {seconds:6.0f} s  {window.missing:5} unanswered  {window.memory:5.0f} MB"
        f"  hover p99 {1000 * p99[0]:6.0f} ms, beside {1000 * p99[1]:6.0f} ms",
        flush=True,
    )


def table(result: Result) -> str:
    """Return the result as text."""
    window, beside = result.window, result.beside
    lost = Counter(window.methods.get(id, id) for id in window.wanted.elements())
    rows = [
        ("messages", f"{result.sent.total():,}"),
        *((f"  {kind}", f"{number:,}") for kind, number in result.sent.most_common()),
        ("answers", f"{window.answered:,}"),
        ("requests without an answer", f"{window.missing:,}"),
        *((f"  {kind}", f"{number:,}") for kind, number in lost.most_common(12)),
        ("answers too many", f"{window.superfluous:,}"),
        ("errors that are no sentence", f"{len(window.bad_errors):,}"),
        *((f"  {text}", "") for text in list(dict.fromkeys(window.bad_errors))[:8]),
        ("internal errors", f"{window.failures.total():,}"),
        *((f"  {text}", f"{number:,}") for text, number in window.failures.most_common(12)),
        ("the server lives", "yes" if result.lives else "no"),
        *(
            (
                f"hover {name}: p50, p99, longest",
                f"{1000 * percentile(one.took, 0.5):.0f}, {1000 * percentile(one.took, 0.99):.0f},"
                f" {1000 * max(one.took, default=0):.0f} ms of {len(one.took):,}, {one.found:,} with a memory",
            )
            for name, one in (("in the same window", window), ("in another window", beside))
        ),
        ("memory at the start, most, closed", f"{result.started_at:.0f}, {result.peak:.0f}, {result.ended_at:.0f} MB"),
    ]
    return "\n".join(f"{name:36} {value}" for name, value in rows)


def surroundings(folder: Path) -> dict[str, str]:
    """Return an environment with settings of its own, without models."""
    (folder / "mom-lsp").mkdir(parents=True)
    (folder / "mom-lsp" / "settings.toml").write_text(WITHOUT_MODELS + SHOW_ALL, "utf-8")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "MOM_"))}
    return clean | {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}


def memories_of(root: Path, environment: dict[str, str]) -> list[str]:
    """Index a repository, and return the ids of some of its memories."""

    def mom(*arguments: str) -> str:
        command = [sys.executable, "-P", "-m", "mom_lsp", "-C", str(root), *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    mom("index")
    return [one["id"] for one in json.loads(mom("search", "fix the function because", "--json"))["suggestions"]]


def main() -> None:
    """Print the table, and exit with 1 if anything should not be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repository", type=Path, default=Path(__file__).parent.parent, help="that is cloned")
    parser.add_argument("--commits", type=int, default=200, help="that are cloned of it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root, environment = Path(folder) / "repo", surroundings(Path(folder) / "home")
        clone = ["git", "clone", "--quiet", "--depth", str(asked.commits), f"file://{asked.repository.resolve()}"]
        subprocess.run([*clone, str(root)], check=True)
        memories = memories_of(root, environment)
        try:
            result = asyncio.run(fuzz(root, asked.seed, asked.messages, environment, memories))
        finally:
            EngineClient.connect(root / ".git" / "mom", PATIENCE, version="none of them")  # ends it
    print(table(result))
    for fault in result.faults:
        print(f"FAULT {fault}")
    sys.exit(bool(result.faults))


if __name__ == "__main__":
    main()
