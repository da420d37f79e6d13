"""A gate between place and words, chosen by the question: what is mixed, and the features of a question."""

from __future__ import annotations

import numpy as np

from mom_lsp.route.linear_model import LinearModel
from mom_lsp.tuning.cases import Case


def place_and_words(case: Case, model: LinearModel) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores by place and by words, (m,) each, time and use in both; their mean is the shipped score."""
    parts = model.shares(case.features)
    rest = parts["temp"] + parts["use"]
    return 2 * parts["place"] + rest, 2 * (parts["lex"] + parts["sem"]) + rest


def gate_features(case: Case, model: LinearModel) -> np.ndarray:
    """Return the features of a question, (f,).

    A constant, how many candidates wrote the lines and have a common identifier, the best match of full text and of
    identifiers, and the best score and the lead of the first candidate, by place and by words.
    """
    parts, features = model.shares(case.features), case.features
    words = parts["lex"] + parts["sem"]
    return np.array(
        [
            1.0,
            np.log1p((features["wrote"] > 0).sum()),
            np.log1p((features["asked_names"] > 0).sum()),
            features["bm25"].max(),
            features["names"].max(),
            parts["place"].max(),
            _lead(parts["place"]),
            words.max(),
            _lead(words),
        ]
    )


def _lead(values: np.ndarray) -> float:
    """Return the difference between the best value and the next."""
    if len(values) < 2:
        return 0.0
    second, first = np.partition(values, -2)[-2:]
    return float(first - second)
