"""Lines that every file has and no change is about: imports, lone keywords and types, brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

LEAST_CHARACTERS = 3  # of words in a line that is about something
MAX_WRAPPED = 40  # lines of one import

_IMPORT = re.compile(
    r"import\b|from\s+\S+\s+import\b|export\b.*\bfrom\b|(?:const|let|var)\s++[^=]++=\s*+require\(|\}\s*from\b"
    r"|#\s*(?:(?:include|import)\s*[<\"@A-Z]|pragma once|ifndef\b|endif\b|define \w+_H_*$)"
    r"|(?:pub(?:\([^)]*\))?\s+)?(?:use\s+[\w:{*\\]|mod\s+\w+;)|extern crate\b|package\s+[\w.:]+;?(?:\s*//.*)?$"
    r"|using\s[\w.:, ]+(?:=[\w.:<>, ]+)?;?$|require(?:_relative|_once)?[\s(]+[\"']"
    r"|@import\b|\"[\w./-]+\"$"
)
_OPENS, _CLOSES = re.compile(r"[({]\s*$"), re.compile(r"[)}]")
_BRACKETS = " \t(){}[];:,"
_KEYWORDS = """
else break continue pass return end fi done esac begin do then try finally default endif #else #endif self this super
null nil none true false
"""
_KEYWORD_ALONE = frozenset(_KEYWORDS.split())
_TYPE_ALONE = re.compile(  # of a function whose name is in the next line
    r"(?:(?:static|extern|inline|const|unsigned|signed|void|bool|char|short|int|long|float|double|size_t"
    r"|(?:struct|enum)\s+\w+\s*\*)(?:[\s*]++|$))++$"
)
_WORD_CHARACTER = re.compile(r"\w")


def imports(lines: Sequence[str]) -> Iterator[bool]:
    """Yield for each line whether it is an import, an include, a package clause or a header guard.

    The lines of an import that is wrapped over several belong to it.
    """
    inside = False
    for line in lines:
        text = line.strip()
        found = inside or bool(_IMPORT.match(text))
        if found:
            inside = not _CLOSES.search(text) if inside else bool(_OPENS.search(text))
        yield found


def is_boilerplate(lines: Sequence[str], number: int) -> bool:
    """Whether a line of a file, counted from 1, is an import, or a keyword, type or bracket alone."""
    *_, is_import = imports(lines[max(0, number - MAX_WRAPPED) : number])
    return is_import or _says_nothing(lines[number - 1])


def _says_nothing(line: str) -> bool:
    return (
        len(_WORD_CHARACTER.findall(line)) < LEAST_CHARACTERS
        or line.strip(_BRACKETS).lower() in _KEYWORD_ALONE
        or bool(_TYPE_ALONE.match(line.strip()))
    )
