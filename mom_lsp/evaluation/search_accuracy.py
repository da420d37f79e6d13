"""How often a search finds what a reader accepts, with each encoder and with none, on hand-labelled questions.

    python -m mom_lsp.evaluation.search_accuracy SEARCHES --repo OWNER/NAME=CLONE … [--model MODEL …] [--show]

A question has the commits and files that a reader accepts as an answer; what nobody has read counts as wrong, and
`--show` prints it. MODEL is a value of `mom.encoder.model`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mom_lsp import datafolder
from mom_lsp.encode import choose
from mom_lsp.evaluation.clones import clones_of
from mom_lsp.evaluation.other_vectors import open_encoded
from mom_lsp.git import locate
from mom_lsp.journal import Journal
from mom_lsp.memory import Encoder
from mom_lsp.settings import Settings
from mom_lsp.workspace import Library
from mom_lsp.workspace.workspace import Workspace

SHOWN = 3  # of a search


@dataclass(frozen=True, slots=True)
class Search:
    """A question in a developer's words, and its answers."""

    repository: str
    question: str
    useful: frozenset[str]  # commits and paths
    read: frozenset[str]  # those that were read and are no answer


@dataclass(frozen=True, slots=True)
class Found:
    """The first answers to a question, best first: each a commit or a path, and the title."""

    search: Search
    answers: Sequence[tuple[str, str]]

    @property
    def first(self) -> bool:
        """Whether the first is useful."""
        return any(source in self.search.useful for source, _ in self.answers[:1])

    @property
    def within(self) -> bool:
        """Whether one of them is useful."""
        return any(source in self.search.useful for source, _ in self.answers)

    @property
    def unread(self) -> list[tuple[str, str]]:
        """Those that nobody has judged."""
        known = self.search.useful | self.search.read
        return [(source, title) for source, title in self.answers if source not in known]


def load_searches(file: Path) -> list[Search]:
    """Read a file with one JSON object a line."""
    rows = map(json.loads, file.read_text("utf-8").splitlines())
    return [Search(row["repo"], row["question"], frozenset(row["useful"]), frozenset(row["read"])) for row in rows]


def ask(clone: Path, searches: Sequence[Search], encoder: Encoder | None) -> list[Found]:
    """Return what an indexed clone answers at HEAD; nothing was ever used, pinned or dismissed there."""
    location, open_store = locate(clone), open_encoded(clone, encoder, _step)
    with tempfile.TemporaryDirectory(prefix="mom-eval-") as scratch:
        journal = Journal(Path(scratch) / datafolder.JOURNAL)
        try:
            store = open_store(location.data)
            workspace = Workspace(location, Library(lambda: store, journal, encoder), Settings())
            return [Found(one, _sources(workspace.search(one.question, SHOWN))) for one in searches]
        finally:
            journal.close()


def _sources(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = [(one["source"], one["title"]) for one in answer["suggestions"]]
    return [(source["commit"] or source["path"], title) for source, title in found]


def compare(searches: Sequence[Search], clones: Mapping[str, Path], encoder: Encoder | None) -> list[Found]:
    """Return the answers of each clone to its own questions."""
    answers = [
        ask(clone, [one for one in searches if one.repository == name], encoder) for name, clone in clones.items()
    ]
    return [found for some in answers for found in some]


def main() -> None:
    """Print a line for each encoder."""
    parser = argparse.ArgumentParser(description="Measure searches with each encoder.")
    parser.add_argument("searches", type=Path)
    parser.add_argument("--repo", action="append", required=True, metavar="OWNER/NAME=CLONE")
    parser.add_argument("--model", action="append", help="a value of mom.encoder.model; repeat it to compare")
    parser.add_argument("--show", action="store_true", help="print the answers that nobody has read")
    chosen = parser.parse_args()
    clones = clones_of(chosen.repo)
    encoders: dict[str, Encoder | None] = {"none": None}
    encoders |= {found.name: found for found in map(choose, chosen.model or [""])}
    searches = load_searches(chosen.searches)
    for name, encoder in encoders.items():
        found = compare(searches, clones, encoder)
        first, within = sum(one.first for one in found), sum(one.within for one in found)
        unread = sum(len(one.unread) for one in found)
        _print(f"{name}: {len(found)} searches; useful: first {first}, within {SHOWN} {within}; not read: {unread}")
        for one in found if chosen.show else ():
            for source, title in one.unread:
                _print(f"  {one.search.repository} {one.search.question!r}: {source} {title}")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _step(name: str, done: int, total: int) -> None:
    if total and done % 1_000 == 0:
        sys.stderr.write(f"{name}: {done} of {total}\n")


if __name__ == "__main__":
    main()
