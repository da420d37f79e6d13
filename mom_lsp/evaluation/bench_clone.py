"""A clone to measure on: the commands to run in it, the lines to ask about, and its engine."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from mom_lsp.errors import UsageError
from mom_lsp.git import Location, Repository, locate
from mom_lsp.process import EngineClient

RECENT = 150  # commits among which the most frequently changed files are chosen
FILES = 5  # besides the first one
WITHOUT_ENCODER = "[encoder]\nenable = false\n"
ATTEMPTS, INTERVAL = 600, 0.1  # polls, and seconds between them
PROC = Path("/proc")
MOM = str(Path(sys.executable).with_name("mom"))
Figure = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BenchTarget:
    """A line to ask about."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@contextmanager
def cloned(root: Path) -> Iterator[Location]:
    """Yield a fresh clone that shares the objects of a repository; the repository itself is not changed.

    Raises:
        UsageError: not a git repository.
    """
    if not locate(root).git:
        raise UsageError(f"{root} is not a git repository")
    with tempfile.TemporaryDirectory(prefix="mom-bench-") as scratch:
        clone = Path(scratch).resolve() / "clone"
        run_command("git", "clone", "--quiet", "--shared", str(root.resolve()), str(clone))
        yield locate(clone)


@contextmanager
def saved_data(location: Location) -> Iterator[Callable[[], None]]:
    """Yield a function that restores the data folder of a clone to its present state; no engine may run then."""
    with tempfile.TemporaryDirectory(prefix="mom-bench-") as scratch:
        saved = shutil.copytree(location.data, Path(scratch) / "data")

        def restore() -> None:
            shutil.rmtree(location.data)
            shutil.copytree(saved, location.data)

        yield restore


@contextmanager
def without_encoder(location: Location) -> Iterator[None]:
    """Turn the encoder off meanwhile, unless the repository has settings of its own."""
    settings = location.root / ".mom.toml"
    ours = not settings.exists()
    if ours:
        settings.write_text(WITHOUT_ENCODER, "utf-8")
    try:
        yield
    finally:
        if ours:
            settings.unlink()


def busiest_lines(location: Location) -> list[BenchTarget]:
    """Return lines written by recent commits, in the files that these commits changed most often.

    Raises:
        UsageError: the repository has no commit.
    """
    repository = Repository(location)
    head = repository.resolve()
    if head is None:
        raise UsageError("the repository has no commit to measure on")
    lines: dict[str, int] = {}
    changed: Counter[str] = Counter()
    tree = repository.tree(head)
    for commit in repository.commits(repository.history(head)[:RECENT]):
        for change in commit.files:
            if change.path in tree and change.hunks:
                changed[change.path] += 1
                lines.setdefault(change.path, max(1, change.hunks[0].new_start))
    return [BenchTarget(path, lines[path]) for path, _ in changed.most_common(FILES + 1)]


def run_mom(location: Location, *arguments: str) -> str:
    """Run `mom` in a worktree and return what it prints."""
    return run_command(MOM, "-C", str(location.root), *arguments)


def run_command(*command: str) -> str:
    """Run a command and return what it prints."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def timed_command(*command: str) -> float:
    """Run a command whose output is discarded; return the seconds that it takes."""
    return timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))


def timed(job: Callable[[], object]) -> float:
    """Run a job; return the seconds that it takes."""
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def median_of(rounds: int, job: Callable[[], object]) -> float:
    """Return the median seconds of a job."""
    return median(timed(job) for _ in range(rounds))


def stop_engine(client: EngineClient, root: str) -> None:
    """Stop the engine and wait for its exit: it still saves impressions and stops its indexer."""
    pid = client.call("status", {"root": root}, 60)["engine"]["pid"]
    client.call("shutdown", {})
    for _ in range(ATTEMPTS if PROC.is_dir() else 0):
        if not (PROC / str(pid) / "exe").exists():  # a zombie has none either
            break
        time.sleep(INTERVAL)


def figure(name: str, value: float | None, unit: str, target: float | None, note: str = "") -> Figure:
    """Return a row of the table that `mom bench` prints."""
    return {"name": name, "value": value, "unit": unit, "target": target, "note": note}
