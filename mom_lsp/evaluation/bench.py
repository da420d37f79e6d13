"""`mom bench`: how long indexing and suggesting take, with `git blame` and the interpreter beside them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from mom_lsp import datafolder
from mom_lsp.errors import UsageError
from mom_lsp.evaluation.hook_bench import measure_hook
from mom_lsp.git import Location, Repository, locate
from mom_lsp.process import EngineClient, ensure_engine

ROUNDS = 7
FEW_ROUNDS = 3  # of what takes seconds
RECENT = 150  # commits among which the file that is asked about is chosen
FILES = 5  # other files, whose blame is not known yet
PATIENCE = 600  # looks, 0.1 s apart
PROC = Path("/proc")
MOM = str(Path(sys.executable).with_name("mom"))
Figure = dict[str, Any]


def run(root: Path, at: BenchedLines | None = None) -> dict[str, Any]:
    """Measure on a fresh clone of a repository and return {"figures": [{"name", "value", "unit", "target", "note"}]}.

    The clone shares the objects of the repository; nothing of the repository itself is changed.

    Args:
        root: of the repository.
        at: what is asked about, None for a line of the file that changes most.
    """
    if not locate(root).git:
        raise UsageError(f"{root} is not a git repository")
    with tempfile.TemporaryDirectory(prefix="mom-bench-") as scratch:
        clone = Path(scratch).resolve() / "clone"
        _run("git", "clone", "--quiet", "--shared", str(root.resolve()), str(clone))
        location = locate(clone)
        spots = [*([at] if at else []), *_spots(location)]
        _say(f"indexing a clone of {root}, then asking about {spots[0]}")
        figures = [*_indexing(root, location, spots[0]), *_asking(location, spots), *_hook(clone)]
    return {"figures": figures}


@dataclass(frozen=True, slots=True)
class BenchedLines:
    """A line to ask about."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


def _spots(location: Location) -> list[BenchedLines]:
    """Return lines that recent commits wrote, in the files that these changed most."""
    repository = Repository(location)
    head = repository.resolve()
    if head is None:
        raise UsageError("there is no commit to measure on")
    lines: dict[str, int] = {}
    changed: Counter[str] = Counter()
    tree = repository.tree(head)
    for commit in repository.commits(repository.history(head)[:RECENT]):
        for change in commit.files:
            if change.path in tree and change.hunks:
                changed[change.path] += 1
                lines.setdefault(change.path, max(1, change.hunks[0].new_start))
    return [BenchedLines(path, lines[path]) for path, _ in changed.most_common(FILES + 1)]


def _indexing(root: Path, location: Location, spot: BenchedLines) -> list[Figure]:
    reached = _first_index(location, spot)
    known = locate(root).data / datafolder.VECTORS
    if known.is_dir():  # the encoder's work does not depend on the clone: what is done is done
        shutil.copytree(known, location.data / datafolder.VECTORS, dirs_exist_ok=True)
    _mom(location, "index")
    commits = len(Repository(location).history("HEAD"))
    again = _median(lambda: _mom(location, "index"))
    start = _median(lambda: _run(MOM, "--version"))
    return [
        _figure("first suggestion after `mom index` started", reached.get("first"), "s", 5, f"{commits:,} commits"),
        _figure("whole history searchable by words", reached.get("files"), "s", 90, "encoding goes on behind it"),
        _figure("`mom index` with nothing new", again, "s", round(1 + start, 2), f"`mom --version` {start:.2f} s"),
    ]


