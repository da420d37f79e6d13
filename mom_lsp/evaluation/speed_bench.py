"""`mom bench`: how long indexing and suggesting take, compared with `git blame` and the start of the interpreter."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from mom_lsp import datafolder
from mom_lsp.evaluation.bench_clone import (
    MOM,
    BenchTarget,
    Figure,
    busiest_lines,
    cloned,
    figure,
    run_command,
    run_mom,
    stop_engine,
)
from mom_lsp.evaluation.hook_bench import measure_hook
from mom_lsp.git import Location, Repository, locate
from mom_lsp.process import EngineClient, ensure_engine

ROUNDS = 7
FEW_ROUNDS = 3  # of jobs that take seconds


def measure_speed(root: Path, at: BenchTarget | None = None) -> dict[str, Any]:
    """Measure on a fresh clone of a repository and return {"figures": [{"name", "value", "unit", "target", "note"}]}.

    Args:
        root: of the repository.
        at: the line to ask about; None for one in the file that changes most often.

    Raises:
        UsageError: not a git repository, or one without a commit.
    """
    with cloned(root) as location:
        targets = [*([at] if at else []), *busiest_lines(location)]
        print(f"indexing a clone of {root}, then asking about {targets[0]}", file=sys.stderr)
        figures = [*_indexing(root, location, targets[0]), *_suggesting(location, targets), _hook(location.root)]
    return {"figures": figures}


def _indexing(root: Path, location: Location, target: BenchTarget) -> list[Figure]:
    reached = _first_index(location, target)
    encoded = locate(root).data / datafolder.VECTORS
    if encoded.is_dir():  # embeddings do not depend on the clone: reuse those that the repository has
        shutil.copytree(encoded, location.data / datafolder.VECTORS, dirs_exist_ok=True)
    run_mom(location, "index")
    commits = len(Repository(location).history("HEAD"))
    again = _median(lambda: run_mom(location, "index"))
    start = _median(lambda: run_command(MOM, "--version"))
    return [
        figure("first suggestion after `mom index` starts", reached.get("first"), "s", 5, f"{commits:,} commits"),
        figure(
            "whole history searchable by text", reached.get("files"), "s", 90, "embeddings follow in the background"
        ),
        figure("`mom index` with no new commits", again, "s", round(1 + start, 2), f"`mom --version` {start:.2f} s"),
    ]


def _first_index(location: Location, target: BenchTarget) -> dict[str, float]:
    """Index an empty store up to the encoder; return the seconds until each phase was reached."""
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
            answer = json.loads(run_mom(location, "suggest", str(target), "--json"))
            if answer["suggestions"]:
                reached["first"] = time.monotonic() - began
        elif report.get("phase") not in ("history", None):
            reached.setdefault(report["phase"], time.monotonic() - began)
        if report.get("phase") == "encoding":
            process.stdin.close()  # the indexer stops when its input closes
    process.wait()
    return reached


def _suggesting(location: Location, targets: list[BenchTarget]) -> list[Figure]:
    root = str(location.root)
    without = _median(lambda: run_mom(location, "suggest", str(targets[0])))
    client = ensure_engine(location.data, 60)
    try:
        client.call("open", {"root": root}, 60)
        pairs = [_with_blame(client, root, target) for target in targets[1:] for _ in range(FEW_ROUNDS)]
        client.call("prefetch", {"root": root, "path": targets[0].path}, 120)
        _suggest(client, root, targets[0])
        cached = median(_suggest(client, root, targets[0]) for _ in range(4 * ROUNDS))
        through = _median(lambda: run_mom(location, "suggest", str(targets[0])))
    finally:
        stop_engine(client, root)
    interpreter = _median(lambda: run_command(sys.executable, "-c", "pass"))
    overhead = median(suggested - blamed for suggested, blamed in pairs) * 1000 if pairs else None
    blamed = median(blamed for _, blamed in pairs) * 1000 if pairs else None
    return [
        figure("suggestion, warm engine, blame cached", cached * 1000, "ms", 50),
        figure("suggestion, blame not cached: overhead over `git blame`", overhead, "ms", 100, "interleaved"),
        figure("`git blame` of the same files", blamed, "ms", None),
        figure("`mom suggest` with a running engine", through * 1000, "ms", round(50 + interpreter * 1000)),
        figure("`mom suggest` without an engine", without, "s", 2),
        figure("start of the Python interpreter", interpreter * 1000, "ms", None),
    ]


def _hook(clone: Path) -> Figure:
    times = measure_hook(clone)
    note = f"commit {times['without']:.0f} ms without, {times['with']:.0f} ms with the hook"
    return figure("hook overhead of a commit, without interpreter start", times["extra"], "ms", 60, note)


def _with_blame(client: EngineClient, root: str, target: BenchTarget) -> tuple[float, float]:
    """Return the seconds of a request about a file whose blame is not cached, and of `git blame` right after it."""
    return _suggest(client, root, target), _timed(partial(run_command, "git", "-C", root, "blame", "--", target.path))


def _suggest(client: EngineClient, root: str, target: BenchTarget) -> float:
    """Return the seconds that a request for suggestions takes."""
    params = {"root": root, "path": target.path, "start": target.line, "end": target.line, "text": None, "k": 3}
    return _timed(lambda: client.call("suggest", params, 120))


def _median(job: Callable[[], object]) -> float:
    return median(_timed(job) for _ in range(ROUNDS))


def _timed(job: Callable[[], object]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began
