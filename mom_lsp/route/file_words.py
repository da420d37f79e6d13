"""What a file already has, so that an edit can be told from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from typing import NamedTuple

from mom_lsp.extract.code import line_keys
from mom_lsp.limits import MAX_SOURCE_LINE

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")


class FileWords(NamedTuple):
    """The keys of the distinctive lines of some text, and its names."""

    keys: Set[int]
    names: Set[str]

    @classmethod
    def of(cls, lines: Iterable[str]) -> FileWords:
        """Return those of some lines; of a very long one only the names at its beginning."""
        every = list(lines)
        return cls(line_keys(every), frozenset(WORD.findall("\n".join(line[:MAX_SOURCE_LINE] for line in every))))
