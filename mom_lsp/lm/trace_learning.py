"""Learns from an accepted text: which memories it attended to, and which of them made it more likely.

For idle time, never while a request waits: one pass of the model, one for each tried strength, and two for each memory.
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
        """Return the likelihood of the text, and its attention."""
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted text, and the prompt with memories that came before it."""

    cue: str  # the domain of the question
    messages: tuple[ChatMessage, ...]
    text: str
    first: str = ""  # the memory that the router ranked first, "" if unknown


def strength_gains(
    model: AttentionReader,
    accepted: Accepted,
    traces: AttentionTraces,
    plain: AttentionReading,
    cancelled: Callable[[], bool] = never_cancelled,
) -> dict[float, float]:
    """Return for each strength the nats per token that the traces save on a text before they learn from it.

    Empty if no memory of the prompt has a trace.
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
    """Return the observation of an accepted text.

    Args:
        model: reads the text.
        accepted: the text and its prompt.
        heads: the heads that have traces.
        plain: the reading of the text without bias.
        gains: the nats per token that earlier traces saved on it.
        memories: of the prompt, whose importance to measure; None for all.
        cancelled: called every few tokens; if true, Interrupted is raised.
    """

    def score(memory: str, nudge: float) -> float:
        bias = {memory: spread(heads, nudge)}
        read = model.read(accepted.messages, accepted.text, bias=bias, measured=False, cancelled=cancelled)
        return float(read.nll.mean())

    index = tuple(np.array(heads).reshape(-1, 2).T)  # layers, heads
    wanted = list(plain.mass) if memories is None else memories
    attention = {memory: np.zeros_like(plain.mass[memory]) for memory in wanted}
    for memory in wanted:
        attention[memory][index] = plain.mass[memory][index]
    weights = {memory: importance(partial(score, memory), NUDGE) for memory in wanted}
    return Observation(accepted.cue, attention, weights, accepted.first, gains)
