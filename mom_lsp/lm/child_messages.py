"""What the model's process and its parent say to each other: one JSON document a line, on standard input and output.

    {"id": 1, "method": "generate", "params": {…}}  ->  {"id": 1, "piece": "text"} …  {"id": 1, "result": {…}}
                                                    or  {"id": 1, "error": {"type": "ModelError", "message": "…"}}
    {"id": 1, "method": "stop"}                         ends that answer after the token being computed

The child's first line is {"id": 0, "result": info} or {"id": 0, "error": …}. A bias goes as {memory: strength} or
{memory: [[layer, head, strength], …]}.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mom_lsp.memory import Bias, ChatMessage, Part

if TYPE_CHECKING:
    import numpy as np

HELLO = 0  # the id of the child's first line


@dataclass(frozen=True, slots=True)
class AttentionReading:
    """A text that the model was made to read after a prompt."""

    nll: np.ndarray  # (tokens,) negative log-likelihood of each, in nats
    mass: dict[str, np.ndarray]  # memory -> (layers, heads), the share of attention that the text gave to it
    choices: tuple[float, ...] = ()  # how likely each of some words comes next, as log-probabilities


def plain_messages(messages: Sequence[ChatMessage]) -> list[dict[str, Any]]:
    """Return messages as JSON would have them."""
    return [{"role": m.role, "parts": [[part.text, part.memory] for part in m.parts]} for m in messages]


def read_messages(rows: Sequence[dict[str, Any]]) -> list[ChatMessage]:
    """Take `plain_messages` back."""
    return [ChatMessage(row["role"], tuple(Part(str(text), memory) for text, memory in row["parts"])) for row in rows]


def plain_bias(bias: Bias | None) -> dict[str, Any] | None:
    """Return a bias as JSON would have it."""
    if bias is None:
        return None
    return {m: s if isinstance(s, (int, float)) else [list(head) for head in s] for m, s in bias.items()}
