"""From memories that were chosen to what is told of them: text, how they stand today, failure, episode, and JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from mom_lsp import datafolder, phrases
from mom_lsp.journal import Journal
from mom_lsp.lm.titles import TitleFile, says_nothing
from mom_lsp.memory import Memory, Scored
from mom_lsp.route.view import Edge
from mom_lsp.tiers.status_rules import NEVER
from mom_lsp.workspace.answers.contract import forge_of, lived, suggestion
from mom_lsp.workspace.answers.episode_text import EpisodeAnnotator
from mom_lsp.workspace.answers.failure_text import FailureAnnotator
from mom_lsp.workspace.answers.fault_isolation import Isolation
from mom_lsp.workspace.answers.freshness_check import FreshnessChecker
from mom_lsp.workspace.answers.review import Pick
from mom_lsp.workspace.library.recent import Recent
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.library.worktree import CACHED_HEADS, Worktree
from mom_lsp.workspace.ranking.ranker import Ranked, Ranker, unscored, with_text

MAX_UNTITLED = 100  # memories that wait for a title
MAX_RELATED = 20


class Presenter:
    """Tells memories of one worktree."""

    def __init__(self, journal: Journal, worktree: Worktree, clock: Callable[[], float] = time.time) -> None:
        self._journal, self._worktree, self._clock = journal, worktree, clock
        self.titles = TitleFile(worktree.location.data / datafolder.TITLES)
        self.isolation = Isolation()
        self.awaiting_title: dict[
            str, None
        ] = {}  # ids of memories that were shown, whose titles say nothing, oldest first
        self._failures: Recent[int, FailureAnnotator] = Recent(CACHED_HEADS)  # by the view that each of them holds
        self._episodes: Recent[int, EpisodeAnnotator] = Recent(CACHED_HEADS)

    def render(
        self,
        ranker: Ranker,
        chosen: Sequence[Ranked],
        state: State,
        at: Sequence[str] = (),
        lines: Sequence[str] = (),
    ) -> list[dict[str, Any]]:
        """Return what was chosen as JSON, without what cannot be shown.

        Args:
            ranker: that chose it.
            chosen: rows.
            state: what is true here.
            at: the names of the file asked about.
            lines: of that file as it is open.
        """
        return [answer for _, answer in self.answers(self.annotated(ranker, chosen, state, at, lines), state, at)]

    def annotated(
        self,
        ranker: Ranker,
        chosen: Sequence[Ranked],
        state: State,
        at: Sequence[str] = (),
        lines: Sequence[str] = (),
    ) -> list[Scored]:
        """Return what was chosen with its text, how it stands today, what is known of its failure, and its episode."""
        failures, episodes = self.failures(state), self.episodes(state)

        def annotate(some: Sequence[Ranked]) -> list[Scored]:
            return episodes.annotated(
                failures.annotated(failures.checker.annotated(with_text(ranker, some), at, lines))
            )

        return self.isolation.each(annotate, chosen, lambda one: ranker.view.catalog.ids[one.row])

    def read(self, ranker: Ranker, chosen: Sequence[Ranked]) -> list[Scored]:
        """Return what was chosen with its text alone."""
        return self.isolation.each(
            lambda some: with_text(ranker, some), chosen, lambda one: ranker.view.catalog.ids[one.row]
        )

    def answers(
        self, found: Sequence[Scored], state: State, at: Sequence[str] = ()
    ) -> list[tuple[Scored, dict[str, Any]]]:
        """Return memories, each with what the contract has of it."""
        return self.isolation.each(
            lambda some: [(one, self.json(one, state, at)) for one in some], found, lambda one: one.memory.id
        )

    def failures(self, state: State) -> FailureAnnotator:
        """Return what the history of HEAD tells of failures."""
        view = state.view
        return self._failures.of(
            id(view),
            lambda: FailureAnnotator(state.snapshot.rows, view, FreshnessChecker(self._worktree, state.head, view)),
        )

    def episodes(self, state: State) -> EpisodeAnnotator:
        """Return the episodes of HEAD's history."""
        return self._episodes.of(
            id(state.view), lambda: EpisodeAnnotator(state.snapshot.rows, state.view, state.head.ancestors)
        )

    def json(self, one: Scored, state: State, at: Sequence[str] = ()) -> dict[str, Any]:
        """Return one memory as the contract has it."""
        commit, author, when = self._written(one.memory, state)
        row, domains = state.snapshot.catalog.row_of.get(one.memory.id), state.snapshot.domains
        domain = domains.name(row) if row is not None else ""
        now = self._clock()
        found = suggestion(
            one, commit=commit, author=author, time=when, forge=self._forge, now=now, at=at, domain=domain
        )
        return found | {"title_generated": self._made_title(one.memory)}

    def everything(self, memory: Memory, ranker: Ranker, state: State) -> dict[str, Any]:
        """Return all that is known about one memory as JSON, and why it is or is not suggested."""
        row = state.snapshot.catalog.row_of.get(memory.id)
        one = self.annotated(ranker, [unscored(row)], state) if row is not None else []
        why_not = why_not_suggested(memory, row, state)
        found = self.json(one[0] if one else Scored(memory, 0.0, {}, ""), state)
        life = lived(state.snapshot.life.of(memory.id), one[0].standing.reason if one else "")
        return {
            **found,
            "suggested": not why_not,
            "because": why_not or "eligible: shown wherever its relevance passes the threshold",
            "life": life,
            "related": self.related(row, state, ranker) if row is not None else [],
            "history": self._history(memory.id, state),
            "phrases": found["phrases"] | {"evidence": phrases.evidence(life)},
        }

    def _history(self, memory: str, state: State) -> list[dict[str, Any]]:
        """Return what happened to a memory, oldest first."""
        happened = [
            {"time": e.time, "event": e.type, "path": e.path, "reason": e.data.get("reason", "")}
            | ({"status": e.data.get("status", "")} if e.type == "transition" else {})
            for e in self._journal.events()
            if e.memory == memory and e.seq <= state.snapshot.life.last_seq
        ]
        now = self._clock()
        return [event | {"phrases": phrases.of_event(event, now)} for event in happened]

    def named(self, ids: Sequence[str], ranker: Ranker, state: State) -> list[dict[str, Any]]:
        """Return memories as suggestions that answer no question: without score and reason, without unknown ids."""
        rows = (state.snapshot.catalog.row_of.get(one) for one in ids)
        return self.render(ranker, [unscored(row) for row in rows if row is not None and state.view.valid[row]], state)

    def picked(self, picks: Sequence[Pick], ranker: Ranker, state: State) -> list[dict[str, Any]]:
        """Return what a review picked, each with its "reason"."""
        row_of = state.snapshot.catalog.row_of
        reasons = {pick.memory: pick.reason for pick in picks}
        told = self.render(ranker, [unscored(row_of[memory]) for memory in reasons], state)
        return [one | {"reason": reasons[one["id"]]} for one in told]

    def related(self, row: int, state: State, ranker: Ranker) -> list[dict[str, Any]]:
        """Return the memories that one names or that name it."""
        edges = [e for e in state.view.edges if row in (e.source, e.target)]
        rows = {e.target if e.source == row else e.source: e for e in edges}
        chosen = [unscored(other, _relation(e, names_row=e.target == row)) for other, e in rows.items()]
        return self.render(ranker, chosen[:MAX_RELATED], state)

    def _made_title(self, memory: Memory) -> str | None:
        """Return the title that a model made for a memory whose own says nothing; one that is missing is noted."""
        if not says_nothing(memory.title):
            return None
        made = self.titles.get(memory.id)
        if made is None and len(self.awaiting_title) < MAX_UNTITLED:
            self.awaiting_title[memory.id] = None
        return made or None

    def _written(self, memory: Memory, state: State) -> tuple[str | None, str, int]:
        """Return commit, author and time; those of a file span are the newest change's to its first line."""
        source = memory.source
        row = state.snapshot.catalog.row_of.get(memory.id)
        if source.type == "commit" and row is not None:
            here = source.commit in state.head.ancestors
            return source.commit if here else state.view.commit_of.get(row), source.author, source.time
        if source.type != "file" or not source.path or not source.line or self._worktree.repository is None:
            return source.commit, source.author, source.time
        writers = self._worktree.writers(state.head, source.path, (source.line, source.line), moves=False)
        commit = writers.get(source.line)
        writer = state.snapshot.catalog.row_of_commit.get(commit or "")
        if commit is None or writer is None:
            return commit, "", 0
        told = state.get([state.snapshot.catalog.ids[writer]])
        origin = next(iter(told.values())).source if told else source
        return commit, origin.author, origin.time

    @cached_property
    def _forge(self) -> str | None:
        repository = self._worktree.repository
        return forge_of(repository.remote_url()) if repository else None


def _relation(edge: Edge, *, names_row: bool) -> str:
    return f"{'references it' if names_row else 'referenced by it'} ({edge.relation.replace('_', ' ')})"


def why_not_suggested(memory: Memory, row: int | None, state: State) -> str:
    """Return why a memory is not suggested on this HEAD, "" if it may be."""
    usage = state.snapshot.life.of(memory.id)
    if usage.forgotten:
        return f"forgotten; `mom restore {memory.id[:8]}` restores it"
    if memory.noise:
        return f"routine history, never suggested ({memory.noise})"
    if (instead := state.snapshot.life.shown_for(memory.id)) != memory.id:
        return f"merged into {instead[:8]}"
    if usage.never:
        return f"archived: {NEVER}; `mom restore {memory.id[:8]}` restores it"
    if row is None or not state.view.valid[row]:
        return "its commit is not an ancestor of HEAD, or its file has changed"
    if usage.dismissed:
        places = ", ".join(sorted({path for path, _ in usage.dismissed}))
        return f"dismissed in {places}; suggested elsewhere"
    return ""
