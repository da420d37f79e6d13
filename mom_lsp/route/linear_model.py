"""A linear model over the features: its weights are plain data, its score log-odds relative to a typical memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np

from mom_lsp.memory import TERMS
from mom_lsp.route.features import TERM_OF

Mode = Literal["editing", "unencoded", "hints", "intent", "search"]
# unencoded: editing without vectors; hints: memories that wrote the lines, by place, time and use;
# intent: a task in words; search: without time, fitted to questions


@dataclass(frozen=True, slots=True)
class LinearModel:
    """The learned weights of one mode."""

    weights: Mapping[str, float]  # feature -> log-odds per unit
    intercept: float  # log-odds of a candidate with all features 0

    def shares(self, named: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return each term's signed contribution, (m,) each; their sum is the score."""
        parts = {term: np.zeros(len(next(iter(named.values())))) for term in TERMS}
        for feature, weight in self.weights.items():
            parts[TERM_OF[feature]] += weight * named[feature]
        return parts

    def chances(self, scores: np.ndarray) -> np.ndarray:
        """Return the calibrated probabilities of scores, in [0, 1]."""
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores + self.intercept, -50.0, 50.0))))

    def scaled(self, factors: Mapping[str, float]) -> LinearModel:
        """Return the model with the weights of each term multiplied by its factor."""
        return LinearModel({f: w * factors.get(TERM_OF[f], 1.0) for f, w in self.weights.items()}, self.intercept)

    def without(self, *features: str) -> LinearModel:
        """Return the model without some features."""
        return LinearModel({f: w for f, w in self.weights.items() if f not in features}, self.intercept)


def read_model(chosen: Any) -> LinearModel | None:
    """Return a model from plain data, None if it is invalid or has unknown features."""
    match chosen:
        case {"weights": dict(weights), "intercept": intercept} if weights and weights.keys() <= TERM_OF.keys():
            numbers = [intercept, *weights.values()]
            sound = all(isinstance(one, int | float) and abs(one) <= sys.float_info.max for one in numbers)
            return LinearModel(weights, intercept) if sound else None
    return None


@lru_cache(maxsize=5)
def shipped(mode: Mode) -> LinearModel:
    """Return the shipped weights, which `python -m mom_lsp.evaluation.fit_weights` made."""
    text = files("mom_lsp.route").joinpath("weights.json").read_text("utf-8")
    chosen = json.loads(text)[mode]
    return LinearModel(chosen["weights"], chosen["intercept"])
