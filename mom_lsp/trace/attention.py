"""Persistent attention traces: which heads looked at which memory when that helped, so that they look there again.

math.md section 3 (Persistent Traces, sections 1 and 2). A trace is keyed by (model, layer, head, cue, memory); the cue
is the query's domain, since token positions mean nothing in the next prompt. Traces are a fold over what was observed:
they can be replayed, and an observation that is erased leaves none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

Key = tuple[str, str]  # cue, memory
Score = Callable[[float], float]  # bias on one memory -> negative log-likelihood of the accepted text


@dataclass(frozen=True, slots=True)
class Rule:
    """How traces are kept. The seed leaves the numbers open; these were chosen before anything was measured."""

    keep: float = 0.8  # lambda: what a reinforced trace keeps of itself
    fade: float = 0.98  # gamma: what another trace of the cue keeps
    least: float = 1e-4  # theta: a weaker salience reinforces nothing
    prune: float = 1e-5  # a weaker trace is dropped
    budget: int = 64  # B: traces of one head
    window: int = 20  # w: uses over which recurrence counts
    seen: float = 0.01  # eps: attention that counts as a use


@dataclass(frozen=True, slots=True)
class Observation:
    """One accepted text: what it attended to, and what each memory did for it."""

    cue: str
    attention: Mapping[str, np.ndarray]  # memory -> (layers, heads) mean share of attention, in [0, 1]
    importance: Mapping[str, float]  # memory -> nats a token that a unit of bias on it saves; negative if it hurts


@dataclass(slots=True)
class Traces:
    """The traces of one model. |M| <= B holds for each head after every step."""

    layers: int
    heads: int
    rule: Rule = field(default_factory=Rule)
    strength: dict[Key, np.ndarray] = field(default_factory=dict)  # (layers, heads), >= 0, mostly 0
    uses: dict[Key, deque[np.ndarray]] = field(default_factory=dict)  # (layers, heads) bool, the last w

    def step(self, observation: Observation) -> None:
        """Take one observation in: reinforce what it used, let the cue's other traces fade, keep the budget."""
        cue = observation.cue
        for memory, attention in observation.attention.items():
            history = self.uses.setdefault((cue, memory), deque(maxlen=self.rule.window))
            history.append(attention > self.rule.seen)
        touched = {key for key in self.strength if key[0] == cue} | {(cue, memory) for memory in observation.attention}
        nothing = np.zeros((self.layers, self.heads))
        for key in touched:
            found, looked = nothing, observation.attention.get(key[1])
            if looked is not None:
                recurrence = np.sum(self.uses[key], axis=0)
                found = salience(looked, observation.importance.get(key[1], 0.0), recurrence)
            self._put(key, updated(self.strength.get(key, nothing), found, self.rule))
        self._evict()

    def bias(self, cue: str, memories: Sequence[str], strength: float) -> dict[str, list[tuple[int, int, float]]]:
        """Return the bias of the memories of a prompt on the heads that have a trace: b M / max M.

        The maximum is each head's own, as in the seed, over the memories of this prompt: its strongest trace counts
        fully, however much stronger one elsewhere is.
        """
        here = {memory: self.strength[cue, memory] for memory in memories if (cue, memory) in self.strength}
        if not here or not strength:
            return {}
        top = np.max(list(here.values()), axis=0)  # (layers, heads)
        return {
            memory: [(int(y), int(x), float(strength * trace[y, x] / top[y, x])) for y, x in np.argwhere(trace)]
            for memory, trace in here.items()
        }

    def count(self) -> np.ndarray:
        """Return how many traces each head has, (layers, heads)."""
        return sum((trace > 0 for trace in self.strength.values()), np.zeros((self.layers, self.heads), int))

    def _put(self, key: Key, trace: np.ndarray) -> None:
        if trace.any():
            self.strength[key] = trace
        else:
            self.strength.pop(key, None)

    def _evict(self) -> None:
        """Drop the weakest traces of each head that has more than its budget; ties fall by key, so replay agrees."""
        over = len(self.strength) - self.rule.budget
        if over <= 0:
            return
        keys = sorted(self.strength)
        stack = np.stack([self.strength[key] for key in keys])  # (keys, layers, heads)
        weakest = np.argsort(stack, axis=0, kind="stable")[:over]
        np.put_along_axis(stack, weakest, 0.0, axis=0)
        for key, trace in zip(keys, stack, strict=True):
            self._put(key, trace)


def salience(attention: np.ndarray, importance: float | np.ndarray, recurrence: np.ndarray) -> np.ndarray:
    """Return S = A I log(1 + p), (layers, heads); what hurts (I < 0) has none."""
    return np.asarray(attention * np.maximum(0.0, importance) * np.log1p(recurrence))


def updated(trace: np.ndarray, found: np.ndarray, rule: Rule) -> np.ndarray:
    """Return the sparse moving average: lam M + (1 - lam) S where S > theta, else gamma M; 0 below the prune level."""
    moved = np.where(found > rule.least, rule.keep * trace + (1 - rule.keep) * found, rule.fade * trace)
    return np.where(moved < rule.prune, 0.0, moved)


def steady_state(chance: float, mean: float, rule: Rule) -> float:
    """Return where the mean of a trace settles that is reinforced with a chance, by salience of a mean.

    p (1 - lam) E[S | S > theta] / (1 - p lam - (1 - p) gamma); the seed's two formulas disagree (math.md, last table).
    """
    return chance * (1 - rule.keep) * mean / (1 - chance * rule.keep - (1 - chance) * rule.fade)


def importance(score: Score, nudge: float = 0.5) -> float:
    """Return what a unit of bias saves: (NLL(-e) - NLL(+e)) / 2e, the central difference that stands for |dL/dA|.

    Two passes of the model: for idle time, never while somebody waits.
    """
    return (score(-nudge) - score(nudge)) / (2 * nudge)


def replay(observations: Iterable[Observation], layers: int, heads: int, rule: Rule = Rule()) -> Traces:
    """Return the traces that observations leave, oldest first."""
    traces = Traces(layers, heads, rule)
    for observation in observations:
        traces.step(observation)
    return traces
