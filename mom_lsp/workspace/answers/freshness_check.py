"""Freshness: whether the code of each shown memory is still in the files of HEAD."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mom_lsp.extract.code import line_keys
from mom_lsp.memory import Memory, Scored
from mom_lsp.route.freshness import (
    BACK,
    FRESH,
    GONE,
    MOST,
    ONLY_LOCATION,
    REWRITTEN,
    CodeState,
    is_rare,
    moved,
    other_places,
    share,
)
from mom_lsp.route.reason import listed
from mom_lsp.route.view import View
from mom_lsp.workspace.answers.asked_file import NO_FILE, AskedFile
from mom_lsp.workspace.library.head import Head
from mom_lsp.workspace.library.worktree import Worktree

MAX_FILES = 24  # files of one memory that are read
LEAST_LINES = 3  # lines of a memory that is searched in files it did not touch; fewer lines must be rare
MAX_NAMED = 4  # files in which a symbol is searched
WORD = re.compile(r"\w+")


@dataclass(slots=True)
class _CommitFiles:
    """A commit's memory, and the files of HEAD that may have its code."""

    memory: Memory
    changed: list[str]  # files that it changed
    later: list[str]  # their later names
    asked: str = ""  # the file asked about, if blame says that the commit wrote a line with words in it

    @property
    def enough(self) -> float:
        """The share of its lines that must still be there."""
        return MOST * min(1.0, MAX_FILES / max(1, len(self.memory.paths)))


