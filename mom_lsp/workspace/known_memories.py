"""What is asked about the memories themselves, whatever the line: one of them, or a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mom_lsp import phrases
from mom_lsp.extract.repetition import repeats
from mom_lsp.memory import Memory
from mom_lsp.route.lines import open_lines
from mom_lsp.settings import Settings
from mom_lsp.workspace.answers import review
from mom_lsp.workspace.answers.contract import episode
from mom_lsp.workspace.answers.memory_lists import memories_view, review_lists, titles
from mom_lsp.workspace.answers.presenter import Presenter
from mom_lsp.workspace.answers.rules import rules
from mom_lsp.workspace.answers.source_document import AskedFrom
from mom_lsp.workspace.library.library import Library
from mom_lsp.workspace.library.state import State, StateSource, from_one_state
from mom_lsp.workspace.library.status import changes_of
from mom_lsp.workspace.library.worktree import Worktree
from mom_lsp.workspace.rankers import Rankers
from mom_lsp.workspace.ranking.ranker import unscored

MAX_SIMILAR = 8  # memories that a text is compared with


class KnownMemories:
    """The memories of one worktree, by id and in lists."""

    def __init__(
        self,
        states: StateSource,
        presenter: Presenter,
        rankers: Rankers,
        library: Library,
        worktree: Worktree,
        settings: Callable[[], Settings],
        clock: Callable[[], float],
    ) -> None:
        self.states = states
        self._presenter, self._rankers, self._library, self._worktree = presenter, rankers, library, worktree
        self._settings, self._clock = settings, clock

    @from_one_state
    def show(self, state: State, identity: str) -> dict[str, Any]:
        """Return everything about one memory, and why it is or is not suggested.

        Raises:
            UsageError: no memory, or more than one, has an id that starts like this.
        """
        threshold = self._settings().suggest.threshold
        memory = state.named(identity)
        proven = self._rankers.proven(state).best(memory.id)
        return self._presenter.everything(memory, self._rankers.lists(state), state, threshold, proven)

    @from_one_state
    def source(
        self, state: State, identity: str, path: str = "", line: int = 0, text: str = ""
    ) -> dict[str, Any] | None:
        """Return the commit of a memory as a document, None if it has none or is forgotten. Raises as `show`.

        Args:
            state: given by the decorator.
            identity: the beginning of the memory's id.
            path: the file from which it is opened, "" for none.
            line: there (1-based), 0 for none.
            text: of that file as it is open.
        """
        memory, names = state.named(identity), state.view.names_of(path) if path else ()
        if memory.id in state.snapshot.life.forgotten:
            return None
        return self._presenter.source(memory, state, AskedFrom(names, open_lines(text), line))

    @from_one_state
    def episode(self, state: State, identity: str) -> dict[str, Any]:
        """Return the episode of a memory, None if it has none, and its members, oldest first. Raises as `show`."""
        found = self._presenter.episodes(state).of(state.named(identity))
        row_of = state.snapshot.catalog.row_of
        members = [unscored(row_of[i]) for i in found.members] if found else []
        rendered = self._presenter.render(self._rankers.lists(state), members, state)
        grouped = episode(found) if found else None
        words = {"episode": phrases.episode(grouped)} if grouped else {}
        return {"episode": grouped, "members": rendered, "phrases": words}

    @from_one_state
    def view(self, state: State) -> dict[str, list[dict[str, Any]]]:
        """Return the pinned, promoted, useful and forgotten memories."""
        events = self._library.journal.events()
        ranker, repository = self._rankers.lists(state), self._worktree.repository
        return memories_view(self._presenter, ranker, state, events, self._clock(), repository)

    @from_one_state
    def rules(self, state: State) -> list[dict[str, Any]]:
        """Return what proved useful here as rules that a person may adopt, each with its evidence and sources."""
        proven = self._rankers.proven(state)
        return rules(self._presenter, self._rankers.lists(state), state, proven)

    @from_one_state
    def review(self, state: State) -> dict[str, Any]:
        """Return the memories to review, each with its "reason"; of forgotten ones, newest first, only the id."""
        events, threshold = self._library.journal.events(), self._settings().suggest.threshold
        return review_lists(self._presenter, self._rankers.lists(state), state, events, self._clock(), threshold)

    def overview(self, state: State) -> dict[str, Any]:
        """Return how many memories are in each tier and status, and how many were promoted lately."""
        view, life = state.view, state.snapshot.life
        lately = review.promoted(view, life, state.head.ancestors, self._clock())
        tiers = self._rankers.tiers(state)
        return review.overview(view, life, tiers) | {"promoted_lately": len(lately)}

    @from_one_state
    def named(self, state: State, identity: str) -> Memory:
        """Return the memory whose id starts with some hex digits. Raises UsageError unless it is exactly one."""
        return state.named(identity)

    @from_one_state
    def title(self, state: State, identity: str) -> str:
        """Return the title of a memory, if it is forgotten the one that git has; "" where there is none."""
        memory = state.get([identity]).get(identity)
        if memory is None or memory.title or not memory.source.commit:
            return memory.title if memory else ""
        return titles(self._worktree.repository, [memory.source.commit]).get(memory.source.commit, "")

    @from_one_state
    def names_of(self, state: State, path: str) -> list[str]:
        """Return a path and the names that it had before, as the memories of HEAD know them."""
        return state.view.names_of(path)

    @from_one_state
    def some(self, state: State, ids: Sequence[str]) -> list[Memory]:
        """Return the memories that exist and are not forgotten, in this order."""
        found = state.get([one for one in ids if not state.snapshot.life.of(one).forgotten])
        return [found[one] for one in ids if one in found]

    @from_one_state
    def quoted_by(self, state: State, text: str) -> Memory | None:
        """Return the memory that a text only repeats, None if it says something new."""
        similar = state.get(list(state.matches(text, MAX_SIMILAR))).values()
        repeated = [memory for memory in similar if repeats(text, f"{memory.title}\n\n{memory.body}")]
        return next((m for m in repeated if state.view.valid[state.snapshot.catalog.row_of[m.id]]), None)

    def changes(self, memory: str = "") -> list[tuple[str, dict[str, Any]]]:
        """Return (id, change of status) of one memory or of all, where the journal does not have it yet."""
        snapshot = self._library.snapshot()
        life = snapshot.life
        ids = [memory] if memory else [m for m in {*life.transitions, *life.judged} if not life.of(m).forgotten]
        return self.states.answer(lambda state: changes_of(ids, state), snapshot=snapshot) if ids else []
