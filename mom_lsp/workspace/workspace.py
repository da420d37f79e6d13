"""What one worktree can be asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mom_lsp import phrases
from mom_lsp.errors import UsageError
from mom_lsp.extract.repetition import repeats
from mom_lsp.git import Location
from mom_lsp.memory import TERMS, Memory, Scored
from mom_lsp.route.linear_model import LinearModel, Mode, read_model, shipped
from mom_lsp.route.lines import open_lines
from mom_lsp.route.strategies import Strategy
from mom_lsp.settings import Settings
from mom_lsp.tiers import DAY
from mom_lsp.tiers.status_rules import USES_FOR_LAYER_2
from mom_lsp.workspace.answers import review
from mom_lsp.workspace.answers.contract import episode, iso
from mom_lsp.workspace.answers.failure_text import warnings_first
from mom_lsp.workspace.answers.presenter import Presenter
from mom_lsp.workspace.library.impressions import AskedLines
from mom_lsp.workspace.library.library import Library
from mom_lsp.workspace.library.line_writers import ALONE, Waiting
from mom_lsp.workspace.library.state import State, StateSource, from_one_state
from mom_lsp.workspace.library.status import change
from mom_lsp.workspace.library.strength import Aged
from mom_lsp.workspace.library.worktree import Worktree
from mom_lsp.workspace.memories_view import memories_view
from mom_lsp.workspace.ranking.citations import Explanation, reasons
from mom_lsp.workspace.ranking.hints import Hintable, Lead, hintable, thinned
from mom_lsp.workspace.ranking.query import CONTEXT, OpenFile, Query, mapped_lines, text_query, written
from mom_lsp.workspace.ranking.ranker import Ranked, Ranker, unscored
from mom_lsp.workspace.ranking.recent_edits import RecentEdits
from mom_lsp.workspace.ranking.worktree_files import WorktreeFiles

MAX_ALIKE = 8  # memories that a text is compared with
SEARCH_CHANCE = 0.002  # of what has no word in common with a search: a cosine of about a quarter


class Workspace:
    """One worktree (or plain folder) with the memories of its repository. Thread-safe."""

    def __init__(
        self,
        location: Location,
        library: Library,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        waiting: Waiting = ALONE,
    ) -> None:
        self.location, self.library, self.settings = location, library, settings
        self.worktree = Worktree(location, waiting)
        self.files = WorktreeFiles(self.worktree)
        self.presenter = Presenter(library.journal, self.worktree, clock)
        self.states = StateSource(library, self.worktree, lambda: self.settings)
        self._short_term = RecentEdits()
        self._clock = clock
        self._aged = Aged()

    # Asking

    def suggest(
        self,
        path: str,
        start: int,
        end: int,
        *,
        text: str | None = None,
        k: int = 3,
        rev: str | None = None,
        intent: str = "",
        counted: bool = False,
    ) -> dict[str, Any]:
        """Return what matters for some lines (1-based, inclusive) of a file.

        Args:
            path: relative to the root, with slashes.
            start: first line; 0 with `end` 0 means the whole file.
            end: last line.
            text: the open text, if it differs from the file.
            k: how many at most.
            rev: answer as of this revision.
            intent: what the user is about to do there, in his words; "" where only the place is known.
            counted: whether a person sees the answer.

        Raises:
            UsageError: no such file or line.
            UntrustedPath: the path leads out of the workspace.
        """
        began = time.perf_counter()
        asked = self.states.beside(lambda: self.files.question(path, start, end, text, rev))  # git blames meanwhile

        def answer(state: State) -> dict[str, Any]:
            query = asked()[1]
            lead = self._may_be_hinted(state, query) if not intent else Lead()
            query = query.intending(intent) if intent else query
            found = self._suggested(state, query, k, lead) | {"took_ms": _ms_since(began)}
            if counted and rev is None:
                asked_at = None if intent else _asked_at(state, query)
                shown = [one["id"] for one in found["suggestions"]]
                self.library.impressions.add(shown, path, self._clock(), asked_at)
            return found

        return self.states.answer(answer, lambda: asked()[0])

    def _suggested(self, state: State, query: Query, k: int, lead: Lead) -> dict[str, Any]:
        assert query.spot is not None
        path, meaning = query.spot.path, state.encode(query.meaning)
        ranker = self._ranker(state, self._editing(state, meaning))
        ranker = replace(ranker, context=self._context(query, meaning), strategy=self._strategy(path))
        threshold = self.settings.suggest.threshold
        chosen = ranker.rank(query, k, threshold=threshold, meaning=meaning, lead=lead.rows, said=lead.said)
        warnings = self.presenter.failures(state).warnings(path, query.written, state.snapshot.life)
        if not self.settings.hints.warnings:  # then they are no hints, and what is one comes before them
            warnings = warnings_first([one for one in chosen if one.row in lead.rows], warnings)
        return self._told(query, ranker, warnings_first(warnings, chosen)[:k], state)

    def _may_be_hinted(self, state: State, query: Query) -> Lead:
        """Return what may be hinted at the one line asked about, best first: it leads the suggestions."""
        spot, file = query.spot, query.file
        if spot is None or file is None or spot.start != spot.end or not self.settings.hints.enable:
            return Lead()
        line, path = spot.start, spot.path
        writers = {file.mapped[line - 1]: spot.writers[line]} if line in spot.writers else {}
        found = hintable(state, file, writers, self.settings.hints.minimum_surprise, only=line)
        if not (found.wrote or found.said):
            return Lead()
        ranker = self._hinting(state, path)
        told = self.presenter.annotated(ranker, self._ranked_hints(ranker, path, found), state, [path], file.lines)
        rows = tuple(state.snapshot.catalog.row_of[one.memory.id] for one in told if _is_hinted(one))
        return Lead(rows, found.said)

    def _ranked_hints(self, ranker: Ranker, path: str, found: Hintable) -> list[Ranked]:
        threshold = self.settings.hints.threshold
        return ranker.rank_hints(path, found.wrote, found.said, found.own, threshold=threshold)

    def _hinting(self, state: State, path: str) -> Ranker:
        return replace(self._ranker(state, self._learned("hints")), strategy=self._strategy(path))

    def search(self, text: str, k: int = 10) -> dict[str, Any]:
        """Return the memories that match words or their meaning; age counts for nothing here."""
        return self._by_text(text_query(text), "why", k)

    def intend(self, intent: str, k: int = 3) -> dict[str, Any]:
        """Return what matters to somebody who is about to do something, in his words, wherever that may be."""
        return self._by_text(text_query(intent, "intent"), "intent", k)

    def _by_text(self, query: Query, mode: Mode, k: int) -> dict[str, Any]:
        began = time.perf_counter()

        def answer(state: State) -> dict[str, Any]:
            ranker = self._ranker(state, self._learned(mode))
            chosen = ranker.rank(query, k, threshold=SEARCH_CHANCE, meaning=state.encode(query.meaning))
            return self._told(query, ranker, chosen, state) | {"took_ms": _ms_since(began)}

        return self.states.answer(answer)

    def explain(self, path: str, line: int, *, text: str | None = None) -> Explanation:
        """Return what is known about why a line (1-based) is so; age counts for nothing here. Raises as `suggest`."""
        asked = self.states.beside(lambda: self.files.question(path, line, line, text, None))
        return self.states.answer(lambda state: self._explained(state, asked()[1]), lambda: asked()[0])

    def _explained(self, state: State, query: Query) -> Explanation:
        spot, meaning = query.spots[0], state.encode(query.meaning)
        ranker = self._ranker(state, self._editing(state, meaning).scaled({"temp": 0.0}))
        found = reasons(ranker, query, meaning, self.presenter.read)
        at = self._names(state, query)
        citations = [answer for _, answer in self.presenter.answers([one for one, _ in found], state, at)]
        text = spot.lines[min(spot.start - 1, CONTEXT)] if spot.lines else ""
        cited = {one["id"] for one in citations}
        clues = tuple(clue for _, clue in found if clue.memory.id in cited)
        return Explanation(spot.path, spot.start, spot.symbol, text, clues, citations)

    @from_one_state
    def hints(self, state: State, path: str, text: str, start: int, end: int) -> list[dict[str, Any]]:
        """Return memories at the lines they wrote: at most one a line, three in any 40 lines, each once a file.

        Only memories out of the ordinary (`mom.hints.minimumSurprise`) that are likely enough are hinted. What is
        hinted at a line comes first in `suggest` of that line.
        """
        committed, lines = self.worktree.committed(state.head, path), open_lines(text)
        file = OpenFile(path, lines, mapped_lines(self.worktree, state.head, path, lines), committed)
        writers = self.worktree.writers(state.head, path, None)
        ranker = self._hinting(state, path)
        found = hintable(state, file, writers, self.settings.hints.minimum_surprise)
        chosen = self._ranked_hints(ranker, path, found)
        if self.settings.hints.warnings:
            blocks = written(committed, path, lines, file.mapped)
            chosen = warnings_first(self.presenter.failures(state).warnings(path, blocks, state.snapshot.life), chosen)
        kept = sorted(thinned(chosen, file, start, end), key=lambda one: one.lines)
        hints = [one for one in self.presenter.annotated(ranker, kept, state, [path], lines) if _is_hinted(one)]
        return [
            {"line": one.lines[0], "suggestion": answer} for one, answer in self.presenter.answers(hints, state, [path])
        ]

    def hinted(self, path: str, memories: Sequence[str]) -> None:
        """Count hints of a file that were on the screen; what is on it day after day takes less room there."""
        self.library.impressions.add(memories, path, self._clock(), hinted=True)

    @from_one_state
    def show(self, state: State, identity: str) -> dict[str, Any]:
        """Return everything about one memory, and why it is or is not suggested.

        Raises:
            UsageError: no memory, or more than one, has an id that begins like this.
        """
        memory = _named(state, identity)
        return self.presenter.everything(memory, self._ranker(state, self._learned("why")), state)

    @from_one_state
    def episode(self, state: State, identity: str) -> dict[str, Any]:
        """Return the episode of a memory, None if it stands alone, and its members, oldest first. Raises as `show`."""
        memory = _named(state, identity)
        found = self.presenter.episodes(state).of(memory)
        row_of = state.snapshot.catalog.row_of
        members = [unscored(row_of[i]) for i in found.members] if found else []
        told = self.presenter.render(self._ranker(state, self._learned("why")), members, state)
        grouped = episode(found) if found else None
        words = {"episode": phrases.episode(grouped)} if grouped else {}
        return {"episode": grouped, "members": told, "phrases": words}

    @from_one_state
    def kept(self, state: State) -> dict[str, list[dict[str, Any]]]:
        """Return what the user kept, found useful and sent away."""
        ranker = self._ranker(state, self._learned("why"))
        return memories_view(
            self.presenter, ranker, state, self._promoted(state, ranker), self.library.journal.events()
        )

    @from_one_state
    def memory(self, state: State, identity: str) -> Memory:
        """Return the memory whose id begins with some hex digits. Raises UsageError unless it is exactly one."""
        return _named(state, identity)

    @from_one_state
    def memories(self, state: State, ids: Sequence[str]) -> list[Memory]:
        """Return the memories that are still there and not forgotten, in this order."""
        found = state.get([one for one in ids if not state.snapshot.life.of(one).forgotten])
        return [found[one] for one in ids if one in found]

    @from_one_state
    def recalled(self, state: State, text: str) -> Memory | None:
        """Return the memory whose own words a text is; None if it says something new."""
        alike = state.get(list(state.matches(text, MAX_ALIKE))).values()
        known = [memory for memory in alike if repeats(text, f"{memory.title}\n\n{memory.body}")]
        return next((m for m in known if state.view.valid[state.snapshot.catalog.row_of[m.id]]), None)

    def changes(self, memory: str = "") -> list[tuple[str, dict[str, Any]]]:
        """Return (id, change of status) of one memory or of all, as far as the journal does not hold it yet."""
        snapshot = self.library.snapshot()
        life = snapshot.life
        asked = [memory] if memory else [m for m in {*life.transitions, *life.judged} if not life.of(m).forgotten]
        return self.states.answer(lambda state: self._changes(state, asked), snapshot=snapshot) if asked else []

    def _changes(self, state: State, asked: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
        life = state.snapshot.life
        told = state.get([m for m in asked if life.of(m).uses >= USES_FOR_LAYER_2])
        kinds = {identity: known.kind for identity, known in told.items()}
        found = ((m, change(life, m, kinds.get(m, ""), state.view, state.head.ancestors)) for m in asked)
        return [(identity, data) for identity, data in found if data is not None]

    @from_one_state
    def review(self, state: State) -> dict[str, Any]:
        """Return what deserves a look, each memory with its "reason"; forgotten ones, newest first, have but an id."""
        view, life = state.view, state.snapshot.life
        ranker = self._ranker(state, self._learned("why"))
        drifted = self.presenter.picked(review.to_keep_fresh(view, life), ranker, state)
        return {
            "fading": self.presenter.picked(review.fading(view, life, ranker.tiers), ranker, state),
            "promoted": self._promoted(state, ranker),
            "drifted": [one for one in drifted if one["freshness"] in ("drifted", "gone")],
            "archived": self.presenter.picked(review.archived(view, life), ranker, state),
            "forgotten": [
                {"id": memory, "time": iso(when)}
                for when, memory in review.forgotten(self.library.journal.events(), life)
            ],
        }

    def _promoted(self, state: State, ranker: Ranker) -> list[dict[str, Any]]:
        """Return the memories that proved themselves lately, each with its "reason"."""
        picks = review.promoted(state.view, state.snapshot.life, state.head.ancestors, self._clock())
        return self.presenter.picked(picks, ranker, state)

    def overview(self, state: State) -> dict[str, Any]:
        """Return how many memories stand in each tier and status, and how many were promoted lately."""
        view, life = state.view, state.snapshot.life
        lately = review.promoted(view, life, state.head.ancestors, self._clock())
        tiers = self._aged.of(view, life, self._clock())
        return review.overview(view, life, tiers) | {"promoted_lately": len(lately)}

    def prefetch(self, path: str) -> None:
        """Read the whole file's blame, so that later questions about it are answered at once."""
        head = self.worktree.head()
        if path in head.tree:
            self.worktree.writers(head, path, None)

    # Inside

    def _editing(self, state: State, meaning: np.ndarray | None) -> LinearModel:
        """Return what was learned for the place of an edit: here if `mom tune` did, and with vectors if there are."""
        modes: tuple[Mode, ...] = ("unencoded", "editing") if meaning is None else ("editing",)
        own = (read_model(state.snapshot.life.tuned.get(mode, {})) for mode in modes)
        return self._as_said(next(filter(None, own), None) or shipped(modes[0]))

    def _learned(self, mode: Mode) -> LinearModel:
        return self._as_said(shipped(mode))

    def _as_said(self, model: LinearModel) -> LinearModel:
        """Return a model with each term as many times as strong as the user says."""
        return model.scaled({term: getattr(self.settings.weights, term) for term in TERMS})

    def _context(self, query: Query, meaning: np.ndarray | None) -> np.ndarray | None:
        """Return what was edited before, as far as it has to do with a question, and remember this edit."""
        if not self.settings.encoder.context or meaning is None:
            return None
        read = self._short_term.read(meaning)
        if query.written:
            self._short_term.saw(query.meaning, meaning)
        return read

    def _ranker(self, state: State, model: LinearModel) -> Ranker:
        tiers = self._aged.of(state.view, state.snapshot.life, self._clock())
        return Ranker(state, state.snapshot, state.view, model, tiers, share=self.settings.route.domains)

    def _strategy(self, path: str) -> Strategy:
        """Return what the settings ask for besides the score, the same in a file all day."""
        chosen = self.settings.strategies
        return Strategy(chosen.dropout, chosen.explore, path, int(self._clock() // DAY))

    def _told(self, query: Query, ranker: Ranker, chosen: Sequence[Ranked], state: State) -> dict[str, Any]:
        lines = query.file.lines if query.file else ()
        suggestions = self.presenter.render(ranker, chosen, state, self._names(state, query), lines)
        return {"query": query.shown, "suggestions": suggestions, "abstained": not suggestions}

    def _names(self, state: State, query: Query) -> list[str]:
        """Return the names of the file asked about."""
        return state.view.names_of(query.spot.path) if query.spot else []


def _named(state: State, identity: str) -> Memory:
    """Return the memory whose id begins with some hex digits. Raises UsageError unless it is exactly one."""
    known = [i for i in state.snapshot.catalog.ids if i.startswith(identity)] if identity else []
    if len(known) != 1:
        problem = "several memories have" if known else "no memory has"
        raise UsageError(f"{problem} an id starting with {identity!r}; `mom search` shows the ids")
    return state.get(known)[known[0]]


def _is_hinted(one: Scored) -> bool:
    """Whether a memory that was chosen for a hint becomes one: not if nothing is left of it."""
    return one.freshness != "gone" or bool(one.failure and one.failure.again)


def _asked_at(state: State, query: Query) -> AskedLines | None:
    return AskedLines(state.head.commit, *query.span) if state.head.commit and query.span else None


def _ms_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
