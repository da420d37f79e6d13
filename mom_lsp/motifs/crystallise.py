"""Which routes are crystallised: motifs, one registry for each task.

A motif is decided anew from the visits each time, so it is revalidated by every new one, and thaws when its utility
turns. That its memory is gone, outdated, reverted or dismissed is known to `workspace.library.proven`, not here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from mom_lsp.motifs.route_tree import Node, RouteTree, Tally
from mom_lsp.motifs.routes import TASKS, Place, RouteLog, Visit, place_of_visit, task_of
from mom_lsp.motifs.utility import SURE, Baseline, Weights, aged, lower_bound, pareto_front, score, solidity, utility


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a route needs to crystallise."""

    accepted: int = 3  # days with an acceptance: a habit, not one afternoon
    mean: float = 0.5  # least E[r]: accepted more often than not. U > 0 alone is little where most is ignored
    sure: float = SURE  # standard errors by which U has to be above 0
    solid: float = 0.4  # least sigma: what was proven once and was dismissed or ignored lately thaws
    score: float = 1.0  # theta
    weights: Weights = field(default_factory=Weights)
    coarsest: int = 3  # steps of a place at least: files. Motifs of folders fire five times as often, and are wrong


SEARCHING = Criteria(coarsest=1)  # whose place is the words of the search


@dataclass(frozen=True, slots=True)
class Motif:
    """A crystallised route: a memory that proved useful at a place."""

    task: str
    place: Place
    memory: str
    visits: int  # f
    accepted: int
    dismissed: int
    utility: float  # U
    lower: float  # lower confidence bound of U
    entropy: float  # H, nats
    score: float
    sigma: float  # how far it is frozen, in [0, 1]
    front: bool  # whether it is on the Pareto front of f, U and -H
    parts: tuple[Place, ...] = ()  # the places of the motifs of the same memory that it contains


@dataclass(frozen=True)
class Registry:
    """The motifs of one task."""

    motifs: tuple[Motif, ...] = ()

    def at(self, place: Place) -> dict[str, Motif]:
        """Return the motifs that apply at a place, by memory: of several of one memory, the most specific."""
        found: dict[str, Motif] = {}
        for depth in range(len(place) + 1):
            found.update(self._by_place.get(place[:depth], {}))
        return found

    def of(self, memory: str) -> list[Motif]:
        """Return the motifs of a memory, the most solid first."""
        return sorted((one for one in self.motifs if one.memory == memory), key=lambda one: -one.sigma)

    @cached_property
    def _by_place(self) -> Mapping[Place, Mapping[str, Motif]]:
        places: dict[Place, dict[str, Motif]] = defaultdict(dict)
        for motif in self.motifs:
            places[motif.place][motif.memory] = motif
        return places


def registries(log: RouteLog, located: Callable[[Visit], Place] = place_of_visit) -> dict[str, Registry]:
    """Return the registry of each task.

    Args:
        log: the visits.
        located: the place of a visit today: its file may have been renamed since.
    """
    routes: dict[str, list[tuple[Place, str, int, int]]] = {task: [] for task in TASKS}
    for visit, reward in log.rewards.items():
        routes[task_of(visit)].append((located(visit), visit.memory, visit.day, reward))
    return {
        task: crystallised(task, RouteTree(visits), SEARCHING if task == "search" else Criteria())
        for task, visits in routes.items()
    }


def crystallised(task: str, tree: RouteTree, criteria: Criteria) -> Registry:
    """Return the motifs of a tree (seed persistent_traces_math, section 3.3, and advanced topics 1, 3 and 4).

    A route crystallises if its score is above theta or if it is on the Pareto front of f, U and -H, *and* if the
    lower confidence bound of its U is above 0, *and* if it is accepted more often than not. It ends where more depth
    tells nothing more: a prefix with one accepted continuation is that continuation.
    """
    routes = list(_candidates(tree, criteria))
    if not routes:
        return Registry()
    rewards = np.array([r for tally in tree.root.memories.values() for r in tally.rewards])
    base = Baseline.of(rewards)
    count, mean, undecided, days = (
        np.array([measure(node, tally) for node, tally, _ in routes], float)
        for measure in (
            lambda _, tally: tally.count,
            lambda _, tally: tally.reward / tally.count,
            lambda node, _: node.entropy,
            lambda _, tally: tally.last - tally.first,
        )
    )
    gain, lower = utility(mean, base), lower_bound(mean, count, base, criteria.sure)
    points = score(count, gain, undecided, aged(days), criteria.weights)
    front = pareto_front(count, gain, -undecided)
    sigma = np.array([solidity(tally.rewards) for _, tally, _ in routes])
    frozen = (lower > 0) & (mean >= criteria.mean) & (sigma >= criteria.solid) & ((points > criteria.score) | front)
    found = [
        Motif(
            task,
            node.place,
            memory,
            tally.count,
            tally.accepted,
            tally.dismissed,
            float(gain[at]),
            float(lower[at]),
            float(undecided[at]),
            float(points[at]),
            float(sigma[at]),
            bool(front[at]),
        )
        for at, (node, tally, memory) in enumerate(routes)
        if frozen[at]
    ]
    return Registry(tuple(_nested(found)))


def _candidates(tree: RouteTree, criteria: Criteria) -> Iterator[tuple[Node, Tally, str]]:
    """Yield the routes with enough acceptances, where they branch or end."""
    for node in tree.nodes():
        if len(node.place) < criteria.coarsest:
            continue
        for memory, tally in node.memories.items():
            ends = "" in tally.branches
            if tally.accepted >= criteria.accepted and (ends or len(tally.branches) > 1):
                yield node, tally, memory


def _nested(motifs: list[Motif]) -> Iterator[Motif]:
    """Yield the motifs, each with those of the same memory that it contains."""
    places: dict[str, list[Place]] = defaultdict(list)
    for one in motifs:
        places[one.memory].append(one.place)
    for one in motifs:
        depth = len(one.place)
        inside = (at for at in places[one.memory] if len(at) > depth and at[:depth] == one.place)
        yield replace(one, parts=tuple(sorted(inside)))
