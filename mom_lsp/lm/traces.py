"""Persistent attention traces: which heads attended to which memory when that helped, to bias them again.

math.md section 3 (Persistent Traces, sections 1 and 2). A trace is keyed by (model, layer, head, cue, memory); the cue
is the query's domain, since token positions mean nothing in the next prompt. Traces are a fold over observations: they
can be replayed, and an erased observation leaves no trace.

Most memories are new to a prompt. Therefore there is also a trace of the memory that the router ranked first, whichever
it was; the first memory of a prompt gets M(cue, memory) + M(first).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

Key = tuple[str, str]  # cue, memory
FIRST: Key = ("", "")  # the memory that the router ranked first, with any cue
Drawn = dict[str, list[tuple[int, int, float]]]  # memory -> (layer, head, strength) of each head that is biased to it
Score = Callable[[float], float]  # bias on one memory -> negative log-likelihood of the accepted text


STRENGTHS = (1.0, 2.0)  # b that are tried: lower values have no effect, higher ones break the text
ENOUGH = 8  # texts needed to calibrate the strength


@dataclass(frozen=True, slots=True)
class LearningRule:
    """The update rule of traces. The seed leaves the numbers open; these were chosen before any measurement."""

    keep: float = 0.8  # lambda: factor of a reinforced trace
    fade: float = 0.98  # gamma: factor of the cue's other traces
    least: float = 1e-4  # theta: a weaker salience reinforces nothing
    prune: float = 1e-5  # a weaker trace is dropped
    budget: int = 64  # B: traces of one head
    window: int = 20  # w: uses over which recurrence counts
    seen: float = 0.01  # eps: attention that counts as a use


@dataclass(frozen=True, slots=True)
class Observation:
    """One accepted text: its attention on each memory, and the effect of each memory on its likelihood."""

    cue: str
    attention: Mapping[str, np.ndarray]  # memory -> (layers, heads) mean share of attention, in [0, 1]
    importance: Mapping[str, float]  # memory -> nats per token that a unit of bias on it saves; negative if it hurts
    first: str = ""  # the memory that the router ranked first, "" if unknown
    gains: Mapping[float, float] = field(default_factory=dict)  # strength -> nats per token that earlier traces saved


@dataclass(slots=True)
class AttentionTraces:
    """The traces of one model. |M| <= B holds for each head after every step."""

    layers: int
    heads: int
    rule: LearningRule = field(default_factory=LearningRule)
    strength: dict[Key, np.ndarray] = field(default_factory=dict)  # (layers, heads), >= 0, mostly 0
    uses: dict[Key, deque[np.ndarray]] = field(default_factory=dict)  # (layers, heads) bool, the last w

    def step(self, observation: Observation) -> None:
        """Apply one observation: reinforce what it used, decay the cue's other traces, enforce the budget."""
        seen = {(observation.cue, memory): memory for memory in observation.attention}
        if observation.first in observation.attention:
            seen[FIRST] = observation.first
        for key, memory in seen.items():
            history = self.uses.setdefault(key, deque(maxlen=self.rule.window))
            history.append(observation.attention[memory] > self.rule.seen)
        zero = np.zeros((self.layers, self.heads))
        for key in {key for key in self.strength if key[0] == observation.cue} | set(seen):
            found = zero
            if key in seen:
                weight = observation.importance.get(seen[key], 0.0)
                found = salience(observation.attention[seen[key]], weight, np.sum(self.uses[key], axis=0))
            self._put(key, updated(self.strength.get(key, zero), found, self.rule))
        self._evict()

    def bias(self, cue: str, memories: Sequence[str], strength: float, first: str = "") -> Drawn:
        """Return the bias of the memories of a prompt on the heads that have a trace: b M / max M.

        The maximum is over all traces of the model, so that a bias carries the size of its trace: the strongest one
        gets b, on one head, and a weak trace stays weak even if no other memory of the prompt has any.

        Args:
            cue: of the question.
            memories: of the prompt.
            strength: b, in logits.
            first: the memory that the router ranked first; it also gets the trace of FIRST, up to b.
        """
        if not strength or not self.strength:
            return {}
        zero = np.zeros((self.layers, self.heads))
        top = max(float(trace.max()) for trace in self.strength.values())
        drawn = {}
        for memory in memories:
            inherited = self.strength.get(FIRST, zero) if memory == first else zero
            share = np.minimum(1.0, (self.strength.get((cue, memory), zero) + inherited) / top)  # (layers, heads)
            if share.any():
                drawn[memory] = [(int(y), int(x), float(strength * share[y, x])) for y, x in np.argwhere(share)]
        return drawn

    def count(self) -> np.ndarray:
        """Return how many traces each head has, (layers, heads)."""
        return sum((trace > 0 for trace in self.strength.values()), np.zeros((self.layers, self.heads), int))

    def _put(self, key: Key, trace: np.ndarray) -> None:
        if trace.any():
            self.strength[key] = trace
        else:
            self.strength.pop(key, None)

    def _evict(self) -> None:
        """Drop the weakest traces of each head over its budget; ties are broken by key, so that replay agrees."""
        over = len(self.strength) - self.rule.budget
        if over <= 0:
            return
        keys = sorted(self.strength)
        stack = np.stack([self.strength[key] for key in keys])  # (keys, layers, heads)
        weakest = np.argsort(stack, axis=0, kind="stable")[:over]
        np.put_along_axis(stack, weakest, 0.0, axis=0)
        for key, trace in zip(keys, stack, strict=True):
            self._put(key, trace)


