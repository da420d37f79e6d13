"""How often blame finds the commit that really wrote a line that later commits reformatted, moved or imported.

    python -m mom_lsp.evaluation.blame_accuracy LABELS --repo CLONE [--repo CLONE ...]

The clones have to be indexed. blame_sample.py chose the lines, with a seed; their answers were found by hand in the
history. A line that two commits wrote in part has both as its answer.
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

VARIANTS = {  # of blame
    "plain": "git blame",
    "own": "with -w and the repository's .git-blame-ignore-revs",
    "formatting": "with -w and all indexed formatting commits",
    "moves": "also with moves within and between files",
}


@dataclass(frozen=True, slots=True)
class OriginQuestion:
    """A line of a committed file, and the commits that may count as its writer."""

    repo: str  # owner/name
    head: str
    path: str
    line: int
    blame: str  # the result of `git blame` without options
    origin: tuple[str, ...]


def read_questions(labels: Path) -> list[OriginQuestion]:
    """Return the questions of a label file. Raises OSError or ValueError if it is not one."""
    rows = [json.loads(line) for line in labels.read_text("utf-8").splitlines()]
    return [
        OriginQuestion(row["repo"], row["head"], row["path"], row["line"], row["blame"], tuple(row["origin"]))
        for row in rows
    ]


def answers(clone: Path, questions: Sequence[OriginQuestion]) -> Iterator[tuple[OriginQuestion, Mapping[str, str]]]:
    """Yield each question whose commit a clone has, with the commit that each variant of blame finds."""
    location = locate(clone)
    indexed = Repository(location)
    with tempfile.TemporaryDirectory(prefix="mom-origins-") as scratch:
        bare = Repository(replace(location, data=Path(scratch)))  # without the index
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
    around = (max(1, asked.line - WINDOW), asked.line + WINDOW)  # the range that a suggestion request blames
    groups = repository.blame(asked.head, asked.path, around, moves=moves)
    return next(one.commit for one in groups if one.line <= asked.line < one.line + one.count)


def main() -> None:
    """Print, for each clone and for all, the number of lines that each variant gets right."""
    parser = argparse.ArgumentParser(description="Measure how often blame finds the commit that really wrote a line.")
    parser.add_argument("labels", type=Path)
    parser.add_argument("--repo", type=Path, action="append", required=True)
    parser.add_argument("--wrong", action="store_true", help="list the lines that the last variant gets wrong")
    chosen = parser.parse_args()
    questions, everything = read_questions(chosen.labels), list[tuple[OriginQuestion, Mapping[str, str]]]()
    for clone in chosen.repo:
        made = list(answers(clone, questions))
        everything += made
        _print(clone.name, made)
        for asked, found in made if chosen.wrong else ():
            if found["moves"] not in asked.origin:
                expected = "/".join(sha[:10] for sha in asked.origin)
                sys.stdout.write(f"  {asked.path}:{asked.line} {found['moves'][:10]}, expected {expected}\n")
    _print("all", everything)


def _print(name: str, made: Sequence[tuple[OriginQuestion, Mapping[str, str]]]) -> None:
    counts = {variant: sum(found[variant] in asked.origin for asked, found in made) for variant in VARIANTS}
    shown = ", ".join(f"{description} {counts[variant]}" for variant, description in VARIANTS.items())
    sys.stdout.write(f"{name}, {len(made)} lines: {shown}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
