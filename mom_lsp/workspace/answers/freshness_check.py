"""How the memories of an answer stand in the files of HEAD; only those that are shown are looked at."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mom_lsp.extract.code import line_keys
from mom_lsp.memory import Memory, Scored
from mom_lsp.route.freshness import (
    BACK,
    FRESH,
    GONE,
    MOST,
    ONLY_PLACE,
    REWRITTEN,
    CodeState,
    is_rare,
    moved,
    other_places,
    share,
)
from mom_lsp.route.reason import listed
from mom_lsp.route.view import View
from mom_lsp.workspace.library.head import Head
from mom_lsp.workspace.library.worktree import Worktree

MAX_FILES = 24  # of one memory that are read
LEAST_LINES = 3  # of a memory that is looked for in files it did not touch; fewer have to be rare ones
MAX_NAMED = 4  # files in which a symbol is looked for
WORD = re.compile(r"\w+")


@dataclass(slots=True)
class _Asked:
    """A commit's memory, and the files of today that it may stand in."""

    memory: Memory
    own: list[str]  # those it changed
    later: list[str]  # what they were renamed to
    here: str = ""  # the file asked about, if blame says that the commit wrote a line of it that tells anything
    inks: Mapping[int, int] = field(
        default_factory=dict
    )  # of the lines it added, once they are looked for in another layout


class FreshnessChecker:
    """Tells how memories stand on one HEAD."""

    def __init__(self, worktree: Worktree, head: Head, view: View) -> None:
        self._worktree, self._head, self._view = worktree, head, view

    def annotated(self, found: Sequence[Scored], at: Sequence[str] = (), lines: Sequence[str] = ()) -> list[Scored]:
        """Return suggestions with their freshness, those that are not as they were with a reason that says so.

        Args:
            found: what is shown.
            at: the names of the file asked about: it is read in any case.
            lines: of that file as it is open.
        """
        known = at and at[0] in self._head.tree
        wrote = {
            one.memory.id for one in found if known and line_keys(lines[n - 1] for n in one.lines if n <= len(lines))
        }
        standings = self.code_states([one.memory for one in found], at, wrote)
        return [
            replace(one, freshness=standing.freshness, reason=listed(one.reason, standing.words))
            for one, standing in zip(found, standings, strict=True)
        ]

    def code_states(
        self, memories: Sequence[Memory], at: Sequence[str] = (), wrote: Container[str] = ()
    ) -> list[CodeState]:
        """Return how each memory stands; git is asked at most three times, and for nothing that it told before.

        Args:
            memories: that are shown.
            at: the names of the file asked about, its own first.
            wrote: the ids of those that blame names for a line that was asked about.
        """
        if not self._head.commit:
            return [FRESH] * len(memories)  # a plain folder: what is there was read from its files as they are
        row_of = self._view.catalog.row_of
        commits = [m for m in memories if m.source.type == "commit" and m.id in row_of]
        asked = {memory.id: self._asked(memory, at) for memory in commits}
        for memory_id in asked:
            if at and memory_id in wrote:
                asked[memory_id].here = at[0]
        self._read([path for one in asked.values() for path in (*one.own, *one.later, one.here)])
        found = {memory.id: self._commit(asked[memory.id]) for memory in commits}
        doubtful = [memory for memory in commits if found[memory.id] is not FRESH and memory.added_lines]
        shas = {memory.id: self._view.commit_of.get(row_of[memory.id]) for memory in doubtful}
        inks = self._worktree.inks([sha for sha in shas.values() if sha])
        for memory in doubtful:
            asked[memory.id].inks = inks.get(shas[memory.id] or "", {})
            found[memory.id] = self._commit(asked[memory.id])
        return [found[m.id] if m.id in found else self._span(m) for m in memories]

    def _asked(self, memory: Memory, at: Sequence[str]) -> _Asked:
        tree = self._head.tree
        paths = sorted(memory.paths, key=lambda path: path not in at)[:MAX_FILES]
        names = (
            name
            for path in paths
            if path not in tree
            for name in self._view.catalog.later_names_of(path, self._view.valid)
        )
        later = [name for name in dict.fromkeys(names) if name in tree and name not in paths]
        return _Asked(memory, [path for path in paths if path in tree], later)

    def _commit(self, one: _Asked) -> CodeState:
        memory = one.memory
        if not memory.added_lines:
            return self._nothing_added(one)
        enough = MOST * min(1.0, MAX_FILES / max(1, len(memory.paths)))
        own = self._share(one, one.own)
        if own >= enough:
            return FRESH
        best, where = self._elsewhere(one)
        if best >= enough:
            return moved(where)
        if own or one.here or self._share(one, one.later):
            return REWRITTEN
        return ONLY_PLACE if self._names_left(one) else GONE

    def _nothing_added(self, one: _Asked) -> CodeState:
        """Judge what only removed, renamed or changed what is no text."""
        memory = one.memory
        if share(self._view, memory.removed_lines, self._read(one.own)) >= MOST:
            return BACK
        deleted = any(anchor.spans and not any(map(any, anchor.spans)) for anchor in memory.anchors)
        if one.own or deleted or not memory.paths:
            return FRESH
        return moved(one.later[0]) if one.later else GONE

    def _elsewhere(self, one: _Asked) -> tuple[float, str]:
        """Return the file other than its own that holds most of a memory's lines, with that share."""
        places = [path for path in dict.fromkeys((one.here, *one.later)) if path and path not in one.own]
        lines = one.memory.added_lines
        telling = len(lines) >= LEAST_LINES or is_rare(self._view, lines)
        if telling and self._share(one, places) < MOST:
            others = other_places(self._view, _symbols(one.memory), self._head.tree)
            places = list(dict.fromkeys(path for path in [*places, *others] if path not in one.own))[:MAX_FILES]
            self._read(places)
        return max(((self._share(one, [path]), path) for path in places), default=(0.0, ""))

    def _share(self, one: _Asked, paths: Sequence[str]) -> float:
        return share(self._view, one.memory.added_lines, self._read(paths), one.inks)

    def _names_left(self, one: _Asked) -> bool:
        symbols = _symbols(one.memory)
        for path in [*one.own, *one.later][:MAX_NAMED]:
            text = "\n".join(self._worktree.committed(self._head, path))
            if symbols and (not symbols.isdisjoint(WORD.findall(text)) or any(" " in s and s in text for s in symbols)):
                return True
        return False

    def _span(self, memory: Memory) -> CodeState:
        """Judge a part of a file, or a note at one."""
        path, tree = memory.source.path, self._head.tree
        if not path or tree.get(path) in memory.blobs:
            return FRESH
        names = self._view.catalog.later_names_of(path, self._view.valid)
        path = next((name for name in (path, *names) if self._worktree.exists(self._head, name)), "")
        if not path:
            return GONE
        words = memory.body if memory.source.type == "file" else " ".join(_symbols(memory))
        text = "\n".join(self._worktree.committed(self._head, path) or self._worktree.text(path))
        if f" {' '.join(WORD.findall(words))} " not in f" {' '.join(WORD.findall(text))} ":
            return REWRITTEN if memory.source.type == "file" else CodeState("drifted", f"{words} no longer exists")
        return FRESH if path == memory.source.path else moved(path)

    def _read(self, paths: Sequence[str]) -> list[np.ndarray]:
        return list(self._worktree.line_keys(self._head, paths).values())


def _symbols(memory: Memory) -> set[str]:
    return {symbol for anchor in memory.anchors for symbol in anchor.symbols}
