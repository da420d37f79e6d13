"""The file or the words that a question is about, as answers need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mom_lsp.extract.quote import place_words
from mom_lsp.extract.symbols import enclosing_symbol

MAX_LINES = 60  # asked about, whose words are read
AROUND = 8  # lines above and below, whose words count less


@dataclass(frozen=True, slots=True)
class AskedFile:
    """The file that a question is about, or the words of a question without a file."""

    names: Sequence[str] = ()  # its path, and those it had before
    lines: Sequence[str] = ()  # of the open text
    asked: tuple[int, int] | None = None  # first and last line asked about, None for those that a memory wrote
    question: str = ""

    def words(self, written: Sequence[int]) -> dict[str, float]:
        """Return the words of the lines asked about, or else of those that a memory wrote, with their weights.

        Without a file they are those of the question.
        """
        first, last = self.asked or (min(written, default=0), max(written, default=0))
        if not first or not self.names:
            return place_words([self.question])
        last = min(last, first + MAX_LINES - 1)
        around = [*self.lines[max(0, first - 1 - AROUND) : first - 1], *self.lines[last : last + AROUND]]
        symbol = enclosing_symbol(self.lines, first, self.names[0]) if first <= len(self.lines) else ""
        return place_words([symbol, *self.lines[first - 1 : last]], around)


NO_FILE = AskedFile()
