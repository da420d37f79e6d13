"""What an accepted text teaches: which memories its attention went to, and which of them made it likelier.

For idle time, never while somebody waits: one pass of the model, one for each strength that is tried, and two for each
memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from mom_lsp.lm.biased_heads import spread
from mom_lsp.lm.child_messages import AttentionReading
from mom_lsp.lm.traces import STRENGTHS, AttentionTraces, Observation, importance
from mom_lsp.memory import Bias, ChatMessage, never_cancelled

NUDGE = 0.5  # strength of the central difference


class AttentionReader(Protocol):
    """A model that reads a given text: ModelProcess, or Llama within the process."""

    def read(
        self,
        messages: Sequence[ChatMessage],
        text: str,
        *,
        bias: Bias | None = None,
        measured: bool = True,
        cancelled: Callable[[], bool] = never_cancelled,
    ) -> AttentionReading:
        """Return how likely the text is, and what it attended to."""
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """A text that was accepted, and the prompt with the memories that it followed."""

    cue: str  # the domain of the question
    messages: tuple[ChatMessage, ...]
    text: str
    first: str = ""  # the memory that the router put first, "" if that is not known


def tried(
    model: AttentionReader,
    accepted: Accepted,
    traces: AttentionTraces,
    plain: AttentionReading,
    cancelled: Callable[[], bool] = never_cancelled,
) -> dict[float, float]:
    """Return for each strength how many nats a token the traces save on a text that they do not know yet.

    Nothing if they hold nothing for its memories.
    """
    gains = {}
    for strength in STRENGTHS:
        bias = traces.bias(accepted.cue, list(plain.mass), strength, accepted.first)
        if not bias:
            return {}
        read = model.read(accepted.messages, accepted.text, bias=bias, measured=False, cancelled=cancelled)
        gains[strength] = float(plain.nll.mean() - read.nll.mean())
    return gains


def observe(
    model: AttentionReader,
    accepted: Accepted,
    heads: Sequence[tuple[int, int]],
    plain: AttentionReading,
    *,
    gains: Mapping[float, float],
    memories: Sequence[str] | None = None,
    cancelled: Callable[[], bool] = never_cancelled,
) -> Observation:
    """Return what an accepted text teaches.

    Args:
        model: reads the text.
        accepted: the text, and what it followed.
        heads: those that traces are kept of.
        plain: the text as read before, without bias.
        gains: what earlier traces saved on it.
        memories: of the prompt, whose importance is wanted; None for all.
        cancelled: asked between a few tokens; then Interrupted is raised.
    """

    def score(memory: str, nudge: float) -> float:
        bias = {memory: spread(heads, nudge)}
        read = model.read(accepted.messages, accepted.text, bias=bias, measured=False, cancelled=cancelled)
        return float(read.nll.mean())

    kept = tuple(np.array(heads).reshape(-1, 2).T)
    wanted = list(plain.mass) if memories is None else memories
    attention = {memory: np.zeros_like(plain.mass[memory]) for memory in wanted}
    for memory in wanted:
        attention[memory][kept] = plain.mass[memory][kept]
    weights = {memory: importance(partial(score, memory), NUDGE) for memory in wanted}
    return Observation(accepted.cue, attention, weights, accepted.first, gains)
