"""The heads that a bias goes to, by model: those of the layers that evaluation/heads.py chose (heads.json)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from mom_lsp.errors import ModelError

FILE = Path(__file__).with_name("heads.json")


def chosen_heads(model: str, heads: int) -> list[tuple[int, int]]:
    """Return (layer, head) of each.

    Args:
        model: the name of the model.
        heads: that a layer has.

    Raises:
        ModelError: none were chosen for this model.
    """
    known = json.loads(FILE.read_text("utf-8"))
    if model not in known:
        raise ModelError(
            f"no layers were chosen for {model}: `python -m mom_lsp.evaluation.heads` chooses them on a project"
        )
    return [(int(layer), head) for layer in known[model]["layers"] for head in range(heads)]


def spread(heads: Sequence[tuple[int, int]], strength: float) -> list[tuple[int, int, float]]:
    """Return the same strength on each head, as a Bias has it."""
    return [(layer, head, strength) for layer, head in heads]