class FreshnessChecker:
    """Determines the freshness of memories on one HEAD."""

    def __init__(self, worktree: Worktree, head: Head, view: View) -> None:
        self._worktree, self._head, self._view = worktree, head, view

    def annotated(self, found: Sequence[Scored], file: AskedFile = NO_FILE) -> list[Scored]:
        """Return suggestions with their freshness, which their reason mentions unless they are fresh.

        Args:
            found: the shown memories.
            file: asked about; it is read in any case.
        """
        at, lines = file.names, file.lines
        known = at and at[0] in self._head.tree
        wrote = {
            one.memory.id for one in found if known and line_keys(lines[n - 1] for n in one.lines if n <= len(lines))
        }
        states = self.code_states([one.memory for one in found], at, wrote)
        here = moved(at[0]).words if at else ""
        return [
            replace(
                one, freshness=state.freshness, reason=listed(one.reason, state.words if state.words != here else "")
            )
            for one, state in zip(found, states, strict=True)
        ]

    def code_states(
        self, memories: Sequence[Memory], at: Sequence[str] = (), wrote: Container[str] = ()
    ) -> list[CodeState]:
        """Return the freshness of each memory; git runs at most three times, and not for anything that is cached.

        Files that are not cached are read only for memories that are not fresh by the file asked about and the cached
        ones: what is still in some of its files is enough.

        Args:
            memories: the memories to check.
            at: the names of the file asked about, the present one first.
            wrote: the ids of the memories that wrote a line asked about, by blame.
        """
        if not self._head.commit:
            return [FRESH] * len(memories)  # a plain folder: its memories were read from its present files
        row_of = self._view.catalog.row_of
        commits = [m for m in memories if m.source.type in ("commit", "discussion") and m.id in row_of]
        files = {memory.id: self._files(memory, at) for memory in commits}
        for memory_id in files:
            if at and memory_id in wrote:
                files[memory_id].asked = at[0]
        self._read(at[:1])
        unsure = [one for one in files.values() if not self._is_fresh(one, self._cached(one.changed))]
        self._read([path for one in unsure for path in (*one.changed, *one.later, one.asked)])
        found = dict.fromkeys(files, FRESH) | {one.memory.id: self._commit(one) for one in unsure}
        return [found[m.id] if m.id in found else self._span(m) for m in memories]

    def _files(self, memory: Memory, at: Sequence[str]) -> _CommitFiles:
        tree = self._head.tree
        paths = sorted(memory.paths, key=lambda path: path not in at)[:MAX_FILES]
        names = (
            name
            for path in paths
            if path not in tree
            for name in self._view.catalog.later_names_of(path, self._view.valid)
        )
        later = [name for name in dict.fromkeys(names) if name in tree and name not in paths]
        return _CommitFiles(memory, [path for path in paths if path in tree], later)

    def _commit(self, one: _CommitFiles) -> CodeState:
        memory = one.memory
        if not memory.added_lines:
            return self._nothing_added(one)
        if self._is_fresh(one, self._read(one.changed)):
            return FRESH
        best, where = self._elsewhere(one)
        if best >= one.enough:
            return moved(where)
        if self._share(one, one.changed) or one.asked or self._share(one, one.later):
            return REWRITTEN
        return ONLY_LOCATION if self._has_symbol(one) else GONE

    def _is_fresh(self, one: _CommitFiles, files: Sequence[np.ndarray]) -> bool:
        """Whether enough of the lines that a commit added are in some of the files that it changed."""
        return bool(one.memory.added_lines) and _share(self._view, one.memory, files) >= one.enough

    def _nothing_added(self, one: _CommitFiles) -> CodeState:
        """Return the freshness of a change that added no lines: a removal, a rename or a binary file."""
        memory = one.memory
        if share(self._view, memory.removed_lines, self._read(one.changed)) >= MOST:
            return BACK
        deleted = any(anchor.spans and not any(map(any, anchor.spans)) for anchor in memory.anchors)
        if one.changed or deleted or not memory.paths:
            return FRESH
        return moved(one.later[0]) if one.later else GONE

    def _elsewhere(self, one: _CommitFiles) -> tuple[float, str]:
        """Return the largest share of a memory's lines in a file that it did not change, and that file."""
        places = [path for path in dict.fromkeys((one.asked, *one.later)) if path and path not in one.changed]
        lines = one.memory.added_lines
        distinct = len(lines) >= LEAST_LINES or is_rare(self._view, lines)
        if distinct and self._share(one, places) < MOST:
            others = other_places(self._view, _symbols(one.memory), self._head.tree)
            places = list(dict.fromkeys(path for path in [*places, *others] if path not in one.changed))[:MAX_FILES]
            self._read(places)
        return max(((self._share(one, [path]), path) for path in places), default=(0.0, ""))

    def _share(self, one: _CommitFiles, paths: Sequence[str]) -> float:
        return _share(self._view, one.memory, self._read(paths))

    def _has_symbol(self, one: _CommitFiles) -> bool:
        symbols = _symbols(one.memory)
        for path in [*one.changed, *one.later][:MAX_NAMED]:
            text = "\n".join(self._worktree.committed(self._head, path))
            if symbols and (not symbols.isdisjoint(WORD.findall(text)) or any(" " in s and s in text for s in symbols)):
                return True
        return False

    def _span(self, memory: Memory) -> CodeState:
        """Return the freshness of a comment, a section or a note."""
        path, tree = memory.source.path, self._head.tree
        if not path or tree.get(path) in memory.blobs:
            return FRESH
        names = self._view.catalog.later_names_of(path, self._view.valid)
        path = next((name for name in (path, *names) if self._worktree.exists(self._head, name)), "")
        if not path:
            return GONE
        words = memory.body if memory.source.type == "file" else " ".join(_symbols(memory))
        text = "\n".join(self._worktree.committed(self._head, path) or self._worktree.text(path))
        if words and f" {' '.join(WORD.findall(words))} " not in f" {' '.join(WORD.findall(text))} ":
            return REWRITTEN if memory.source.type == "file" else CodeState("drifted", f"{words} no longer exists")
        return FRESH if path == memory.source.path else moved(path)

    def _read(self, paths: Sequence[str]) -> list[np.ndarray]:
        return list(self._worktree.line_keys(self._head, paths).values())

    def _cached(self, paths: Sequence[str]) -> list[np.ndarray]:
        return list(self._worktree.line_keys(self._head, paths, read=False).values())


def _share(view: View, memory: Memory, files: Sequence[np.ndarray]) -> float:
    """Return the share of the lines that a memory added that are in some files, in whatever layout."""
    return share(view, memory.added_lines, files, memory.added_normalized)


def _symbols(memory: Memory) -> set[str]:
    return {symbol for anchor in memory.anchors for symbol in anchor.symbols}
