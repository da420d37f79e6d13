"""Whether what a memory says is about a line that its commit wrote, or only about the rest of the change."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mom_lsp.extract.code import identifiers, line_keys
from mom_lsp.extract.main_file import precedence
from mom_lsp.extract.symbols import enclosing_symbol
from mom_lsp.memory import Memory
from mom_lsp.route.code_names import code_names
from mom_lsp.route.field_match import PART, shared_words

LEAST_WORD, LEAST_PART = 3, 4  # characters of a word that is in a line, alone and within another one
ASIDE = 0.5  # share of the lines that the commit wrote in another file, below which a file is beside the point
_MODIFIERS = (
    "static", "const", "extern", "inline", "public", "private", "protected", "final", "export", "abstract", "readonly",
    "override", "register", "__unused",
)  # fmt: skip
_NUMBER = re.compile(r"\b\d+\b")
_MODIFIER = re.compile(rf"\b(?:{'|'.join(_MODIFIERS)})\b\s*")


def is_about(memory: Memory, names: Sequence[str], lines: Sequence[str], line: int) -> bool:
    """Whether a memory is about a line (from 1) of a file that its commit wrote.

    Not if it names nothing of the line or the function, and the change there is a trivial one, or brings no new name
    in code to a file where the commit wrote far less than in another one.

    Args:
        memory: what its commit says.
        names: of the file, the present one first.
        lines: of the file.
        line: the one asked about.
    """
    if memory.source.type != "commit":
        return True
    here = identifiers(f"{lines[line - 1]} {enclosing_symbol(lines, line, names[0])}")
    code = " ".join((*here, *_NUMBER.findall(lines[line - 1])))
    if _is_named(code, f"{memory.title} {memory.body}"):
        return True
    if not earlier_forms(lines[line - 1]).isdisjoint(memory.removed_lines):
        return False
    return bool(code_names(set(memory.added).intersection(here), lines[line - 1])) or not _is_aside(memory, names)


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


def _is_aside(memory: Memory, names: Sequence[str]) -> bool:
    """Whether a commit wrote far more in another file that is no less important, as tests are beside code."""
    wrote = {anchor.path: sum(count for _, count in anchor.spans) for anchor in memory.anchors}
    here = max((wrote.get(name, 0) for name in names), default=0)
    return any(count * ASIDE > here for path, count in wrote.items() if precedence(path) <= precedence(names[0]))