def cue_of(paths: Iterable[str]) -> str:
    """Return the cue of a query: the top folder of most of its files."""
    folders = Counter(path.partition("/")[0] for path in paths)
    return folders.most_common(1)[0][0] if folders else ""


def salience(attention: np.ndarray, importance: float | np.ndarray, recurrence: np.ndarray) -> np.ndarray:
    """Return S = A I log(1 + p), (layers, heads); 0 for a memory that hurts (I < 0)."""
    return np.asarray(attention * np.maximum(0.0, importance) * np.log1p(recurrence))


def updated(trace: np.ndarray, found: np.ndarray, rule: LearningRule) -> np.ndarray:
    """Return the sparse moving average: lam M + (1 - lam) S where S > theta, else gamma M; 0 below the prune level."""
    moved = np.where(found > rule.least, rule.keep * trace + (1 - rule.keep) * found, rule.fade * trace)
    return np.where(moved < rule.prune, 0.0, moved)


def steady_state(probability: float, mean: float, rule: LearningRule) -> float:
    """Return the steady-state mean of a trace that is reinforced with a probability, by salience of a mean.

    p (1 - lam) E[S | S > theta] / (1 - p lam - (1 - p) gamma); the seed's two formulas disagree (math.md, last table).
    """
    return probability * (1 - rule.keep) * mean / (1 - probability * rule.keep - (1 - probability) * rule.fade)


def importance(score: Score, nudge: float = 0.5) -> float:
    """Return the NLL that a unit of bias saves: (NLL(-e) - NLL(+e)) / 2e, the central difference in place of |dL/dA|.

    Takes two passes of the model: for idle time, never while a request waits.
    """
    return (score(-nudge) - score(nudge)) / (2 * nudge)


def calibrated(gains: Iterable[Mapping[float, float]], before: float, strengths: Sequence[float] = STRENGTHS) -> float:
    """Return the strength that saved most on accepted texts, each measured before traces learned from it.

    Args:
        gains: of each text: strength -> nats per token that it saved; empty where there was no trace.
        before: the strength until there are enough texts.
        strengths: those that were tried. A text on which others were tried does not count.

    Returns:
        One of the strengths, or 0 if none of them helps.
    """
    table = np.array([[one[b] for b in strengths] for one in gains if set(strengths) <= set(one)])
    if len(table) < ENOUGH:
        return before
    means = table.mean(0)
    return strengths[int(np.argmax(means))] if means.max() > 0 else 0.0


def replay(
    observations: Iterable[Observation], layers: int, heads: int, rule: LearningRule = LearningRule()
) -> AttentionTraces:
    """Return the traces after a sequence of observations, oldest first."""
    traces = AttentionTraces(layers, heads, rule)
    for observation in observations:
        traces.step(observation)
    return traces
