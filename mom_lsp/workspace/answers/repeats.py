"""One answer for one change: a changelog entry, a comment, a document or a review that repeats another answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mom_lsp.extract.documents import is_changelog
from mom_lsp.extract.repetition import repeats
from mom_lsp.memory import Memory, Scored, SourceType
from mom_lsp.route.same_change import change_title

FEW = 2  # issues and pull requests in the changelog entry of one change
LONG = 20  # words that two commits have in common if they are one change
_PRECEDENCE: Mapping[SourceType, int] = {"commit": 0, "user": 0, "file": 1, "discussion": 2}  # the least is kept
_TAG = re.compile(r"^\W*[A-Z]{3,}(?:\([^()\n]{0,40}\))?:")  # that a comment begins with: "NOTE:", "TODO(ada):"


def without_repeats(found: Sequence[Scored]) -> list[Scored]:
    """Return answers, best first, without those that repeat another one.

    The one that is kept takes the place and the score of the better one. Most commits that are the same change are one
    answer already when they are ranked; the user's notes and pinned memories are always kept.
    """
    kept: dict[str, Scored] = {}
    for one in found:
        original = _original(one, found)
        kept.setdefault(original.memory.id, original if original is one else _at_place_of(one, original))
    return list(kept.values())


def _original(one: Scored, found: Sequence[Scored]) -> Scored:
    """Return the answer that an answer repeats, itself if it says something new."""
    if one.usage.pinned:
        return one
    lower = [other for other in found if _precedence(other) < _precedence(one)]
    twins = found[: found.index(one)] if one.memory.source.type in ("commit", "discussion") else ()
    others = (other for other in (*lower, *twins) if _is_repetition(one.memory, other.memory, _precedence(other)))
    return next((_original(other, found) for other in others), one)


def _precedence(one: Scored) -> int:
    return _PRECEDENCE[one.memory.source.type]


def _is_repetition(memory: Memory, other: Memory, precedence: int) -> bool:
    """Whether a memory says nothing that another one does not say."""
    if memory.source.type == "discussion":
        return repeats(memory.why or memory.title, _text(other))
    if memory.source.type == "commit":
        return _is_same_description(memory, other)
    if memory.source.type != "file" or precedence:
        return False
    if is_changelog(memory.source.path or "") and other.source.type == "commit" and _announces(memory, other):
        return True
    return repeats(_TAG.sub("", memory.body or memory.title), _text(other))


def _announces(entry: Memory, commit: Memory) -> bool:
    """Whether a changelog entry is the one of a commit: it names the commit or its issue, or repeats its title."""
    named = {reference.target for reference in entry.references}
    own = {f"#{number}" for number in commit.numbers}
    own |= {reference.target for reference in commit.references if reference.relation != "mention"}
    is_named = not named.isdisjoint(own) or any(sha.startswith(name) for sha in commit.commits for name in named)
    title = change_title(commit.title)
    same_title = bool(title) and title in (change_title(entry.title), change_title(entry.body))
    return (len(named) <= FEW and is_named) or same_title or repeats(commit.title, _text(entry))


def _is_same_description(commit: Memory, other: Memory) -> bool:
    """Whether two commits are a change and its merge under another title: files in common, and a long text."""
    if set(commit.paths).isdisjoint(other.paths) or min(len(one.body.split()) for one in (commit, other)) < LONG:
        return False
    return repeats(commit.body, _text(other)) or repeats(other.body, _text(commit))


def _text(memory: Memory) -> str:
    return f"{memory.title}\n\n{memory.body}"


def _at_place_of(better: Scored, original: Scored) -> Scored:
    return replace(original, score=better.score, terms=better.terms, chance=better.chance, usefulness=better.usefulness)
