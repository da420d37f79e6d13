"""Whether what a memory says is about a line, or its commit changed the line only in passing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mom_lsp.extract.code import identifiers, line_keys
from mom_lsp.extract.symbols import enclosing_symbol
from mom_lsp.memory import Memory
from mom_lsp.route.field_match import PART, shared_words

LEAST_WORD, LEAST_PART = 3, 4  # characters of a word that is in a line, alone and within another one
_MODIFIERS = (
    "static", "const", "extern", "inline", "public", "private", "protected", "final", "export", "abstract", "readonly",
    "override", "register", "__unused",
)  # fmt: skip
_NUMBER = re.compile(r"\b\d+\b")
_MODIFIER = re.compile(rf"\b(?:{'|'.join(_MODIFIERS)})\b\s*")


def is_about(memory: Memory, path: str, lines: Sequence[str], line: int) -> bool:
    """Whether a memory is about a line (from 1) of a file that its commit wrote.

    Not if the change there was a trivial one, and it names nothing of the line or the function.
    """
    text = lines[line - 1]
    if memory.source.type != "commit" or earlier_forms(text).isdisjoint(memory.removed_lines):
        return True
    code = " ".join((*identifiers(f"{text} {enclosing_symbol(lines, line, path)}"), *_NUMBER.findall(text)))
    return _is_named(code, f"{memory.title} {memory.body}")


def earlier_forms(text: str) -> set[int]:
    """Return the keys of what a line was if only a modifier or a brace was added or removed."""
    text = text.strip()
    bare = text.removeprefix("} ").removesuffix("{").rstrip()
    forms = {form for one in (text, bare) for form in (one, _MODIFIER.sub("", one))}
    forms |= {text[: found.start()] + text[found.end() :] for found in _MODIFIER.finditer(text)}
    forms |= {f"{modifier} {text}" for modifier in _MODIFIERS} | {f"{bare} {{", f"}} {bare}", f"}} {bare} {{"}
    return line_keys(forms - {text})


def _is_named(code: str, message: str) -> bool:
    said = [word.lower() for word in PART.findall(message) if len(word) >= LEAST_WORD or word.isdigit()]
    lower = code.lower()
    return any(word in lower for word in said if len(word) >= LEAST_PART) or bool(shared_words(said, code))
