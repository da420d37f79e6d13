"""How often the memory that is hinted at a line comes first among the suggestions of that line: it should be always.

    python -m mom_lsp.evaluation.hint_agreement REPO [--files 40] [--seed 0]

Of files drawn at random all hints are asked for, and then the suggestions of the line of each, as hover and actions do.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mom_lsp.engine.service import Service
from mom_lsp.git import locate
from mom_lsp.settings import resolve
from mom_lsp.workspace import Workspace

LEAST_LINES, MOST_LINES = 20, 5000  # of a file that is asked about


@dataclass(frozen=True, slots=True)
class PromiseCount:
    """How the suggestions of the lines with a hint answer it."""

    hints: int
    missing: int  # not among the suggestions
    behind: int  # among them, but not the first

    def __str__(self) -> str:
        """Say it in a line."""
        return (
            f"{self.hints} hints: {self.missing} not among the suggestions of their line, {self.behind} not the first"
        )


def ask(workspace: Workspace, paths: list[str]) -> PromiseCount:
    """Ask for the hints of some committed files, and for the suggestions of their lines."""
    head, places = workspace.worktree.head(), list[int]()
    for path in paths:
        lines = workspace.worktree.committed(head, path)
        text = "".join(f"{line}\n" for line in lines)
        for hint in workspace.hints(path, text, 1, len(lines)):
            found = workspace.suggest(path, hint["line"], hint["line"], text=text)["suggestions"]
            ids = [one["id"] for one in found]
            places.append(ids.index(hint["suggestion"]["id"]) if hint["suggestion"]["id"] in ids else -1)
    return PromiseCount(len(places), places.count(-1), sum(place > 0 for place in places))


def drawn(workspace: Workspace, count: int, seed: int) -> Iterator[str]:
    """Yield files that memories are about, in an order drawn at random."""
    head, catalog = workspace.worktree.head(), workspace.library.snapshot().catalog
    paths = sorted(path for path in head.tree if path in catalog.rows_of_path)
    random.Random(seed).shuffle(paths)
    fitting = (p for p in paths if LEAST_LINES < len(workspace.worktree.committed(head, p)) < MOST_LINES)
    yield from (path for path, _ in zip(fitting, range(count), strict=False))


def main() -> None:
    """Print how often the promise is kept."""
    parser = argparse.ArgumentParser(description="Count the hints that lead the suggestions of their line.")
    parser.add_argument("repository", type=Path)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    location = locate(chosen.repository)
    with closing(Service(location.data)) as service:
        workspace = Workspace(location, service.library, resolve(location.root).settings)
        sys.stdout.write(f"{ask(workspace, list(drawn(workspace, chosen.files, chosen.seed)))}\n")


if __name__ == "__main__":
    main()
