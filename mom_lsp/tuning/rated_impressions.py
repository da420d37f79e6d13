"""What the user said of suggestions, made into cases: those that were shown together compete.

Of a showing the journal holds the commit, the file, the lines and the memories; the rest is asked again as of then.
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
    """Suggestions that stood side by side, and what the user said of them."""

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
    def right(self) -> tuple[str, ...]:
        """What the user preferred: what was accepted, or else what was not dismissed; empty if that says nothing."""
        right = self.accepted or (set(self.memories) - self.dismissed)
        return tuple(memory for memory in self.memories if memory in right and right != set(self.memories))


def verdicts(events: Iterable[Event]) -> list[RatedImpression]:
    """Return the showings of which the user said something within a day, oldest first; the last word counts."""
    last: dict[tuple[str, str], RatedImpression] = {}  # by path (or none) and memory
    found: dict[int, RatedImpression] = {}
    for event in lasting(events):
        for shown in _together(event):
            last |= {(path, memory): shown for memory in shown.memories for path in (shown.path, "")}
        judged = last.get((event.path, event.memory))
        if judged is None or event.time - judged.time > DAY or event.type not in ACCEPTED | {"dismiss"}:
            continue
        said, unsaid = (judged.accepted, judged.dismissed)[:: -1 if event.type == "dismiss" else 1]
        said.add(event.memory)
        unsaid.discard(event.memory)
        found[id(judged)] = judged
    return sorted((shown for shown in found.values() if shown.right), key=lambda shown: shown.seq)


def lasting(events: Iterable[Event]) -> list[Event]:
    """Return the events that nobody took back."""
    log = list(events)
    undone, _ = undone_events(log)
    return [event for event in log if event.seq not in undone and event.type != "undo"]


def _together(event: Event) -> Iterator[RatedImpression]:
    """Yield what a batch of showings holds; an imported one may hold anything."""
    batch = event.data.get("together") if event.type == "shown" else None
    for entry in batch if isinstance(batch, list) else ():
        match entry:
            case [str(head), str(path), int(start), int(end), *memories] if 1 <= start <= end:
                yield RatedImpression(event.seq, event.time, head, path, start, end, tuple(map(str, memories)))


class Verdicts:
    """Asks again what was asked when the user judged the answer."""

    def __init__(self, location: Location, library: Library, events: Sequence[Event]) -> None:
        self._worktree, self._library, self._snapshot = Worktree(location), library, library.snapshot()
        self._events, self._life = lasting(events), Life()

    def cases(self, showings: Sequence[RatedImpression], step: Step) -> Iterator[Case]:
        """Yield a case for each showing, oldest first, whose commit, file and memories are still here."""
        for done, shown in enumerate(showings):
            step("verdicts", done, len(showings))
            case = self._case(shown)
            if case is not None and case.right.any() and not case.right.all():
                yield case
        step("verdicts", len(showings), len(showings))

    def _case(self, shown: RatedImpression) -> Case | None:
        try:
            head = self._worktree.head(shown.head)
        except MomError:
            return None  # it was rebased away
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
            label=Label(f"{shown.seq} {shown.path}:{shown.start}", shown.right, time=int(shown.time)),
            rows=rows,
            shas=[memory for memory, here in zip(ids, among.tolist(), strict=True) if here],
            features={name: values[among] for name, values in ranker.features(evidence).items()},
            moment=moment_of(ranker.view, ranker.snapshot.life, rows, int(shown.time), shown.path),
        )

    def _ranker(self, shown: RatedImpression, head: Any) -> Ranker:
        """Return what ranked then: the memories true on that commit, with the life they had."""
        before = [event for event in self._events if self._life.last_seq < event.seq < shown.seq]
        self._life = fold(before, self._life)
        snapshot = replace(self._snapshot, life=self._life)
        view = self._worktree.view(snapshot.catalog, head)
        return Ranker(snapshot.rows, snapshot, view, shipped("editing"), aged(view, self._life, shown.time))
