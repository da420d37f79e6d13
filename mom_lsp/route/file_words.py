"""What a file already has, so that an edit can be told from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from typing import NamedTuple

from mom_lsp.extract.code import line_keys

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")


class FileWords(NamedTuple):
    """The keys of the distinctive lines of some text, and its names."""

    keys: Set[int]
    names: Set[str]

    @classmethod
    def of(cls, lines: Iterable[str]) -> FileWords:
        """Return those of some lines."""
        text = list(lines)
        return cls(line_keys(text), frozenset(WORD.findall("\n".join(text))))
