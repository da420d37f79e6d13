"""A linear model over the features: its weights are plain data, its score a log-odds gained over a common memory."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np

from mom_lsp.memory import TERMS
from mom_lsp.route.features import TERM_OF

Mode = Literal["editing", "unencoded", "hints", "intent", "why"]
# unencoded: editing, where nothing has a vector (yet); hints: who wrote the lines, told by place, time and use;
# intent: in words, while working; why: the same without time


@dataclass(frozen=True, slots=True)
class LinearModel:
    """What one mode learned."""

    weights: Mapping[str, float]  # feature -> change of the log-odds a unit
    intercept: float  # log-odds of a candidate of which nothing is known

    def shares(self, named: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return each term's signed contribution, (m,) each; their sum is the score."""
        parts = {term: np.zeros(len(next(iter(named.values())))) for term in TERMS}
        for feature, weight in self.weights.items():
            parts[TERM_OF[feature]] += weight * named[feature]
        return parts

    def chances(self, scores: np.ndarray) -> np.ndarray:
        """Return the probabilities that scores stand for, in [0, 1]."""
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores + self.intercept, -50.0, 50.0))))

    def scaled(self, factors: Mapping[str, float]) -> LinearModel:
        """Return the model in which each term counts so many times as much."""
        return LinearModel({f: w * factors.get(TERM_OF[f], 1.0) for f, w in self.weights.items()}, self.intercept)

    def without(self, *features: str) -> LinearModel:
        """Return the model in which some features say nothing."""
        return LinearModel({f: w for f, w in self.weights.items() if f not in features}, self.intercept)


def read_model(chosen: Any) -> LinearModel | None:
    """Return a model that was kept as plain data; None if it is none, or knows features that no longer exist."""
    match chosen:
        case {"weights": dict(weights), "intercept": intercept} if weights and weights.keys() <= TERM_OF.keys():
            numbers = [intercept, *weights.values()]
            sound = all(isinstance(one, int | float) and math.isfinite(one) for one in numbers)
            return LinearModel(weights, intercept) if sound else None
    return None


@lru_cache(maxsize=5)
def shipped(mode: Mode) -> LinearModel:
    """Return the weights that come with the package; `python -m mom_lsp.evaluation.fit_weights` made them."""
    text = files("mom_lsp.route").joinpath("weights.json").read_text("utf-8")
    chosen = json.loads(text)[mode]
    return LinearModel(chosen["weights"], chosen["intercept"])
