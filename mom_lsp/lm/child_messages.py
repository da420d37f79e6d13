"""The protocol between the model's process and its parent: one JSON object per line, on standard input and output.

    {"id": 1, "method": "generate", "params": {…}}  ->  {"id": 1, "piece": "text"} …  {"id": 1, "result": {…}}
                                                    or  {"id": 1, "error": {"type": "ModelError", "message": "…"}}
    {"id": 1, "method": "stop"}                         stops that answer after the current token

The child's first line is {"id": 0, "result": info} or {"id": 0, "error": …}. A bias is {memory: strength} or
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
    """The measurements of a text that the model read after a prompt."""

    nll: np.ndarray  # (tokens,) negative log-likelihood of each, in nats
    mass: dict[str, np.ndarray]  # memory -> (layers, heads), the share of the text's attention on it
    choices: tuple[float, ...] = ()  # the log-probability of each of some words as the next one


def plain_messages(messages: Sequence[ChatMessage]) -> list[dict[str, Any]]:
    """Return messages as JSON values."""
    return [{"role": m.role, "parts": [[part.text, part.memory] for part in m.parts]} for m in messages]


def read_messages(rows: Sequence[dict[str, Any]]) -> list[ChatMessage]:
    """Parse the result of `plain_messages`."""
    return [ChatMessage(row["role"], tuple(Part(str(text), memory) for text, memory in row["parts"])) for row in rows]


def plain_bias(bias: Bias | None) -> dict[str, Any] | None:
    """Return a bias as a JSON value."""
    if bias is None:
        return None
    return {m: s if isinstance(s, (int, float)) else [list(head) for head in s] for m, s in bias.items()}