def _first_index(location: Location, spot: BenchedLines) -> dict[str, float]:
    """Index an empty store up to the encoder; return when things were reached, in seconds."""
    began = time.monotonic()
    process = subprocess.Popen(
        [MOM, "-C", str(location.root), "index", "--progress-json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None and process.stdin is not None
    reached: dict[str, float] = {}
    for line in process.stderr:
        report = json.loads(line) if line.startswith("{") else {}
        if report.get("phase") == "history" and report["done"] and "first" not in reached:
            answer = json.loads(_mom(location, "suggest", str(spot), "--json"))
            if answer["suggestions"]:
                reached["first"] = time.monotonic() - began
        elif report.get("phase") not in ("history", None):
            reached.setdefault(report["phase"], time.monotonic() - began)
        if report.get("phase") == "encoding":
            process.stdin.close()  # it ends with its parent's interest
    process.wait()
    return reached


def _asking(location: Location, spots: list[BenchedLines]) -> list[Figure]:
    root = str(location.root)
    without = _median(lambda: _mom(location, "suggest", str(spots[0])))
    client = ensure_engine(location.data, 60)
    try:
        client.call("open", {"root": root}, 60)
        _wait_for_encoder(client, root)
        pairs = [_beside_blame(client, root, spot) for spot in spots[1:] for _ in range(FEW_ROUNDS)]
        client.call("prefetch", {"root": root, "path": spots[0].path}, 120)
        _ask(client, root, spots[0])
        known = median(_ask(client, root, spots[0]) for _ in range(4 * ROUNDS))
        through = _median(lambda: _mom(location, "suggest", str(spots[0])))
    finally:
        _end(client, root)
    interpreter = _median(lambda: _run(sys.executable, "-c", "pass"))
    beyond = median(asked - blamed for asked, blamed in pairs) * 1000 if pairs else None
    blamed = median(blamed for _, blamed in pairs) * 1000 if pairs else None
    return [
        _figure("suggestion, warm engine, blame known", known * 1000, "ms", 50),
        _figure("the same, blame unknown: beyond `git blame` alone", beyond, "ms", 100, "taken in turn"),
        _figure("`git blame` of these files alone", blamed, "ms", None),
        _figure("`mom suggest` through the engine", through * 1000, "ms", round(50 + interpreter * 1000)),
        _figure("`mom suggest` without an engine", without, "s", 2),
        _figure("the interpreter alone", interpreter * 1000, "ms", None),
    ]


def _end(client: EngineClient, root: str) -> None:
    """End the engine and see it gone: it still writes down what was shown, and its indexer stops."""
    pid = client.call("status", {"root": root}, 60)["engine"]["pid"]
    client.call("shutdown", {})
    for _ in range(PATIENCE if PROC.is_dir() else 0):
        if not (PROC / str(pid) / "exe").exists():  # of a zombie, too
            break
        time.sleep(0.1)


def _hook(clone: Path) -> list[Figure]:
    times = measure_hook(clone)
    note = f"commit {times['without']:.0f} ms without, {times['with']:.0f} ms with the hook"
    return [_figure("a commit with the hook, beyond the interpreter's start", times["extra"], "ms", 60, note)]


def _wait_for_encoder(client: EngineClient, root: str) -> None:
    """Ask until the model is loaded: an engine answers by words before."""
    for _ in range(600):
        if client.call("status", {"root": root}, 60)["encoder_ready"]:
            return
        time.sleep(0.1)


def _beside_blame(client: EngineClient, root: str, spot: BenchedLines) -> tuple[float, float]:
    """Return the seconds of a question about a file whose blame is not known, and those of `git blame` right after."""
    return _ask(client, root, spot), _timed(partial(_run, "git", "-C", root, "blame", "--", spot.path))


def _ask(client: EngineClient, root: str, spot: BenchedLines) -> float:
    params = {"root": root, "path": spot.path, "start": spot.line, "end": spot.line, "text": None, "k": 3}
    return _timed(lambda: client.call("suggest", params, 120))


def _mom(location: Location, *arguments: str) -> str:
    return _run(MOM, "-C", str(location.root), *arguments)


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def _median(job: Callable[[], object]) -> float:
    return median(_timed(job) for _ in range(ROUNDS))


def _timed(job: Callable[[], object]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def _figure(name: str, value: float | None, unit: str, target: float | None, note: str = "") -> Figure:
    return {"name": name, "value": value, "unit": unit, "target": target, "note": note}


def _say(message: str) -> None:
    print(message, file=sys.stderr)
