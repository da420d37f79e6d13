"""How often the hinted memory of a line is also its first suggestion, as it always should be.

    python -m mom_lsp.evaluation.hint_agreement REPO [--files 40] [--seed 0]

Requests all hints of a random sample of files, then the suggestions of each hint's line, as hover and code actions do.
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
from mom_lsp.workspace.answers.line_hints import Wanted

LEAST_LINES, MOST_LINES = 20, 5000  # of a sampled file


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many hints agree with the suggestions of their line."""

    hints: int
    missing: int  # not among the suggestions
    behind: int  # among them, but not the first

    def __str__(self) -> str:
        """Return one line of text."""
        return f"{self.hints} hints: {self.missing} not suggested on their line, {self.behind} not the first suggestion"


def count_agreement(workspace: Workspace, paths: list[str]) -> Agreement:
    """Compare the hints of committed files with the suggestions of their lines."""
    head, ranks = workspace.worktree.head(), list[int]()
    for path in paths:
        lines = workspace.worktree.committed(head, path)
        text = "".join(f"{line}\n" for line in lines)
        for hint in workspace.hints(path, text, Wanted(1, len(lines))).hints:
            found = workspace.suggest(path, hint["line"], hint["line"], text=text)["suggestions"]
            ids = [one["id"] for one in found]
            ranks.append(ids.index(hint["suggestion"]["id"]) if hint["suggestion"]["id"] in ids else -1)
    return Agreement(len(ranks), ranks.count(-1), sum(rank > 0 for rank in ranks))


def sample_files(workspace: Workspace, count: int, seed: int) -> Iterator[str]:
    """Yield a random sample of the files that have memories."""
    head, catalog = workspace.worktree.head(), workspace.library.snapshot().catalog
    paths = sorted(path for path in head.tree if path in catalog.rows_of_path)
    random.Random(seed).shuffle(paths)
    fitting = (p for p in paths if LEAST_LINES < len(workspace.worktree.committed(head, p)) < MOST_LINES)
    yield from (path for path, _ in zip(fitting, range(count), strict=False))


def main() -> None:
    """Print how often hints and suggestions agree."""
    parser = argparse.ArgumentParser(description="Count the hints that are the first suggestion of their line.")
    parser.add_argument("repository", type=Path)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    location = locate(chosen.repository)
    with closing(Service(location.data)) as service:
        workspace = Workspace(location, service.library, resolve(location.root).settings)
        sys.stdout.write(f"{count_agreement(workspace, list(sample_files(workspace, chosen.files, chosen.seed)))}\n")


if __name__ == "__main__":
    main()
