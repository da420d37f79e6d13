"""The consistent state that a request reads: taken once per request, and passed down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import numpy as np

from mom_lsp.errors import Damaged, Outdated, UsageError
from mom_lsp.memory import Memory
from mom_lsp.route.view import View
from mom_lsp.settings import Settings
from mom_lsp.workspace.library.head import Head
from mom_lsp.workspace.library.library import Library, Snapshot
from mom_lsp.workspace.library.recent import Recent
from mom_lsp.workspace.library.worktree import CACHED_HEADS, Worktree

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class State:
    """The memories at one version of the store, the feedback on them, and what of it is valid on one HEAD."""

    snapshot: Snapshot
    head: Head
    view: View
    encoder: Callable[[str], np.ndarray | None]
    searches: Mapping[tuple[str, int], Callable[[], dict[str, float]]] = field(default_factory=dict)  # under way

    def matches(self, query: str, limit: int) -> dict[str, float]:
        """Return the BM25 scores of the best full-text matches by id. Raises Outdated."""
        search = self.searches.get((query, limit))
        return search() if search is not None else self.snapshot.rows.matches(query, limit)

    def frequency(self, words: Iterable[str]) -> dict[str, int]:
        """Return how many memories have each word. Raises Outdated."""
        return self.snapshot.rows.frequency(words)

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return memories by id, forgotten ones without their text; unknown ids are left out. Raises Outdated."""
        return self.snapshot.rows.get(ids)

    def named(self, identity: str) -> Memory:
        """Return the memory whose id starts with some hex digits. Raises UsageError unless it is exactly one."""
        known = [i for i in self.snapshot.catalog.ids if i.startswith(identity)] if identity else []
        if len(known) != 1:
            problem = f"id {identity!r} is ambiguous; give more digits" if known else f"no memory with id {identity!r}"
            raise UsageError(f"{problem}; `mom search` shows the ids")
        return self.get(known)[known[0]]

    def encode(self, text: str) -> np.ndarray | None:
        """Return the vector (d,) of a question, None if the state has no vectors."""
        return self.encoder(text) if len(self.snapshot.vectors) else None


class StateSource:
    """Takes the states of one worktree. Thread-safe."""

    def __init__(self, library: Library, worktree: Worktree, settings: Callable[[], Settings]) -> None:
        self._library, self._worktree, self._settings = library, worktree, settings
        self._beside = ThreadPoolExecutor(8, thread_name_prefix="mom-head")  # two for each request of an engine
        self._views: Recent[tuple[View, tuple[str, ...], bool, bool], View] = Recent(CACHED_HEADS)

    def beside(self, read: Callable[[], T]) -> Callable[[], T]:
        """Start reading something in the background; call the result to wait for it."""
        return self._beside.submit(copy_context().run, read).result

    def encoding(self, text: str) -> Callable[[], np.ndarray | None]:
        """Start encoding a question in the background, which loads the encoder; call the result to wait for it."""
        return self.beside(lambda: self._library.encode(text) if self._settings().encoder.enable else None)

    def searching(self, state: State, words: str, limit: int) -> State:
        """Return the same state, for which LanceDB already searches for some words in the background."""
        return replace(state, searches={(words, limit): self.beside(lambda: state.matches(words, limit))})

    def answer(
        self,
        of: Callable[[State], T],
        head: Callable[[], Head] | None = None,
        snapshot: Snapshot | None = None,
        *,
        vectors: bool = False,
    ) -> T:
        """Answer a request from one state, or from a second one if the indexer removed the version of the first.

        Args:
            of: computes the answer; it may be called twice.
            head: the commit asked about, HEAD by default; called once the memories are read.
            snapshot: the memories, if they are read already.
            vectors: whether questions are encoded, and compared with the vectors of memories.
        """
        wanted = head or self.beside(self._worktree.head)  # git lists the history while the memories are read
        vectors = vectors and self._settings().encoder.enable
        try:
            return of(self.take(wanted, snapshot, vectors=vectors))
        except Outdated:
            self._library.reload(force=True)
        try:
            return of(self.take(wanted, vectors=vectors))
        except (Outdated, Damaged):
            self._library.lose(str(self._library.store.report_damage()))
            return of(self.take(wanted, vectors=vectors))

    def take(self, head: Callable[[], Head], snapshot: Snapshot | None = None, *, vectors: bool = False) -> State:
        """Return the state at a head. For the arguments, see `answer`."""
        library = self._library
        found = snapshot or (library.snapshot_with_vectors() if vectors else library.snapshot())
        at, encode = head(), library.encode if vectors else _no_vector
        return State(found, at, self._filtered(self._worktree.view(found.catalog, at)), encode)

    def _filtered(self, view: View) -> View:
        """Return a view without what the settings exclude; they may change at any time."""
        settings = self._settings()
        exclude, index = settings.exclude, settings.index
        if not exclude and index.comments and index.documents:
            return view

        def make() -> View:
            from pathspec import GitIgnoreSpec  # here: most exclude nothing

            hidden = GitIgnoreSpec.from_lines(exclude).match_file
            return view.without(hidden, comments=index.comments, documents=index.documents)

        return self._views.of((view, exclude, index.comments, index.documents), make)


def _no_vector(text: str) -> None:
    """Encode nothing: the answer needs no vectors, or the encoder is turned off."""


class HasStates(Protocol):
    """An object that answers requests from states."""

    states: StateSource


L = TypeVar("L", bound=HasStates)


def from_one_state(answer: Callable[Concatenate[L, State, P], T]) -> Callable[Concatenate[L, P], T]:
    """Pass a method the state that it answers from."""

    @wraps(answer)
    def asked(self: L, /, *args: P.args, **options: P.kwargs) -> T:
        return self.states.answer(lambda state: answer(self, state, *args, **options))

    return asked
