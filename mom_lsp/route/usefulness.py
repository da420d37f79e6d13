"""Usefulness: the probability that somebody who edits some lines is glad to have read a memory there.

The score of `features.py` says which memory later changes name. Most of those tell a reader nothing that the code does
not: they wrote the line, and say so. Usefulness asks two questions, and decides what is shown:

    usefulness = P(it is about these lines) * P(it is worth reading | it is about these lines)

Each is a logistic function of a few facts that all speak for it, fitted on pairs of a line and a memory that readers
judged (`python -m mom_lsp.evaluation.fit_usefulness`). No text is read for it: `informative` is made when a memory is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from mom_lsp.route.place_term import PlaceEvidence
from mom_lsp.route.view import View

ABOUT = ("wrote", "wrote_before", "same_function", "nearby", "shares_names")
WORTH = ("informative", "surprise", "few_files", "adapts")
LEAST_DOUBT = 0.01  # an informativeness is kept this far from 0 and 1
COMMON_SURPRISE = 3
# How many times as useful a memory must be that wrote none of the lines. Readers mind an irrelevant memory more than
# they miss a useful one, and among those that wrote no line one in three is irrelevant.
ELSEWHERE = 1.75


@dataclass(frozen=True, slots=True)
class Usefulness:
    """How useful some memories are at some lines, (m,) each in [0, 1]."""

    about: np.ndarray  # the probability that a memory is about the lines
    worth: np.ndarray  # the probability that it is worth reading, given that
    wrote: np.ndarray  # whether it wrote one of the lines, now or before

    @property
    def probability(self) -> np.ndarray:
        """The probability that somebody who edits the lines is glad to have read it."""
        return np.asarray(self.about * self.worth)

    def suffices(self, threshold: float) -> np.ndarray:
        """Return which memories are useful enough to be shown, (m,)."""
        return np.asarray(self.probability >= threshold * np.where(self.wrote, 1.0, ELSEWHERE))


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic model."""

    weights: Mapping[str, float]  # feature -> log-odds per unit, none below 0
    intercept: float

    def probability(self, features: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the probability of each item, (m,)."""
        log_odds = np.full(len(next(iter(features.values()))), self.intercept)
        for name, weight in self.weights.items():
            log_odds += weight * features[name]
        return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))


def usefulness(
    view: View, rows: np.ndarray, place: PlaceEvidence, names: np.ndarray, paths: Sequence[str]
) -> Usefulness:
    """Return how useful some memories are at the lines of a place. For the arguments, see `features`."""
    found, (about, worth) = features(view, rows, place, names, paths), _shipped()
    wrote = (found["wrote"] > 0) | (found["wrote_before"] > 0)
    return Usefulness(about.probability(found), worth.probability(found), wrote)


def worth_reading(view: View, rows: np.ndarray) -> np.ndarray:
    """Return the probability that some memories are worth reading, if they are about what is asked, (m,)."""
    return _shipped()[1].probability(_worth(view, rows) | {"adapts": np.ones(len(rows))})


def features(
    view: View, rows: np.ndarray, place: PlaceEvidence, names: np.ndarray, paths: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return the features of both models, (m,) each.

    Args:
        view: of the memories.
        rows: (m,) the memories.
        place: what they have to do with the lines asked about.
        names: (n,) share of the identifiers in view that each row of the view added or removed.
        paths: the files of those lines.
    """
    wrote = place.line[rows] > 0
    before = ~wrote & (place.earlier[rows] > 0)
    function = ~wrote & ~before & (place.symbol[rows] > 0)
    nearby = ~wrote & ~before & (place.near[rows] > 0)
    return {
        "wrote": wrote.astype(float),
        "wrote_before": before.astype(float),
        "same_function": function.astype(float),
        "nearby": nearby.astype(float),
        "shares_names": np.where(wrote | before, 0.0, np.sqrt(names[rows])),
        "adapts": (~np.isin(rows, _first_changes(view, paths))).astype(float),
    } | _worth(view, rows)


def _worth(view: View, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return the features of WORTH that do not depend on a place, (m,) each."""
    catalog = view.catalog
    informative = np.clip(catalog.informative[rows], LEAST_DOUBT, 1 - LEAST_DOUBT)
    return {
        "informative": np.log(informative / (1 - informative)),
        "surprise": view.surprise[rows].astype(float) - COMMON_SURPRISE,
        "few_files": -np.log1p(catalog.path_count[rows]),
    }


def _first_changes(view: View, paths: Sequence[str]) -> list[int]:
    """Return the oldest commit that touches each file: it added the file, and all of its code is new."""
    first = []
    for path in dict.fromkeys(paths):
        rows = view.catalog.rows_touching(view.names_of(path))
        rows = rows[view.distance[rows] >= 0]
        first += [int(rows[np.argmax(view.distance[rows])])] if len(rows) else []
    return first


@lru_cache(maxsize=1)
def _shipped() -> tuple[Logistic, Logistic]:
    """Return the models that `python -m mom_lsp.evaluation.fit_usefulness` made."""
    read = json.loads(files("mom_lsp.route").joinpath("usefulness.json").read_text("utf-8"))
    about, worth = (Logistic(read[name]["weights"], read[name]["intercept"]) for name in ("about", "worth"))
    return about, worth
