"""The prefix tree of routes, with count and reward of each prefix and of each memory at it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mom_lsp.motifs.routes import ACCEPTED, DISMISSED, Place
from mom_lsp.motifs.utility import entropy


@dataclass(slots=True)
class Tally:
    """The visits of one memory at one prefix."""

    rewards: list[int] = field(default_factory=list)  # in order of time
    branches: set[str] = field(default_factory=set)  # the next step of the visits that were accepted, "" at the end
    first: int = 0  # day of the first visit, since 1970
    last: int = 0

    @property
    def count(self) -> int:
        """How many visits, f."""
        return len(self.rewards)

    @property
    def reward(self) -> int:
        """The sum of the rewards."""
        return sum(self.rewards)

    @property
    def accepted(self) -> int:
        """How many visits were accepted."""
        return self.rewards.count(ACCEPTED)

    @property
    def dismissed(self) -> int:
        """How many visits ended in a dismissal."""
        return self.rewards.count(DISMISSED)


@dataclass(slots=True)
class Node:
    """A prefix of routes."""

    place: Place
    count: int = 0
    reward: int = 0
    children: dict[str, Node] = field(default_factory=dict)
    memories: dict[str, Tally] = field(default_factory=dict)

    @property
    def entropy(self) -> float:
        """How undecided the place is between its memories, in nats."""
        return entropy([tally.count for tally in self.memories.values()])


class RouteTree:
    """The prefix tree of the routes of one task (seed persistent_traces_math, section 3.1).

    Building it takes O(N L) for N visits of places of at most L steps. A memory counts at every prefix of its place,
    so that a motif may end at any depth.
    """

    def __init__(self, visits: Iterable[tuple[Place, str, int, int]] = ()) -> None:
        """Take (place, memory, day, reward) in order of time."""
        self.root = Node(())
        for place, memory, day, reward in visits:
            self.add(place, memory, day, reward)

    def add(self, place: Place, memory: str, day: int, reward: int) -> None:
        """Add the last visit."""
        node = self.root
        for depth in range(len(place) + 1):
            step = place[depth] if depth < len(place) else ""
            node.count += 1
            node.reward += reward
            tally = node.memories.setdefault(memory, Tally(first=day))
            tally.rewards.append(reward)
            tally.last = max(tally.last, day)
            if reward == ACCEPTED:
                tally.branches.add(step)
            if step:
                node = node.children.setdefault(step, Node(place[: depth + 1]))

    def nodes(self) -> Iterator[Node]:
        """Yield every prefix, each before its continuations."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.children.values())

    def at(self, place: Place) -> Node | None:
        """Return the node of a prefix, None if nothing was visited there."""
        node: Node | None = self.root
        for step in place:
            node = node.children.get(step) if node is not None else None
        return node
