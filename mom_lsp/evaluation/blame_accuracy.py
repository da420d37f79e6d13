"""How often blame names the commit that really wrote a line that later commits reformatted, moved or imported.

    python -m mom_lsp.evaluation.blame_accuracy LABELS --repo CLONE [--repo CLONE ...]

The clones have to be indexed. `draw` chose the lines, by a seed; their answers were found by hand, in the history. A
line that two commits wrote in part has both as its answer.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mom_lsp.git import Repository, locate
from mom_lsp.route.place_term import WINDOW

WAYS = {  # what each way of asking is called
    "plain": "git blame",
    "own": "-w and the repository's .git-blame-ignore-revs",
    "formatting": "-w and all formatting that was indexed",
    "moves": "and moves within and between files",
}


@dataclass(frozen=True, slots=True)
class OriginQuestion:
    """A line of a committed file, and the commits that may count as its writer."""

    repo: str  # owner/name
    head: str
    path: str
    line: int
    blame: str  # what `git blame` says without any option
    origin: tuple[str, ...]


def read_questions(labels: Path) -> list[OriginQuestion]:
    """Return the labels of a file. Raises OSError or ValueError where it is no such file."""
    rows = [json.loads(line) for line in labels.read_text("utf-8").splitlines()]
    return [
        OriginQuestion(row["repo"], row["head"], row["path"], row["line"], row["blame"], tuple(row["origin"]))
        for row in rows
    ]


def answers(clone: Path, questions: Sequence[OriginQuestion]) -> Iterator[tuple[OriginQuestion, Mapping[str, str]]]:
    """Yield each question whose commit a clone has, with what each way of asking answers."""
    location = locate(clone)
    indexed = Repository(location)
    with tempfile.TemporaryDirectory(prefix="mom-origins-") as scratch:
        bare = Repository(replace(location, data=Path(scratch)))  # knows of no index
        for asked in questions:
            if indexed.has(asked.head):
                yield (
                    asked,
                    {"plain": asked.blame}
                    | {
                        "own": _writer(bare, asked, moves=False),
                        "formatting": _writer(indexed, asked, moves=False),
                        "moves": _writer(indexed, asked, moves=True),
                    },
                )


def _writer(repository: Repository, asked: OriginQuestion, *, moves: bool) -> str:
    around = (max(1, asked.line - WINDOW), asked.line + WINDOW)  # as a question about the line does
    groups = repository.blame(asked.head, asked.path, around, moves=moves)
    return next(one.commit for one in groups if one.line <= asked.line < one.line + one.count)


def main() -> None:
    """Print, for each clone and for all, how many of the lines each way of asking gets right."""
    parser = argparse.ArgumentParser(description="Measure how often blame names the commit that really wrote a line.")
    parser.add_argument("labels", type=Path)
    parser.add_argument("--repo", type=Path, action="append", required=True)
    parser.add_argument("--wrong", action="store_true", help="list what the last way of asking gets wrong")
    chosen = parser.parse_args()
    questions, everything = read_questions(chosen.labels), list[tuple[OriginQuestion, Mapping[str, str]]]()
    for clone in chosen.repo:
        made = list(answers(clone, questions))
        everything += made
        _say(clone.name, made)
        for asked, found in made if chosen.wrong else ():
            if found["moves"] not in asked.origin:
                right = "/".join(sha[:10] for sha in asked.origin)
                sys.stdout.write(f"  {asked.path}:{asked.line} {found['moves'][:10]}, not {right}\n")
    _say("all", everything)


def _say(name: str, made: Sequence[tuple[OriginQuestion, Mapping[str, str]]]) -> None:
    counts = {way: sum(found[way] in asked.origin for asked, found in made) for way in WAYS}
    told = ", ".join(f"{words} {counts[way]}" for way, words in WAYS.items())
    sys.stdout.write(f"{name}, {len(made)} lines: {told}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
