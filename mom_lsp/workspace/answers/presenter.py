"""From chosen memories to answers: text, freshness, failure, episode, and JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from mom_lsp import datafolder, phrases
from mom_lsp.extract.empty_title import says_nothing
from mom_lsp.extract.main_file import main_file
from mom_lsp.journal import Journal
from mom_lsp.lm.titles import TitleFile
from mom_lsp.memory import Memory, Proof, Scored
from mom_lsp.route.freshness import moved
from mom_lsp.route.view import Edge, View
from mom_lsp.tiers.status_rules import NEVER
from mom_lsp.workspace.answers.asked_file import NO_FILE, AskedFile
from mom_lsp.workspace.answers.code_host import CodeHost, code_host_of
from mom_lsp.workspace.answers.contract import suggestion, usage_json
from mom_lsp.workspace.answers.episode_text import EpisodeAnnotator
from mom_lsp.workspace.answers.failure_text import FailureAnnotator
from mom_lsp.workspace.answers.fault_isolation import Isolation
from mom_lsp.workspace.answers.freshness_check import FreshnessChecker
from mom_lsp.workspace.answers.proof import HOLDS
from mom_lsp.workspace.answers.repeats import without_repeats
from mom_lsp.workspace.answers.review import Pick
from mom_lsp.workspace.answers.source_document import AskedFrom, source_document
from mom_lsp.workspace.answers.usefulness_text import usefulness_text
from mom_lsp.workspace.library.recent import Recent
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.library.worktree import CACHED_HEADS, Worktree
from mom_lsp.workspace.ranking.ranker import Ranked, Ranker, unscored, with_text

MAX_UNTITLED = 100  # memories that wait for a title
MAX_RELATED = 20

MAX_RENAMED = 10  # files of a memory whose present names are looked up


class Presenter:
    """Presents the memories of one worktree."""

    def __init__(self, journal: Journal, worktree: Worktree, clock: Callable[[], float] = time.time) -> None:
        self._journal, self._worktree, self._clock = journal, worktree, clock
        self.titles = TitleFile(worktree.location.data / datafolder.TITLES)
        self.isolation = Isolation()
        self.awaiting_title: dict[str, None] = {}  # ids of shown memories with meaningless titles, oldest first
        self._failures: Recent[View, FailureAnnotator] = Recent(CACHED_HEADS)
        self._episodes: Recent[View, EpisodeAnnotator] = Recent(CACHED_HEADS)

    def forget(self) -> None:
        """Drop what is cached about memories; it is read again without those that are forgotten."""
        self._failures.clear()
        self._episodes.clear()

    def render(
        self,
        ranker: Ranker,
        chosen: Sequence[Ranked],
        state: State,
    ) -> list[dict[str, Any]]:
        """Return the memories of a list, which answers no question, as JSON; without those that cannot be shown."""
        return [answer for _, answer in self.answers(self._annotated(ranker, chosen, state, NO_FILE), state)]

    def annotated(
        self,
        ranker: Ranker,
        chosen: Sequence[Ranked],
        state: State,
        file: AskedFile = NO_FILE,
    ) -> list[Scored]:
        """Return the answers to a question with text, freshness, failure and episode, and without repeats.

        Args:
            ranker: the ranker that chose them.
            chosen: rows, best first.
            state: what the request reads.
            file: asked about.
        """
        return without_repeats(self._annotated(ranker, chosen, state, file))

    def _annotated(self, ranker: Ranker, chosen: Sequence[Ranked], state: State, file: AskedFile) -> list[Scored]:
        failures, episodes = self.failures(state), self.episodes(state)

        def annotate(some: Sequence[Ranked]) -> list[Scored]:
            return episodes.annotated(failures.annotated(failures.checker.annotated(with_text(ranker, some), file)))

        return self.isolation.each(annotate, chosen, lambda one: ranker.view.catalog.ids[one.row])

    def read(self, ranker: Ranker, chosen: Sequence[Ranked]) -> list[Scored]:
        """Return chosen memories with their text alone."""
        return self.isolation.each(
            lambda some: with_text(ranker, some), chosen, lambda one: ranker.view.catalog.ids[one.row]
        )

    def answers(
        self, found: Sequence[Scored], state: State, file: AskedFile = NO_FILE
    ) -> list[tuple[Scored, dict[str, Any]]]:
        """Return memories, each with its JSON."""
        return self.isolation.each(
            lambda some: [(one, self.json(one, state, file)) for one in some], found, lambda one: one.memory.id
        )

    def failures(self, state: State) -> FailureAnnotator:
        """Return the failures of HEAD's history."""
        view = state.view
        return self._failures.of(
            view,
            lambda: FailureAnnotator(state.snapshot.rows, view, FreshnessChecker(self._worktree, state.head, view)),
        )

    def episodes(self, state: State) -> EpisodeAnnotator:
        """Return the episodes of HEAD's history."""
        return self._episodes.of(
            state.view, lambda: EpisodeAnnotator(state.snapshot.rows, state.view, state.head.ancestors)
        )

    def json(self, one: Scored, state: State, file: AskedFile = NO_FILE) -> dict[str, Any]:
        """Return one memory as JSON."""
        commit, author, when = self._origin(one.memory, state)
        row, domains = state.snapshot.catalog.row_of.get(one.memory.id), state.snapshot.domains
        domain = domains.name(row) if row is not None else ""
        path, now = path_of(one, state, file.names), self._clock()
        found = suggestion(
            replace(one, reason=_without_place(one.reason, path)),
            commit=commit,
            author=author,
            time=when,
            host=self._host,
            now=now,
            path=path,
            domain=domain,
            place=file.words(one.lines),
        )
        return found | {"title_generated": self._generated_title(one.memory)}

    def source(self, memory: Memory, state: State, asked: AskedFrom) -> dict[str, Any] | None:
        """Return the commit of a memory as a document, None if it has no commit. See `source_document`."""
        commit, _, _ = self._origin(memory, state)
        if commit is None or self._worktree.repository is None:
            return None
        names = {*asked.names, *(() if asked.names else memory.paths[:1])}
        return source_document(self._worktree.repository, commit, memory.title, replace(asked, names=names))

    def everything(
        self, memory: Memory, ranker: Ranker, state: State, threshold: float, proven: Proof | None = None
    ) -> dict[str, Any]:
        """Return all that is known about one memory as JSON, and why it is or is not suggested.

        `threshold` is the usefulness that a suggestion needs; `proven` says where the memory proved useful.
        """
        row = state.snapshot.catalog.row_of.get(memory.id)
        one = self.annotated(ranker, [unscored(row)], state) if row is not None else []
        one = [replace(found, proven=proven if found.freshness in HOLDS else None) for found in one]
        why_not = why_not_suggested(memory, row, state)
        found = self.json(one[0] if one else Scored(memory, 0.0, {}, ""), state)
        life = usage_json(state.snapshot.life.of(memory.id), one[0].lifecycle.reason if one else "")
        return {
            **found,
            "suggested": not why_not,
            "because": why_not or (usefulness_text(state.view, row, threshold) if row is not None else ""),
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
        """Return memories as suggestions without score and reason; unknown ids are left out."""
        rows = (state.snapshot.catalog.row_of.get(one) for one in ids)
        return self.render(ranker, [unscored(row) for row in rows if row is not None and state.view.valid[row]], state)

    def picked(self, picks: Sequence[Pick], ranker: Ranker, state: State) -> list[dict[str, Any]]:
        """Return the picks of a review, each with its "reason"."""
        row_of = state.snapshot.catalog.row_of
        reasons = {pick.memory: pick.reason for pick in picks}
        rendered = self.render(ranker, [unscored(row_of[memory]) for memory in reasons], state)
        return [one | {"reason": reasons[one["id"]]} for one in rendered]

    def related(self, row: int, state: State, ranker: Ranker) -> list[dict[str, Any]]:
        """Return the memories that a row references or that reference it."""
        edges = [e for e in state.view.edges if row in (e.source, e.target)]
        rows = {e.target if e.source == row else e.source: e for e in edges}
        chosen = [unscored(other, _relation(e, outgoing=e.target == row)) for other, e in rows.items()]
        return self.render(ranker, chosen[:MAX_RELATED], state)

    def _generated_title(self, memory: Memory) -> str | None:
        """Return the title that a model made for a memory whose own is meaningless; a missing one is requested."""
        if not says_nothing(memory.title):
            return None
        title = self.titles.get(memory.id)
        if title is None and len(self.awaiting_title) < MAX_UNTITLED:
            self.awaiting_title[memory.id] = None
        return title or None

    def _origin(self, memory: Memory, state: State) -> tuple[str | None, str, int]:
        """Return commit, author and time; for a span of a file, of the newest change to its first line."""
        source = memory.source
        row = state.snapshot.catalog.row_of.get(memory.id)
        if source.type == "commit" and row is not None:
            on_head = source.commit in state.head.ancestors
            return source.commit if on_head else state.view.commit_of.get(row), source.author, source.time
        if source.type != "file" or not source.path or not source.line or self._worktree.repository is None:
            return source.commit, source.author, source.time
        writers = self._worktree.writers(state.head, source.path, (source.line, source.line), moves=False)
        commit = writers.get(source.line)
        writer = state.snapshot.catalog.row_of_commit.get(commit or "")
        if commit is None or writer is None:
            return commit, "", 0
        read = state.get([state.snapshot.catalog.ids[writer]])
        origin = next(iter(read.values())).source if read else source
        return commit, origin.author, origin.time

    @cached_property
    def _host(self) -> CodeHost | None:
        repository = self._worktree.repository
        return code_host_of(repository.remote_url()) if repository else None


def _without_place(reason: str, path: str | None) -> str:
    """Return a reason without the file that the memory's code is in now, which is named anyway."""
    return reason.removesuffix(moved(path).words).rstrip(" ,;") if path else reason


def _relation(edge: Edge, *, outgoing: bool) -> str:
    return f"{'references it' if outgoing else 'referenced by it'} ({edge.relation.replace('_', ' ')})"


def path_of(one: Scored, state: State, asked: Sequence[str]) -> str | None:
    """Return the file to name for a memory; None if it has none.

    That is the file asked about, as it is called now, if the memory changed it or wrote a line of it; else the one it
    was read from, or the main one of its files that still exist, under its present name; else its first.

    Args:
        one: the memory.
        state: what the request reads.
        asked: the names of the file asked about, the present one first.
    """
    memory, view, tree = one.memory, state.view, state.head.tree
    own = [path for path in (memory.source.path, *memory.paths) if path]
    if memory.source.type != "file" and asked and (one.lines or not set(asked).isdisjoint(own)):
        return asked[0]
    if memory.source.path in tree:
        return memory.source.path

    def later(path: str) -> Iterable[str]:
        return (name for name in view.catalog.later_names_of(path, view.valid) if name in tree)

    present = (path if path in tree else next(iter(later(path)), None) for path in own[:MAX_RENAMED])
    others = (path for path in own[MAX_RENAMED:] if path in tree)
    return main_file([path for path in (*present, *others) if path]) or next(iter(own), None)


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
        if memory.source.type == "discussion":
            return "none of the commits that it led to is an ancestor of HEAD"
        return "its commit is not an ancestor of HEAD, or its file has changed"
    if usage.dismissed:
        places = ", ".join(sorted({path for path, _ in usage.dismissed}))
        return f"dismissed in {places}, suggested elsewhere; `mom restore {memory.id[:8]}` undoes that"
    return ""
