"""The heads to bias, by model: those of the layers that evaluation/choose_layers.py chose (heads.json)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("heads.json")
STRENGTH = 1.0  # of the bias with which the layers were chosen


def chosen_heads(model: str, layers: int, heads: int) -> list[tuple[int, int]]:
    """Return (layer, head) of each; without an entry for the model, of the upper half of its layers, as where chosen.

    Args:
        model: the name of the model.
        layers: number of layers.
        heads: number of heads per layer.
    """
    chosen = _known().get(model, {}).get("layers", range(layers // 2, layers))
    return [(int(layer), head) for layer in chosen for head in range(heads)]


def first_strength(model: str) -> float:
    """Return the strength of a bias before it is calibrated on accepted texts; 0 for a model without an entry."""
    return STRENGTH if model in _known() else 0.0


def spread(heads: Sequence[tuple[int, int]], strength: float) -> list[tuple[int, int, float]]:
    """Return a Bias entry with the same strength on each head."""
    return [(layer, head, strength) for layer, head in heads]


def _known() -> dict[str, Any]:
    return dict(json.loads(FILE.read_text("utf-8")))
