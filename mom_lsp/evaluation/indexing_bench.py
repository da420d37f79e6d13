"""How long `mom index` takes until something, and everything, is found, beside `git log -p` of the same history."""

from __future__ import annotations

import json
import subprocess
import time
from statistics import mean

from mom_lsp.evaluation.bench_clone import (
    MOM,
    BenchTarget,
    Figure,
    figure,
    median_of,
    run_command,
    run_mom,
    timed_command,
)
from mom_lsp.git import Location, Repository

ROUNDS = 3


def measure_indexing(location: Location, target: BenchTarget) -> list[Figure]:
    """Index a clone, with `git log -p` of the same history before and after; with the encoder off, completely."""
    log = ("git", "-C", str(location.root), "log", "-p", "-U0")
    before = timed_command(*log)
    reached = _first_index(location, target)
    read = mean((before, timed_command(*log)))
    run_mom(location, "index")  # the rest
    again = median_of(ROUNDS, lambda: run_mom(location, "index"))
    start = median_of(ROUNDS, lambda: run_command(MOM, "--version"))
    words, commits = reached.get("words"), len(Repository(location).history("HEAD"))
    ratio = words / read if words else None
    times = f"{words or 0:.1f} s; `git log -p -U0` before and after it {read:.1f} s"
    return [
        figure("first suggestion after `mom index` starts", reached.get("first"), "s", 5, f"{commits:,} commits"),
        figure("whole history searchable by words, to `git log -p -U0`", ratio, "times", 1.7, times),
        figure("`mom index` with no new commits", again, "s", round(1 + start, 2), f"`mom --version` {start:.2f} s"),
    ]


def _first_index(location: Location, target: BenchTarget) -> dict[str, float]:
    """Index an empty store up to the encoder; return the seconds until the first suggestion and until all words."""
    began, reached = time.monotonic(), dict[str, float]()
    command = [MOM, "-C", str(location.root), "index", "--progress-json"]
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdin=pipe, stdout=null, stderr=pipe, text=True) as process:
        assert process.stderr is not None and process.stdin is not None
        for line in process.stderr:
            report, now = json.loads(line) if line.startswith("{") else {}, time.monotonic()
            if report.get("phase") == "history" and report["done"] == report["total"]:
                reached["words"] = now - began
            if report.get("phase") == "history" and report["done"] and "first" not in reached:
                answer = json.loads(run_mom(location, "suggest", str(target), "--json"))
                if answer["suggestions"]:
                    reached["first"] = time.monotonic() - began
            if report.get("phase") == "encoding":
                process.stdin.close()  # the indexer stops when its input closes
    return reached
