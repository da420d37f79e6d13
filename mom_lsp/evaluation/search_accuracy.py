"""How early a search finds what a reader accepts: with each encoder, with none, and by `git log --grep`.

    python -m mom_lsp.evaluation.search_accuracy SEARCHES … --repo OWNER/NAME=CLONE … [--model MODEL …] [--show N]

A question has the commits and files that a reader accepts as an answer; what nobody has read counts as wrong, and
`--show` prints it. MODEL is a value of `mom.encoder.model`. Printed are the shares of questions with an answer first,
among three and among ten, and the mean reciprocal rank among ten, each with its 95% bootstrap interval.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mom_lsp import datafolder
from mom_lsp.encode import choose
from mom_lsp.evaluation.clones import clones_of
from mom_lsp.evaluation.log_grep import LogGrep
from mom_lsp.evaluation.other_vectors import open_encoded
from mom_lsp.git import Repository, locate
from mom_lsp.journal import Journal
from mom_lsp.memory import Encoder
from mom_lsp.settings import Settings
from mom_lsp.tuning.metrics import bootstrap_interval
from mom_lsp.workspace import Library
from mom_lsp.workspace.workspace import Workspace

DEPTH = 10  # answers that are looked at
FIRST = (1, 3, DEPTH)


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
    def rank(self) -> int:
        """The position of the first useful answer, from 1; 0 if there is none."""
        return next((at for at, (source, _) in enumerate(self.answers, 1) if source in self.search.useful), 0)

    def unread(self, count: int) -> list[tuple[str, str]]:
        """Return those of the first answers that nobody has judged."""
        known = self.search.useful | self.search.read
        return [(source, title) for source, title in self.answers[:count] if source not in known]


def load_searches(*files: Path) -> list[Search]:
    """Read files with one JSON object a line."""
    rows = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    return [Search(row["repo"], row["question"], frozenset(row["useful"]), frozenset(row["read"])) for row in rows]


def ask(clone: Path, searches: Sequence[Search], encoder: Encoder | None) -> list[Found]:
    """Return what an indexed clone answers at HEAD; nothing was ever used, pinned or dismissed there."""
    location, open_store = locate(clone), open_encoded(clone, encoder, _step)
    with tempfile.TemporaryDirectory(prefix="mom-eval-") as scratch:
        journal = Journal(Path(scratch) / datafolder.JOURNAL)
        try:
            store = open_store(location.data)
            workspace = Workspace(location, Library(lambda: store, journal, encoder), Settings())
            return [Found(one, _sources(workspace.words.search(one.question, DEPTH))) for one in searches]
        finally:
            journal.close()


def _sources(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = [(one["source"], one["title"]) for one in answer["suggestions"]]
    return [(source["commit"] or source["path"], title) for source, title in found]


def ask_git(clone: Path, searches: Sequence[Search]) -> list[Found]:
    """Return what `git log --grep` finds at HEAD."""
    log = LogGrep.of(Repository(locate(clone)))
    return [Found(one, [(commit, "") for commit in log.found(one.question)[:DEPTH]]) for one in searches]


def compare(
    searches: Sequence[Search], clones: Mapping[str, Path], answer: Callable[[Path, Sequence[Search]], list[Found]]
) -> list[Found]:
    """Return the answers of each clone to its own questions."""
    answers = [answer(clone, [one for one in searches if one.repository == name]) for name, clone in clones.items()]
    return [found for some in answers for found in some]


def summary(found: Sequence[Found]) -> str:
    """Return the metrics of some answers."""
    ranks = np.array([one.rank for one in found])
    reciprocal = np.divide(1.0, ranks, out=np.zeros(len(ranks)), where=ranks > 0)
    rows = {f"Hit@{first}": (ranks > 0) & (ranks <= first) for first in FIRST} | {"MRR": reciprocal}
    means = {name: bootstrap_interval(values) for name, values in rows.items()}
    return ", ".join(f"{name} {mean:.3f} [{low:.3f}, {high:.3f}]" for name, (mean, low, high) in means.items())


def main() -> None:
    """Print a line for each encoder, for none, and for git."""
    parser = argparse.ArgumentParser(description="Measure searches with each encoder, without one, and by git.")
    parser.add_argument("searches", type=Path, nargs="+")
    parser.add_argument("--repo", action="append", required=True, metavar="OWNER/NAME=CLONE")
    parser.add_argument("--model", action="append", help="a value of mom.encoder.model; repeat it to compare")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print those of the first N that nobody read")
    chosen = parser.parse_args()
    clones, searches = clones_of(chosen.repo), load_searches(*chosen.searches)
    answers = {"git log --grep": compare(searches, clones, ask_git)}
    encoders: list[Encoder | None] = [None, *map(choose, chosen.model or [""])]
    for encoder in encoders:
        name = encoder.name if encoder else "none"
        answers[name] = compare(searches, clones, partial(_with_encoder, encoder))
    for name, found in answers.items():
        _print(f"{name}: {len(found)} searches; {summary(found)}")
        for one in found if chosen.show and name != "git log --grep" else ():
            for source, title in one.unread(chosen.show):
                _print(f"  {one.search.repository} {one.search.question!r}: {source} {title}")


def _with_encoder(encoder: Encoder | None, clone: Path, searches: Sequence[Search]) -> list[Found]:
    return ask(clone, searches, encoder)


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _step(name: str, done: int, total: int) -> None:
    if total and done % 1_000 == 0:
        sys.stderr.write(f"{name}: {done} of {total}\n")


if __name__ == "__main__":
    main()
