"""How long a hover takes while another window has a text open that is hard to read.

    python -m mom_lsp.evaluation.hover_beside

One client of a real engine asks for the hints of an adversarial text and why its last line exists, again and again; it
takes all threads that a client gets. Another one edits an ordinary file and asks what a hover asks. Each adversarial
unit is tried in some of the languages, in turn.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

from mom_lsp.datafolder import MARKER
from mom_lsp.evaluation.adversarial_texts import LANGUAGES, UNITS, text_of
from mom_lsp.git import locate
from mom_lsp.process import EngineClient, ensure_engine

GOAL = 0.25  # seconds, the 99th percentile
AT_ONCE = 4  # requests of the other window: as many as a client gets threads
LONGEST = 60.0  # seconds that an answer may take at all
LINES = 120  # of the ordinary file
SETTINGS = "[encoder]\nenable = false\n[model]\nenable = false\n[suggest]\nthreshold = 0\n[hints]\nthreshold = 0\n"


def ordinary(number: int) -> str:
    """Return the ordinary file at one of its commits."""
    return "".join(f"def step_{at}(value):\n    return value + {min(at, number)}\n\n" for at in range(LINES // 3))


@contextmanager
def engine(folder: Path) -> Iterator[tuple[Path, EngineClient, EngineClient]]:
    """Yield the root of an indexed repository, and two clients of its engine."""
    root = folder / "repo"
    root.mkdir()
    os.environ |= {name: str(folder / "home") for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    (folder / "home" / "mom-lsp").mkdir(parents=True)
    (folder / "home" / "mom-lsp" / "settings.toml").write_text(SETTINGS, "utf-8")
    _git(root, "init", "--quiet")
    for number in range(0, LINES // 3, 4):
        (root / "plain.py").write_text(ordinary(number), "utf-8")
        for extension in LANGUAGES if not number else ():
            (root / f"hard.{extension}").write_text("a\n", "utf-8")
        _git(root, "add", ".")
        _git(root, "commit", "--quiet", "-m", f"Count from {number}, because callers {number} saw the wrong sum")
    subprocess.run([sys.executable, "-P", "-m", "mom_lsp", "-C", str(root), "index"], check=True, capture_output=True)
    data = locate(root).data
    assert (data / MARKER).is_file()
    clients = [ensure_engine(data, LONGEST) for _ in range(2)]
    try:
        yield root, clients[0], clients[1]
    finally:
        clients[0].call("shutdown", {})
        for client in clients:
            client.close()


def hovers(root: Path, hard: EngineClient, plain: EngineClient, path: str, text: str, count: int) -> list[float]:
    """Return the seconds of each of so many hovers beside a hard text."""
    pending: list[Future[Any]] = []
    last = text.count("\n") + (not text.endswith("\n"))
    requests = cycle(
        (
            ("hints", {"text": text, "start": 1, "end": last}),
            ("why", {"text": text, "line": max(1, last)}),
            ("suggest", {"text": text, "start": max(1, last), "end": max(1, last)}),
        )
    )
    took = []
    for number in range(count):
        pending = [one for one in pending if not one.done()]
        while len(pending) < AT_ONCE:
            method, params = next(requests)
            pending.append(hard.submit(method, {"root": str(root), "path": path, **params}))
        line = 1 + number * 3 % LINES
        edited = f"{ordinary(LINES)}# {number}\n"
        asked = {"root": str(root), "path": "plain.py", "text": edited, "start": line, "end": line, "k": 3}
        began = time.monotonic()
        plain.call("suggest", asked, LONGEST)
        took.append(time.monotonic() - began)
    for one in pending:
        one.cancel()
    return took


def percentile(values: list[float], share: float) -> float:
    """Return a percentile."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


def main() -> None:
    """Print a line for each of the slowest texts, and the percentiles of all; exit with 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=500_000, help="characters of an adversarial text")
    parser.add_argument("--hovers", type=int, default=20, help="beside each text")
    parser.add_argument("--languages", type=int, default=1, help="in which each unit is tried")
    parser.add_argument("--every", type=int, default=1, help="try only every so many units")
    parser.add_argument("--slowest", type=int, default=10, help="texts to show")
    asked = parser.parse_args()
    extensions = cycle(LANGUAGES)
    found: list[tuple[float, str]] = []
    everything: list[float] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, engine(Path(folder)) as clients:
        hovers(*clients, "hard.c", "a\n", 20)  # reads the index
        alone = hovers(*clients, "hard.c", "a\n", 100)
        for unit in UNITS[:: asked.every]:
            for _ in range(asked.languages):
                extension = next(extensions)
                took = hovers(*clients, f"hard.{extension}", text_of(unit, asked.size), asked.hovers)
                found.append((max(took), f".{extension} {unit!r}"))
                everything += took
    for longest, name in sorted(found, reverse=True)[: asked.slowest]:
        print(f"{1000 * longest:7.0f} ms  the longest beside {name}")
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, took in (("beside an ordinary text", alone), (f"beside {len(found)} hard texts", everything)):
        shares = ", ".join(f"p{share} {1000 * percentile(took, share / 100):.0f}" for share in (50, 95, 99))
        print(f"a hover {name}: {shares}, longest {1000 * max(took):.0f} ms of {len(took):,}")
    sys.exit(percentile(everything, 0.99) > GOAL)


if __name__ == "__main__":
    main()
