"""For how many lines mom knows why they are so, with the discussions of a clone's archive and without them.

    python -m mom_lsp.evaluation.stated_reasons CLONE [--lines 300] [--seed 1]
    python -m mom_lsp.evaluation.stated_reasons --verdicts LABELS

A line has a stated reason if a memory that wrote it, wrote it before, or is about it gives one in words. The lines are
a seeded sample of all lines with a name in them, which tables of numbers have not. The clone itself is not changed: a
shared one is indexed twice. `--verdicts` prints what readers said of suggestions that came from discussions.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from mom_lsp import datafolder
from mom_lsp.discussions.archive import Archive
from mom_lsp.errors import UsageError
from mom_lsp.evaluation.asked import Line, unused_workspace
from mom_lsp.evaluation.bench_clone import cloned, without_encoder
from mom_lsp.extract.code import identifiers
from mom_lsp.extract.noise import is_generated, is_vendored
from mom_lsp.git import Location, Repository, locate
from mom_lsp.indexing import index, index_settings
from mom_lsp.settings import Settings
from mom_lsp.workspace.workspace import Workspace

MAX_SIZE = 1_000_000  # bytes of a file whose lines are sampled
ALL = 40  # memories of a line that are read to find one with a reason
LETTERS = {"U": "useful", "D": "relevant but dull", "I": "irrelevant"}
EARLIER = "made an earlier change to this line"


@dataclass(slots=True)
class Reasons:
    """What is known and shown at some lines."""

    lines: int = 0
    known: int = 0  # lines for which some memory gives a reason
    shown: int = 0  # lines with a suggestion that gives a reason
    explained: int = 0  # lines of which `mom why` cites a reason
    suggestions: int = 0
    of_discussions: int = 0  # suggestions that are a part of a discussion

    def rows(self) -> list[str]:
        """Return the figures, one a row."""
        return [
            f"a stated reason is known: {self.known / max(1, self.lines):.1%} of {self.lines} lines",
            f"a suggestion gives a reason: {self.shown / max(1, self.lines):.1%}",
            f"`mom why` cites a reason: {self.explained / max(1, self.lines):.1%}",
            f"suggestions: {self.suggestions}, of discussions {self.of_discussions}",
        ]


def sampled_lines(repository: Repository, count: int, seed: int) -> list[Line]:
    """Return a sample of the lines of HEAD's text files, without generated and vendored ones."""
    head = repository.resolve()
    tree = repository.tree(head) if head else {}
    blobs = {entry.blob: path for path, entry in tree.items() if not (is_vendored(path) or is_generated(path))}
    lines = [
        (blobs[blob], number)
        for blob, text in repository.texts(list(blobs), MAX_SIZE)
        if not is_generated(blobs[blob], text[:2000])
        for number, line in enumerate(text.split("\n"), 1)
        if identifiers(line)
    ]
    return sorted(random.Random(seed).sample(lines, min(count, len(lines))))  # no secret


def reasons_at(clone: Path, lines: Sequence[Line]) -> Reasons:
    """Return what an indexed clone knows and shows at some lines."""
    found, shows_all = Reasons(len(lines)), Settings()
    shows_all = replace(shows_all, suggest=replace(shows_all.suggest, threshold=0.0))
    with unused_workspace(clone, shows_all) as workspace:
        for path, line in lines:
            found.known += any(map(_is_reason_here, _suggested(workspace, path, line, ALL)))
    with unused_workspace(clone) as workspace:
        for path, line in lines:
            suggestions = _suggested(workspace, path, line, workspace.settings.suggest.count)
            found.suggestions += len(suggestions)
            found.of_discussions += sum(one["source"]["type"] == "discussion" for one in suggestions)
            found.shown += any(one["rationale"] for one in suggestions)
            found.explained += any(one["rationale"] for one in workspace.explain(path, line).citations)
    return found


def _suggested(workspace: Workspace, path: str, line: int, count: int) -> list[dict[str, Any]]:
    return list(workspace.suggest(path, line, line, k=count)["suggestions"])


def _is_reason_here(one: dict[str, Any]) -> bool:
    return bool(one["rationale"]) and bool(one["lines"] or EARLIER in one["why"])


def as_read(labels: Path) -> str:
    """Return how many suggestions that came from discussions readers found useful, dull and irrelevant."""
    verdicts = [json.loads(line)["verdicts"] for line in labels.read_text("utf-8").splitlines()]
    all_of = "".join(verdicts)
    shares = (f"{all_of.count(letter) / len(all_of):.0%} {name}" for letter, name in LETTERS.items())
    agreed = sum(len(set(one)) == 1 for one in verdicts)
    return f"{len(verdicts)} suggestions: {', '.join(shares)}; all readers agree on {agreed}"


def _index(location: Location) -> None:
    index(location, partial(index_settings, location), report=lambda step: None, stop=threading.Event(), encode=False)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures without and with discussions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=Path, nargs="?")
    parser.add_argument("--verdicts", type=Path, metavar="LABELS")
    parser.add_argument("--lines", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if options.verdicts:
        print(as_read(options.verdicts))
        return
    if options.clone is None:
        parser.error("name a CLONE or --verdicts LABELS")
    archive = locate(options.clone).data / datafolder.DISCUSSIONS
    with Archive(archive.parent) as opened:
        if not opened.revision:
            raise UsageError(f"{options.clone} has no discussions: run `mom import` there first")
    with cloned(options.clone) as location, without_encoder(location):
        lines = sampled_lines(Repository(location), options.lines, options.seed)
        for name in ("without discussions", "with discussions"):
            if name.startswith("with "):
                shutil.copyfile(archive, location.data / datafolder.DISCUSSIONS)
            _index(location)
            print(name, *reasons_at(location.root, lines).rows(), sep="\n  ")


if __name__ == "__main__":
    main()
