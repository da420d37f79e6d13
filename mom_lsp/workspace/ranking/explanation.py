"""The question why a line exists, and the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mom_lsp.extract.boilerplate import is_boilerplate
from mom_lsp.extract.quote import place_words
from mom_lsp.lm.answer import Clue, Sentence, extractive, unknown
from mom_lsp.route.place_term import Spot
from mom_lsp.workspace.library.replaced_line import ReplacedLine
from mom_lsp.workspace.ranking.line_comment import is_licence
from mom_lsp.workspace.ranking.query import Query

WORD = re.compile(r"\w{2,}")
LONE = re.compile(r"(?:return|break|continue|pass|goto|yield)\b\s*[\w.]*\s*[;,]?$")
UNEXPLAINED = "This line is not committed, and no memory explains the one that it replaces."
STILL_READ = "The earlier history of this line is still being read; ask again in a moment."


@dataclass(frozen=True)
class AskedLine:
    """A line to explain."""

    query: Query
    moved: bool  # whether its last writer only moved or reformatted it
    place: Mapping[str, float]  # the words of the line and its surroundings, as `place_words` returns them
    comments: bool = True  # whether comments may be quoted

    @property
    def spot(self) -> Spot:
        """The place that is asked about."""
        return self.query.spots[0]

    @property
    def number(self) -> int:
        """Its number in the open text, from 1."""
        return self.spot.start

    @property
    def name(self) -> str:
        """How an answer calls the line, which its preface may have named."""
        return "it" if self.query.replaced else "this line"

    @property
    def is_new(self) -> bool:
        """Whether the line is not committed, and replaces none."""
        return bool(self.query.preface) and self.query.replaced is None

    @property
    def lines(self) -> Sequence[str]:
        """The open text."""
        return self.query.file.lines if self.query.file else ()

    @cached_property
    def is_plain(self) -> bool:
        """Whether every file has such a line: a bracket, an `else`, an import, a lone return, a licence."""
        if not 0 < self.number <= len(self.lines):
            return True
        lone = LONE.match(self.lines[self.number - 1].strip())
        return bool(lone) or is_boilerplate(self.lines, self.number) or is_licence(self.lines, self.number)

    @cached_property
    def words(self) -> Mapping[str, float]:
        """The words of the line alone, as `place_words` returns them."""
        return place_words(self.lines[self.number - 1 : self.number])


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the memories and the file say about one line."""

    path: str
    line: int
    symbol: str
    text: str  # of the line
    clues: tuple[Clue, ...]
    citations: list[dict[str, Any]]  # the same memories as suggestions
    comment: Sentence | None = None  # of the file, where it is no memory
    complete: bool = True  # whether the history of the line was read in time
    preface: str = ""  # that the line is not committed
    replaced: ReplacedLine | None = None  # then the answer is about this one

    def answer(self) -> str:
        """Return the answer in the memories' own words."""
        said = extractive(self.clues)
        if self.comment is not None:
            said.insert(1, self.comment)
        answer = f"{self.preface} {' '.join(map(str, said))}".strip() if said else self._unexplained()
        return answer if self.complete else f"{answer} {STILL_READ}"

    def _unexplained(self) -> str:
        if self.replaced is None:
            return self.preface or unknown(self.path, self.line)
        return unknown(self.path, self.line) if self.replaced.reformatted else UNEXPLAINED

    def leading_to(self, text: str, known: str) -> str:
        """Return the id of the memory with a word of the new text that the open text lacks, "" if there is none."""
        new = set(WORD.findall(text)) - set(WORD.findall(known))
        words_of = ((clue.memory.id, WORD.findall(f"{clue.memory.title} {clue.memory.body}")) for clue in self.clues)
        return next((identity for identity, words in words_of if not new.isdisjoint(words)), "")
