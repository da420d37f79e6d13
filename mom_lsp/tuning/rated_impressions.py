"""Makes cases of the user's feedback: suggestions that were shown together compete.

The journal holds the commit, file, lines and memories of an impression; the rest is recomputed as of that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mom_lsp.errors import MomError
from mom_lsp.git import Location
from mom_lsp.journal import Event
from mom_lsp.route.linear_model import shipped
from mom_lsp.tiers import DAY
from mom_lsp.tiers.lifecycle import Life, fold
from mom_lsp.tiers.undo import undone_events
from mom_lsp.tiers.usage import ACCEPTED
from mom_lsp.tuning.cache import Step
from mom_lsp.tuning.cases import Case, moment_of
from mom_lsp.tuning.labels import Label
from mom_lsp.workspace.library.library import Library
from mom_lsp.workspace.library.strength import aged
from mom_lsp.workspace.library.worktree import Worktree
from mom_lsp.workspace.ranking.query import spot_query
from mom_lsp.workspace.ranking.ranker import Ranker


@dataclass(frozen=True, slots=True)
class RatedImpression:
    """Suggestions that were shown together, with the user's feedback."""

    seq: int  # of the event
    time: float  # seconds since 1970
    head: str  # commit
    path: str
    start: int  # committed line
    end: int
    memories: tuple[str, ...]
    accepted: set[str] = field(default_factory=set)
    dismissed: set[str] = field(default_factory=set)

    @property
    def preferred(self) -> tuple[str, ...]:
        """The accepted memories, or else those that were not dismissed; empty if that is all of them."""
        preferred = self.accepted or (set(self.memories) - self.dismissed)
        return tuple(memory for memory in self.memories if memory in preferred and preferred != set(self.memories))


def rated_impressions(events: Iterable[Event]) -> list[RatedImpression]:
    """Return the impressions with feedback within a day, oldest first; the latest feedback on a memory counts."""
    last: dict[tuple[str, str], RatedImpression] = {}  # by path (or none) and memory
    found: dict[int, RatedImpression] = {}
    for event in without_undone(events):
        for shown in _impressions(event):
            last |= {(path, memory): shown for memory in shown.memories for path in (shown.path, "")}
        rated = last.get((event.path, event.memory))
        if rated is None or event.time - rated.time > DAY or event.type not in ACCEPTED | {"dismiss"}:
            continue
        now, before = (rated.accepted, rated.dismissed)[:: -1 if event.type == "dismiss" else 1]
        now.add(event.memory)
        before.discard(event.memory)
        found[id(rated)] = rated
    return sorted((shown for shown in found.values() if shown.preferred), key=lambda shown: shown.seq)


def without_undone(events: Iterable[Event]) -> list[Event]:
    """Return the events that were not undone."""
    log = list(events)
    undone, _ = undone_events(log)
    return [event for event in log if event.seq not in undone and event.type != "undo"]


def _impressions(event: Event) -> Iterator[RatedImpression]:
    """Yield the impressions of a batch, without feedback; skips malformed ones, since a batch may be imported."""
    batch = event.data.get("together") if event.type == "shown" else None
    for entry in batch if isinstance(batch, list) else ():
        match entry:
            case [str(head), str(path), int(start), int(end), *memories] if 1 <= start <= end:
                yield RatedImpression(event.seq, event.time, head, path, start, end, tuple(map(str, memories)))


class ImpressionReplay:
    """Ranks again as of the time of each impression."""

    def __init__(self, location: Location, library: Library, events: Sequence[Event]) -> None:
        self._worktree, self._library, self._snapshot = Worktree(location), library, library.snapshot()
        self._events, self._life = without_undone(events), Life()

    def cases(self, impressions: Sequence[RatedImpression], step: Step) -> Iterator[Case]:
        """Yield a case for each impression, oldest first, whose commit, file and memories still exist."""
        for done, shown in enumerate(impressions):
            step("feedback", done, len(impressions))
            case = self._case(shown)
            if case is not None and case.correct.any() and not case.correct.all():
                yield case
        step("feedback", len(impressions), len(impressions))

    def _case(self, shown: RatedImpression) -> Case | None:
        try:
            head = self._worktree.head(shown.head)
        except MomError:
            return None  # the commit is gone, after a rebase
        lines = self._worktree.committed(head, shown.path)
        if shown.end > len(lines):
            return None
        at = (shown.start, shown.end, range(1, len(lines) + 1))
        query = spot_query(self._worktree, head, shown.path, lines, *at)
        ranker = self._ranker(shown, head)
        evidence = ranker.evidence(query, self._library.encode(query.meaning))
        ids = [ranker.view.catalog.ids[row] for row in evidence.rows.tolist()]
        among = np.isin(ids, shown.memories)
        rows = evidence.rows[among]
        return Case(
            label=Label(f"{shown.seq} {shown.path}:{shown.start}", shown.preferred, time=int(shown.time)),
            rows=rows,
            shas=[memory for memory, mine in zip(ids, among.tolist(), strict=True) if mine],
            features={name: values[among] for name, values in ranker.features(evidence).items()},
            moment=moment_of(ranker.view, ranker.snapshot.life, rows, int(shown.time), shown.path),
        )

    def _ranker(self, shown: RatedImpression, head: Any) -> Ranker:
        """Return the ranker as of the impression: the memories of its commit, with their status and strength then."""
        before = [event for event in self._events if self._life.last_seq < event.seq < shown.seq]
        self._life = fold(before, self._life)
        snapshot = replace(self._snapshot, life=self._life)
        view = self._worktree.view(snapshot.catalog, head)
        return Ranker(snapshot.rows, snapshot, view, shipped("editing"), aged(view, self._life, shown.time))
