"""What an accepted text teaches: which memories its attention went to, and which of them made it likelier.

For idle time, never while somebody waits: one pass of the model, and two more for each memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

import numpy as np

from mom_lsp.lm.heads import spread
from mom_lsp.lm.wire import Reading
from mom_lsp.memory import Bias, Message
from mom_lsp.trace.attention import Observation, importance

NUDGE = 0.5  # strength of the central difference


class Reader(Protocol):
    """A model that reads a given text: ModelProcess, or Llama within the process."""

    def read(
        self, messages: Sequence[Message], text: str, *, bias: Bias | None = None, measured: bool = True
    ) -> Reading:
        """Return how likely the text is, and what it attended to."""
        ...


def observe(
    model: Reader,
    cue: str,
    messages: Sequence[Message],
    text: str,
    heads: Sequence[tuple[int, int]],
    memories: Sequence[str] | None = None,
    plain: Reading | None = None,
) -> Observation:
    """Return what a text teaches that was accepted after this prompt.

    Args:
        model: reads the text.
        cue: the domain of the question.
        messages: the prompt with its memories.
        text: what was accepted.
        heads: those that traces are kept of.
        memories: of the prompt, whose importance is wanted; None for all.
        plain: the text as read before, without bias, if it was.
    """
    seen = plain or model.read(messages, text)

    def score(memory: str, nudge: float) -> float:
        return float(model.read(messages, text, bias={memory: spread(heads, nudge)}, measured=False).nll.mean())

    kept = tuple(np.array(heads).reshape(-1, 2).T)
    wanted = list(seen.mass) if memories is None else memories
    attention = {memory: np.zeros_like(seen.mass[memory]) for memory in wanted}
    for memory in wanted:
        attention[memory][kept] = seen.mass[memory][kept]
    return Observation(cue, attention, {memory: importance(partial(score, memory), NUDGE) for memory in wanted})
