"""Activations: which memory was needed at which places, in order of time; from history, or from the journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mom_lsp.motifs.crystallise import Criteria, Motif, crystallised
from mom_lsp.motifs.route_tree import RouteTree
from mom_lsp.motifs.routes import ACCEPTED, DAY, Place, RouteLog, place_of
from mom_lsp.tuning.labels import labels_of
from mom_lsp.workspace.library.state import State

WEEK = 7 * DAY  # seconds between two questions of one author that still belong together
RECURRING = Criteria(accepted=2, mean=-1.0, sure=0.0, solid=0.0, score=-np.inf)  # any route that was accepted twice


@dataclass(frozen=True, slots=True)
class Question:
    """Something that was asked or done at some places, and the memories that were needed for it."""

    id: str  # of the commit's memory; "" in a journal
    time: int  # seconds since 1970
    author: int
    places: tuple[Place, ...]
    memories: tuple[str, ...]
    known: int  # memories there were at the time


@dataclass(frozen=True)
class Activations:
    """Questions in order of time, and the motifs in them: the routes that recur."""

    questions: tuple[Question, ...]

    @cached_property
    def motifs(self) -> tuple[Motif, ...]:
        """The routes that were accepted in two questions or more."""
        visits = []
        for number, one in enumerate(self.questions):
            seen = {(place, memory) for place in one.places for memory in one.memories}
            visits += [(place, memory, number, ACCEPTED) for place, memory in sorted(seen)]
        found = crystallised("editing", RouteTree(visits), RECURRING).motifs
        often = np.array([self._active(one).sum() for one in found], int)
        return tuple(one for one, count in zip(found, often.tolist(), strict=True) if count > 1)

    @cached_property
    def matrix(self) -> np.ndarray:
        """(questions, motifs) bool: which motif is active in which question."""
        columns = [self._active(one) for one in self.motifs]
        return np.column_stack(columns) if columns else np.zeros((len(self.questions), 0), bool)

    def _active(self, motif: Motif) -> np.ndarray:
        depth, active = len(motif.place), np.zeros(len(self.questions), bool)
        for number in self._questions_of.get(motif.memory, ()):
            active[number] = any(place[:depth] == motif.place for place in self.questions[number].places)
        return active

    @cached_property
    def _questions_of(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, one in enumerate(self.questions):
            for memory in one.memories:
                found.setdefault(memory, []).append(number)
        return found

    @cached_property
    def sessions(self) -> np.ndarray:
        """(questions,) int: the session of each, of one author without a gap of a week."""
        last: dict[int, tuple[int, int]] = {}  # author -> session, time
        found, count = [], 0
        for one in self.questions:
            session, before = last.get(one.author, (count, -WEEK))
            if one.time - before > WEEK or one.author not in last:
                session, count = count, count + 1
            last[one.author] = (session, one.time)
            found.append(session)
        return np.array(found, int)


def of_history(state: State, newest: int = 0) -> Activations:
    """Return the commits that name earlier ones: each needed these memories at the files and functions it changed.

    Args:
        state: of the repository.
        newest: only so many of them; 0 for all.
    """
    view = state.view
    catalog, labels = view.catalog, labels_of(view)[-newest:]
    row_of = {label.query: int(catalog.row_of_commit.get(label.query) or 0) for label in labels}
    known = state.get([catalog.ids[row] for row in row_of.values()])
    times = np.sort(catalog.time[view.suggestible])
    questions = []
    for label in labels:
        row = row_of[label.query]
        memory = known.get(catalog.ids[row])
        if memory is None:
            continue
        places = [place_of(anchor.path, symbol) for anchor in memory.anchors for symbol in (anchor.symbols or ("",))]
        gold = (catalog.row_of_commit.get(commit) for commit in label.gold)
        needed = tuple(catalog.ids[at] for at in gold if at is not None)
        before = int(np.searchsorted(times, label.time))
        if places and needed:
            author = int(catalog.author[row])
            questions.append(
                Question(catalog.ids[row], label.time, author, tuple(dict.fromkeys(places)), needed, max(2, before))
            )
    return Activations(tuple(sorted(questions, key=lambda one: one.time)))


def of_journal(log: RouteLog, memories: int) -> Activations:
    """Return what was accepted where; a session is a day."""
    found = [
        Question(
            "", visit.day * DAY, visit.day, (place_of(visit.path, visit.symbol),), (visit.memory,), max(2, memories)
        )
        for visit, reward in log.rewards.items()
        if reward == ACCEPTED and visit.task != "search"
    ]
    return Activations(tuple(found))


def vocabulary(motifs: Sequence[Motif], counts: Iterable[int]) -> list[int]:
    """Return the number of the motif of each memory that is active most often: co-activity says nothing within one."""
    best: dict[str, tuple[int, int]] = {}
    for number, (motif, count) in enumerate(zip(motifs, counts, strict=True)):
        best[motif.memory] = max(best.get(motif.memory, (0, -number)), (int(count), -number))
    return sorted(-number for _, number in best.values())
