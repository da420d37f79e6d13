"""The rows of the seed's weights: what a use is worth in them."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from mom_lsp.evaluation.feature_ablation import SEED_ROWS, seed_rows
from mom_lsp.tiers.decay import ActiveDays
from mom_lsp.tiers.tiers import Touches
from mom_lsp.tuning.cases import Case, Moment
from mom_lsp.tuning.labels import Label

SHAS = ["x", "y", "z"]


def make_stream(uses: dict[str, int], cosine: list[float], strength: list[float]) -> list[Case]:
    """Return one query for each use of a commit, then one to be answered."""
    time = count()

    def make(query: str, *gold: str) -> Case:
        now = next(time)
        features = {"cosine": np.array(cosine), "strength": np.array(strength)}
        moment = Moment(now, "a.py", np.zeros(3), Touches.of([]), ActiveDays([]))
        return Case(Label(query, gold, time=now), np.arange(3), SHAS, features, moment, fused=np.array(cosine))

    return [*(make(f"{sha} {n}", sha) for sha, times in uses.items() for n in range(times)), make("asked", "z")]


@pytest.mark.parametrize(
    ("more", "best"),
    [(0.16, "x"), (0.08, "y")],  # of the cosine of x; y has more uses
)
def test_uses_count_by_their_logarithm_relative_to_the_most_used(more: float, best: str) -> None:
    """One use of three at most counts log 2 / log 4 = 1/2: .8 more > .2 (1 - 1/2) decides, neither 1/3 nor log 2."""
    found = seed_rows(make_stream({"x": 1, "y": 3}, [0.4 + more, 0.4, 0.0], [0.0, 0.0, 0.0]))
    assert found["cosine (0.8, 0, 0.2)"]["asked"][0] == found["fusion (0.8, 0, 0.2)"]["asked"][0] == best
    assert found["cosine (1, 0, 0)"]["asked"][0] == "x"


def test_a_rows_name_tells_its_weights() -> None:
    stream = make_stream({}, [0.5, 0.4, 0.0], [0.0, 0.5, 0.0])
    answers = {name: rows["asked"] for name, rows in seed_rows(stream).items()}
    assert len(answers) == 2 * len(SEED_ROWS)
    assert answers["cosine (1, 0, 0)"] == ["x", "y", "z"]
    assert answers["cosine (0.8, 0.2, 0)"] == answers["cosine (0.7, 0.2, 0.1)"] == ["y", "x", "z"]
    assert answers["cosine (0.8, 0, 0.2)"] == ["x", "y", "z"]  # nothing was used yet
