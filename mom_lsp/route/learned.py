"""A logistic regression over the features: its weights are plain data, and its score is a log-odds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

import numpy as np

from mom_lsp.memory import TERMS
from mom_lsp.route.features import TERM_OF

Mode = Literal["editing", "why", "intent"]
HOME: dict[Mode, str] = {"editing": "place", "why": "lex", "intent": "lex"}  # the term that the intercept belongs to
HINT = 0.35  # the chance from which on a memory is shown unasked; `mom eval` prints what that means


@dataclass(frozen=True, slots=True)
class Model:
    """What one mode learned."""

    weights: Mapping[str, float]  # feature -> change of the log-odds a unit
    intercept: float  # log-odds where nothing is known
    home: str = "place"

    def shares(self, named: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return each term's signed contribution, (m,) each; their sum is the score.

        The intercept belongs to the term that is expected most: without any place, there is little chance.
        """
        size = len(next(iter(named.values())))
        parts = {term: np.full(size, self.intercept if term == self.home else 0.0) for term in TERMS}
        for feature, weight in self.weights.items():
            parts[TERM_OF[feature]] += weight * named[feature]
        return parts

    def chances(self, named: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the probability of each candidate, (m,)."""
        return probability(np.sum(list(self.shares(named).values()), axis=0))

    def without(self, *features: str) -> Model:
        """Return the model in which some features say nothing."""
        kept = {feature: weight for feature, weight in self.weights.items() if feature not in features}
        return Model(kept, self.intercept, self.home)


def probability(score: np.ndarray) -> np.ndarray:
    """Return the chance that log-odds stand for, in [0, 1]."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(score, -50.0, 50.0))))


@lru_cache(maxsize=2)
def shipped(mode: Mode) -> Model:
    """Return the weights that come with the package; `python -m mom_lsp.evaluation.fit` made them."""
    text = files("mom_lsp.route").joinpath("weights.json").read_text("utf-8")
    chosen = json.loads(text)[mode]
    return Model(chosen["weights"], chosen["intercept"], HOME[mode])
