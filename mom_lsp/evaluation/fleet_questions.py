"""Questions about real code to a pulled fleet, for readers: is what another repository says useful there?

    python -m mom_lsp.evaluation.fleet_questions FOLDER -o LABELS [--lines 8000] [--answers 60] [--seed 0]
        [--searches FILE]

FOLDER is full of clones that the fleet has. Asks about random lines of source files at HEAD, as many of each clone,
until that many have an answer; with --searches, asks those questions in words too, each from its repository. Writes a
label without verdicts for each answer, and prints a numbered sheet for readers, and at last how many were asked.
`python -m mom_lsp.evaluation.fleet_verdicts` takes what they say.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mom_lsp.extract.noise import is_generated
from mom_lsp.fleet.asking import Fleet, Found, rendered
from mom_lsp.fleet.local_copy import LocalCopy
from mom_lsp.fleet.repositories import identity_of
from mom_lsp.git import Repository, locate
from mom_lsp.settings import resolve

SOURCE = (".py", ".c", ".h", ".go", ".js", ".ts", ".rs", ".java", ".rb")
MAX_FILES, MAX_SIZE = 300, 500_000  # files of one repository, bytes of one
AROUND = 8  # lines above and below one that a reader sees


class Asker:
    """A clone that asks the fleet, and passes over what its own index has too."""

    def __init__(self, clone: Path, copy: LocalCopy) -> None:
        self.repository = Repository(locate(clone))
        self._id, self.name = identity_of(self.repository)
        self.head = self.repository.resolve("HEAD")
        self._copy = copy
        self.fleet = Fleet(copy, self._id)

    @cached_property
    def _known(self) -> set[str]:
        own = next(one for one in self._copy.repositories() if one.about.id == self._id)
        return {own.memory(row).id for row in range(own.about.memories)}

    def first(self, found: Iterable[Found]) -> Found | None:
        """Return the one that `--fleet` would show."""
        return next((one for one in found if one.memory.id not in self._known), None)


@dataclass(frozen=True, slots=True)
class Question:
    """Some words, or a line of a file at HEAD."""

    asker: Asker
    words: str = ""
    path: str = ""
    line: int = 0  # 1-based
    lines: tuple[str, ...] = ()  # of the file

    def answer(self) -> Found | None:
        """Return what another repository says."""
        fleet = self.asker.fleet
        found = fleet.for_words(self.words) if self.words else fleet.for_lines(self.lines, self.line, self.line)
        return self.asker.first(found)

    def label(self, found: Found) -> dict[str, Any]:
        """Return the question and the answer without the text of either repository."""
        asked = {"question": self.words} if self.words else {"path": self.path, "line": self.line}
        answer = {"from": found.repository, "commit": found.memory.source.commit, "memory": found.memory.id}
        return {"repo": self.asker.name, "rev": self.asker.head, **asked, **answer, "kind": found.kind.name.lower()}

    def __str__(self) -> str:
        """Return the question as a reader sees it."""
        if self.words:
            return f"{self.asker.name}, search: {self.words}"
        first, last = max(1, self.line - AROUND), min(len(self.lines), self.line + AROUND)
        shown = [f"{'>' if at == self.line else ' '}{at:6} {self.lines[at - 1]}" for at in range(first, last + 1)]
        return "\n".join([f"{self.asker.name}, {self.path}:{self.line}", *shown])


def about_lines(askers: list[Asker], chance: random.Random, count: int) -> list[Question]:
    """Return questions about random lines that are not blank, as many of each repository, in random order."""
    each = count // len(askers)
    found = [question for asker in askers for question in _of_repository(asker, chance, each)]
    return chance.sample(found, len(found))


def _of_repository(asker: Asker, chance: random.Random, count: int) -> Iterator[Question]:
    repository = asker.repository
    tree = [path for path in repository.tree("HEAD") if path.endswith(SOURCE) and not is_generated(path)]
    chosen = chance.sample(tree, min(MAX_FILES, len(tree)))
    texts = dict(repository.texts([f"HEAD:{path}" for path in chosen], MAX_SIZE))
    lines_of = {path: tuple(texts[f"HEAD:{path}"].split("\n")) for path in chosen if f"HEAD:{path}" in texts}
    everywhere = [(path, at) for path, lines in lines_of.items() for at, line in enumerate(lines, 1) if line.strip()]
    for path, at in chance.sample(everywhere, min(count, len(everywhere))):
        yield Question(asker, path=path, line=at, lines=lines_of[path])


def in_words(askers: list[Asker], searches: Path) -> Iterator[Question]:
    """Yield the questions of a file, each a JSON object with `repo` and `question`."""
    named = {asker.name: asker for asker in askers}
    for row in map(json.loads, searches.read_text("utf-8").splitlines()):
        yield Question(named[row["repo"]], words=row["question"])


def answered(questions: Iterable[Question], most: int) -> tuple[list[tuple[Question, Found]], int]:
    """Return the first so many questions that have an answer, and how many had to be asked."""
    found: list[tuple[Question, Found]] = []
    asked = 0
    for question in questions:
        if len(found) == most:
            break
        asked += 1
        if (answer := question.answer()) is not None:
            found.append((question, answer))
    return found, asked


def sheet(found: Found) -> str:
    """Return an answer as a reader sees it: as `--fleet` shows it, and its text, which is in the JSON."""
    shown = rendered(found)
    source, text = shown["source"], shown["body"] or shown["rationale"]
    return "\n".join(
        [
            f"<- {shown['title']}  [from {found.repository}]",
            f"   {source['commit'] or ''} · {source['path'] or ''} · {found.reason}",
            *(f"   | {line}" for line in text.split("\n")),
        ]
    )


def main() -> None:
    """Ask, write the labels, and print the sheet."""
    parser = argparse.ArgumentParser(description="Ask a pulled fleet about real code, for readers to judge.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lines", type=int, default=8_000)
    parser.add_argument("--answers", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--searches", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    asked = parser.parse_args()
    copy = LocalCopy.to_ask(resolve(None).settings.fleet.uri)
    askers = [Asker(path, copy) for path in sorted(asked.folder.iterdir()) if path.is_dir()]
    answers, lines = answered(about_lines(askers, random.Random(asked.seed), asked.lines), asked.answers)
    searched, searches = answered(in_words(askers, asked.searches) if asked.searches else (), -1)
    everything = [*answers, *searched]
    labels = ({"seed": asked.seed, **question.label(found)} for question, found in everything)
    asked.out.write_text("".join(f"{json.dumps(label)}\n" for label in labels), "utf-8")
    for number, (question, found) in enumerate(everything, 1):
        _print(f"## {number}\n{question}\n{sheet(found)}\n")
    _print(f"{lines:,} lines asked, {len(answers)} answered; {searches} searches, {len(searched)} answered")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
