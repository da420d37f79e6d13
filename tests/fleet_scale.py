"""What bulk indexing takes against the number of repositories and workers, and what a large company's would.

    python tests/fleet_scale.py FOLDER [--sizes 1,10,50] [--workers 1,2]
    python tests/fleet_scale.py --made 500 [--commits 60] [--workers 1,2]

FOLDER is full of clones, of which the first ones by name are taken. With --made, makes that many repositories by a
script. Each run indexes into an empty store on a server of moto's. Prints a table, a row for each run; what a commit
and a repository of the largest run with one worker take, and a linear fit of all of these; what 2,000 repositories of
20,000 commits like those of FOLDER would take; and the efficiency of more workers, the processor time of one divided by
theirs. The numbers of workers have to include 1.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from fleet_rows import list_of, measured, own_home

from mom_lsp.evaluation.scale_repository import make_repository

LARGE, LONG = 2_000, 20_000  # repositories of a large company, and commits of one
Run = dict[str, Any]


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--sizes", default="1,10,50")
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--made", type=int, default=0)
    parser.add_argument("--commits", type=int, default=60)
    asked = parser.parse_args()
    if bool(asked.folder) == bool(asked.made):
        parser.error("give a FOLDER or --made")
    with own_home() as home, repositories(asked.folder, asked.made, asked.commits) as folders:
        sizes = [len(folders)] if asked.made else [min(int(size), len(folders)) for size in asked.sizes.split(",")]
        print("| repositories | commits | workers | seconds | processor seconds | memory | requests | stored |")
        print("|---|---|---|---|---|---|---|---|", flush=True)
        runs = []
        for size in dict.fromkeys(sizes):
            for workers in map(int, asked.workers.split(",")):
                runs.append(measured(list_of(home, folders[:size]), workers))
                print(row(runs[-1]), flush=True)
        large = [company(runs)] if asked.folder else []  # made ones are too small to say anything about it
        print("\n".join(["", *slopes(runs), *large, *efficiency(runs)]))


@contextmanager
def repositories(folder: Path | None, made: int, commits: int) -> Iterator[list[Path]]:
    """Yield the repositories of a folder, or such that are made."""
    with tempfile.TemporaryDirectory() as temporary:
        for number in range(made):
            make_repository(Path(temporary) / f"made-{number}", commits, seed=number)
        yield sorted(path for path in (folder or Path(temporary)).iterdir() if path.is_dir())


def row(run: Run) -> str:
    """Return a row of the table."""
    cells = [f"{run[name]:,}" for name in ("repositories", "commits", "workers", "seconds", "processor")]
    cells += [f"{run['memory']:,} MB", f"{run['requests']:,}", f"{run['bytes'] / 1e6:.1f} MB"]
    return f"| {' | '.join(cells)} |"


def slopes(runs: Sequence[Run]) -> Iterator[str]:
    """Yield what a commit and a repository of the largest run with one worker take, and the fit of all such runs."""
    alone = [run for run in runs if run["workers"] == 1]
    most = max(alone, key=lambda run: int(run["commits"]))
    for what, unit in (("processor", "s"), ("requests", ""), ("bytes", "B")):
        commit, repository = (most[what] / most[name] for name in ("commits", "repositories"))
        yield f"{what}: {commit:.4g} {unit} a commit, {repository:.4g} {unit} a repository"
    if len(alone) > 1:
        slope, start = np.polyfit([run["commits"] for run in alone], [run["processor"] for run in alone], 1)
        yield f"fit: {start:.1f} s + {1000 * slope:.2f} ms a commit"


def company(runs: Sequence[Run]) -> str:
    """Return what a large company would take, by the mean of the largest run with one worker."""
    most = max((run for run in runs if run["workers"] == 1), key=lambda run: int(run["commits"]))
    hours, size = (most[what] / most["commits"] * LARGE * LONG for what in ("processor", "bytes"))
    return f"{LARGE:,} repositories of {LONG:,} commits: {hours / 3600:.0f} processor hours, {size / 1e9:.0f} GB"


def efficiency(runs: Sequence[Run]) -> Iterator[str]:
    """Yield the processor time of one worker divided by that of more."""
    alone = {run["repositories"]: run for run in runs if run["workers"] == 1}
    for run in runs:
        one = alone.get(run["repositories"])
        if run["workers"] > 1 and one is not None:
            share, faster = (one[what] / run[what] for what in ("processor", "seconds"))
            who = f"{run['repositories']} repositories, {run['workers']} workers"
            yield f"{who}: efficiency {share:.0%}, {faster:.2f} times as fast"


if __name__ == "__main__":
    main()
