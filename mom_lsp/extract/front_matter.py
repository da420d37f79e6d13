"""The front matter of documents: the title and status of a record, what a rule is about, and the paths it belongs to.

Cursor's rules name them under `globs`, Copilot's instructions under `applyTo`: as a list, or one text with commas. It
looks like YAML but is none: a glob may begin with "*".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import islice, pairwise
from typing import NamedTuple

from mom_lsp.limits import MAX_FIELD

InScope = Callable[[Sequence[str]], Sequence[str]]  # the files of the repository that globs match
MAX_LINES = 60
MAX_FILES = 50  # a rule for more of them is a general one
MAX_GLOBS = 100
EVERYWHERE = frozenset({"*", "**", "**/*", "*.*", "**/*.*", "/**"})

_FIELD = re.compile(r"(?P<key>[A-Za-z][\w-]*):[ \t]*(?P<value>.*)")
_ITEM = re.compile(r"[ \t]*-[ \t]+(?P<value>.+)")
_COMMENT = re.compile(r"(?:^|[ \t])#.*")
_BRACE = re.compile(r"([{}])")
_BRACES = re.compile(r"\{([^{}]*)\}")


class FrontMatter(NamedTuple):
    """What the head of a file says, and the file without it, with the same number of lines."""

    description: str
    globs: tuple[str, ...]  # empty for a rule that belongs to all paths
    text: str
    title: str = ""
    status: str = ""


def no_files(globs: Sequence[str]) -> Sequence[str]:
    """Return no file: what to pass where the repository is not known."""
    return ()


def front_matter(text: str) -> FrontMatter:
    """Split the front matter from a text with Unix line ends; without one, all is text."""
    lines = text.split("\n")
    head = islice(enumerate(lines), 1, MAX_LINES)
    end = next((at for at, line in head if line.rstrip() == "---"), 0) if lines[0].rstrip() == "---" else 0
    first = next((line for line in lines[1:end] if line.strip()), "")
    if not end or (first and not _FIELD.match(first)):  # else a text between two rules
        return FrontMatter("", (), text)
    fields: dict[str, list[str]] = {}
    key = ""
    for line in lines[1:end]:
        if field := _FIELD.match(line):
            key = field["key"].lower()
            fields.setdefault(key, []).append(field["value"])
        elif key and (item := _ITEM.match(line)):
            fields[key].append(item["value"])
    globs = [glob for value in (*fields.get("globs", ()), *fields.get("applyto", ())) for glob in _globs(value)]
    description, title, status = (
        " ".join(fields.get(name, ())).strip().strip("'\"").strip() for name in ("description", "title", "status")
    )
    scope = () if EVERYWHERE & set(globs) else tuple(globs[:MAX_GLOBS])
    return FrontMatter(description, scope, "\n".join([""] * (end + 1) + lines[end + 1 :]), title, status)


def _globs(value: str) -> list[str]:
    parts = _outside_braces(_COMMENT.sub("", value[:MAX_FIELD]).strip().strip("[]"))
    return [one for part in parts for one in _without_braces(part.strip(" '\""))]


def _outside_braces(globs: str) -> list[str]:
    """Split a line of globs at the commas that are in no braces."""
    pieces = pairwise([*_BRACE.split(globs), ""])
    return "".join(piece if after == "}" else piece.replace(",", "\n") for piece, after in pieces).split("\n")


def _without_braces(glob: str) -> list[str]:
    """Return the globs that a glob with braces stands for, "*.{js,ts}"."""
    found = _BRACES.search(glob)
    if not found:
        return [glob] if glob else []
    tails = _without_braces(glob[found.end() :]) or [""]
    return [glob[: found.start()] + one.strip() + tail for one in found[1].split(",") for tail in tails][:MAX_GLOBS]
