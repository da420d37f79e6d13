"""The heads that a bias goes to, by model: those of the layers that evaluation/choose_layers.py chose (heads.json)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("heads.json")
STRENGTH = 1.0  # of the bias with which layers are chosen


def chosen_heads(model: str, layers: int, heads: int) -> list[tuple[int, int]]:
    """Return (layer, head) of each; of a model that nobody tried, those of the upper half, as where they were tried.

    Args:
        model: the name of the model.
        layers: that it has.
        heads: that a layer has.
    """
    chosen = _known().get(model, {}).get("layers", range(layers // 2, layers))
    return [(int(layer), head) for layer in chosen for head in range(heads)]


def first_strength(model: str) -> float:
    """Return the strength of a bias until accepted texts have shown a better one; 0 for a model that nobody tried."""
    return STRENGTH if model in _known() else 0.0


def spread(heads: Sequence[tuple[int, int]], strength: float) -> list[tuple[int, int, float]]:
    """Return the same strength on each head, as a Bias has it."""
    return [(layer, head, strength) for layer, head in heads]


def _known() -> dict[str, Any]:
    return dict(json.loads(FILE.read_text("utf-8")))
