"""What other repositories have to say about a question: only where they share something rare with it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from mom_lsp.fleet.evidence import Asked, Kind, hash_of, kind_of, number_of, of_lines, of_words
from mom_lsp.fleet.local_copy import LocalCopy, RepositoryCopy
from mom_lsp.memory import Memory, Scored
from mom_lsp.workspace.answers.contract import iso, suggestion

LINES = (Kind.REMOVED, Kind.ADDED)
RARE = {Kind.REMOVED: 8, Kind.ADDED: 8, Kind.NAME: 3}  # memories that may share it
FIXES = frozenset(("fix", "bug_pattern"))  # kinds of what says that the lines it removed were wrong
COPY, COPY_SHARE = 4, 0.5  # lines, and share of the lines, that a copy has of its origin
REASONS = {
    Kind.REMOVED: "fixed lines there that are identical here",
    Kind.ADDED: "wrote lines there that are identical here",
    Kind.NAME: "one of the few that name",
    Kind.WORD: "shares words with the query",
}
COMMON = 0.1  # share of memories with a word from which on it finds nothing
COVERED = 0.7  # share of a search's words, by rarity, that a memory must have
LEAST_WORDS = 2  # of a search that a memory must have, unless it asks for one
CANDIDATES = 20  # that may turn out to be one's own
Holders = tuple[int, np.ndarray]  # the index of a repository, and its memories that have some evidence


@dataclass(frozen=True, slots=True)
class Found:
    """A memory of another repository."""

    repository: str  # its name
    memory: Memory
    kind: Kind  # of what it shares
    reason: str


class Place(NamedTuple):
    """A memory that shares one kind of evidence."""

    kind: Kind
    at: int  # index of its repository
    row: int


class Fleet:
    """The local copy of a fleet, asked from one repository."""

    def __init__(self, copy: LocalCopy, own: str) -> None:
        """Take the copy and the id of the repository that asks, whose memories are left out."""
        self._copy = copy
        self._others = [one for one in copy.repositories() if one.about.id != own]

    def for_lines(self, lines: Sequence[str], start: int, end: int) -> Iterator[Found]:
        """Yield what other repositories say about some lines (1-based, inclusive) of a text, best first."""
        asked = of_lines(lines, start, end)
        shared: dict[Place, set[int]] = {}
        having = self._holders(asked)
        for key, holders in having.items():
            kind = kind_of(key)
            if sum(len(rows) for _, rows in holders) <= RARE[kind]:
                for at, rows in self._gone(key, having) if kind is Kind.REMOVED else holders:
                    for row in rows:
                        shared.setdefault(Place(kind, at, int(row)), set()).add(key)
        copied = self._copied(asked, shared)
        telling = [place for place in shared if self._others[place.at].telling[place.row]]
        kept = [place for place in telling if place.kind is Kind.NAME or (place in copied and self._matters(place))]

        def order(place: Place) -> tuple[int, int, int]:
            return int(place.kind), -len(shared[place]), -int(self._others[place.at].times[place.row])

        for place in sorted(kept, key=order)[:CANDIDATES]:
            found = self._found(*place)
            if place.kind in LINES:
                yield found
                continue
            text = f"{found.memory.title}\n{found.memory.body}"  # it must speak of it: a change touches many names
            if names := [f"`{name}`" for key in sorted(shared[place]) if (name := asked.texts[key]) in text]:
                yield replace(found, reason=f"{found.reason} {', '.join(names)}")

    def _gone(self, key: int, having: Mapping[int, list[Holders]]) -> Iterator[Holders]:
        """Yield what removed a line in each repository, unless it was written there again: then it only moved."""
        written = dict(having.get(number_of(Kind.ADDED, hash_of(key)), ()))
        for at, rows in having[key]:
            times = self._others[at].times
            since = times[written[at]].max() if at in written else 0
            yield at, rows[times[rows] >= since]

    def _matters(self, place: Place) -> bool:
        """Whether it matters here what happened to lines there: why they were written, or what was wrong with them."""
        return place.kind is Kind.ADDED or self._others[place.at].memory(place.row).kind in FIXES

    def _copied(self, asked: Asked, shared: Mapping[Place, set[int]]) -> set[Place]:
        """Return what wrote or removed the lines asked about in a file of which the lines around them are a copy.

        No single change has all lines of a file: those of all changes of the file count.
        """
        of_file: dict[tuple[int, str], set[int]] = {}
        touching: dict[tuple[int, str], set[Place]] = {}
        for place, keys in shared.items():
            if place.kind in LINES:
                hashes = {hash_of(key) for key in keys}
                for path in self._others[place.at].memory(place.row).paths:
                    of_file.setdefault((place.at, path), set()).update(hashes)
                    if not asked.near.isdisjoint(hashes):
                        touching.setdefault((place.at, path), set()).add(place)
        least = max(COPY, COPY_SHARE * len(asked.around))
        files = [file for file, hashes in of_file.items() if len(hashes) >= least]
        return {place for file in files for place in touching.get(file, ())}

    def for_words(self, text: str) -> Iterator[Found]:
        """Yield what other repositories say about a question in words, best first."""
        asked = of_words(text)
        holders = self._holders(asked)
        total = sum(one.about.memories for one in self._others)
        rarity = {key: _rarity(total, sum(len(rows) for _, rows in held)) for key, held in holders.items()}
        whole = sum(rarity.get(key, _rarity(total, 0)) for key in asked.texts)
        common = _rarity(total, max(COMMON * total, LEAST_WORDS))
        hits: dict[int, list[tuple[np.ndarray, float]]] = {}
        for key, held in holders.items():
            for at, rows in held if rarity[key] >= common else ():
                hits.setdefault(at, []).append((rows, rarity[key]))
        least = min(LEAST_WORDS, len(asked.texts))
        best: list[tuple[float, int, int, int]] = []
        for at, found in hits.items():
            other = self._others[at]
            score, count = np.zeros(other.about.memories), np.zeros(other.about.memories, np.int32)
            for rows, weight in found:
                score[rows] += weight
                count[rows] += 1
            enough = np.flatnonzero((score >= COVERED * whole) & (count >= least) & other.telling)
            best += [(-float(score[row]), -int(other.times[row]), at, int(row)) for row in enough]
        for _, _, at, row in sorted(best)[:CANDIDATES]:
            yield self._found(Kind.WORD, at, row)

    def about(self) -> dict[str, Any]:
        """Return how old the copy is, and of what."""
        state = self._copy.state
        return {
            "uri": state.uri,
            "pulled": iso(state.pulled),
            "repositories": len(self._others),
            "left_out": len(state.left_out),
            "unreadable": len(state.unreadable),
        }

    def _holders(self, asked: Asked) -> dict[int, list[Holders]]:
        """Return the evidence that any memory has, with the rows of each repository that have it."""
        keys = asked.keys
        found: dict[int, list[Holders]] = {}
        for at, one in enumerate(self._others):
            for index, rows in one.rows(keys):
                found.setdefault(int(keys[index]), []).append((at, rows))
        return found

    def _found(self, kind: Kind, at: int, row: int) -> Found:
        other: RepositoryCopy = self._others[at]
        return Found(other.about.name, other.memory(row), kind, REASONS[kind])


def _rarity(total: int, holders: float) -> float:
    """Return how much a word tells that so many of all memories have."""
    return float(np.log1p((total + 1) / (holders + 1)))


def rendered(found: Found, now: float | None = None) -> dict[str, Any]:
    """Return the memory of another repository as a suggestion, marked with its repository."""
    memory = found.memory
    scored = Scored(memory, score=0.0, terms={}, reason=found.reason)
    shown = suggestion(
        scored,
        commit=memory.source.commit or next(iter(memory.commits), None),
        author=memory.source.author,
        time=memory.source.time,
        host=None,
        now=time.time() if now is None else now,
        path=memory.source.path or next(iter(memory.paths), None),
    )
    shown["phrases"]["marks"] = [f"from {found.repository}", *shown["phrases"]["marks"]]
    return shown | {"repository": found.repository}
