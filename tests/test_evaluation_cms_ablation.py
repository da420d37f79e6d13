"""The read-out of the continuous memory as a cue: whose events count, and the benefit of a cue."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from catalogs import make_catalog, make_memory, sha

from mom_lsp.evaluation.cms_ablation import CMS, MEAN, OWN, EditingContext, ScoredCase, best_weight, cue_rows
from mom_lsp.memory import Memory
from mom_lsp.route.features import FEATURES
from mom_lsp.route.linear_model import LinearModel
from mom_lsp.route.vectors import Vectors
from mom_lsp.route.view import View
from mom_lsp.tiers.decay import ActiveDays
from mom_lsp.tiers.lifecycle import fold
from mom_lsp.tiers.tiers import Touches
from mom_lsp.tuning.cases import Case, Moment
from mom_lsp.tuning.labels import Label
from mom_lsp.tuning.rank import scores
from mom_lsp.workspace.library.library import Snapshot

WIDTH = 32


def by(author: str, number: int) -> Memory:
    memory = make_memory(number)
    return replace(memory, source=replace(memory.source, email=f"{author}@example.org"))


@pytest.fixture
def snapshot() -> Snapshot:
    """Give each of twelve commits a vector of its own; ada and grace take turns."""
    catalog = make_catalog(*(by("ada" if number % 2 == 0 else "grace", number) for number in range(12)))
    vectors = Vectors.of(np.eye(12, WIDTH))
    return Snapshot(catalog, vectors, np.arange(12), fold([]))


def asked(snapshot: Snapshot, query: int, known: int, **changes: object) -> dict[str, np.ndarray]:
    view = View(snapshot.catalog, [sha(number) for number in range(known - 1, -1, -1)], {})
    meaning = snapshot.vectors.floats(np.array([query, known - 2])).sum(0)
    arguments = {"rows": np.arange(known), "meaning": meaning / np.linalg.norm(meaning)} | changes
    return EditingContext(snapshot).cues(view, sha(query), **arguments)  # type: ignore[arg-type]


def test_a_cue_reads_out_the_authors_own_earlier_events(snapshot: Snapshot) -> None:
    cues = asked(snapshot, 10, 10)
    assert cues[OWN].tolist() == [1.0, 0.0] * 5
    for cue in (cues[CMS], cues[MEAN]):
        mine, others = cue[0::2], cue[1::2]
        assert cue.shape == (10,)
        assert mine[-1] > 0.3 and np.abs(others).max() < 1e-5
    assert np.argmax(asked(snapshot, 10, 10)[CMS]) == 8  # similarity to the query ranks above mere recency
    assert asked(snapshot, 10, 10)[MEAN][0] == pytest.approx(asked(snapshot, 10, 10)[MEAN][8], abs=1e-5)


def test_without_events_or_vectors_a_cue_is_zero(snapshot: Snapshot) -> None:
    assert not asked(snapshot, 1, 1, meaning=snapshot.vectors.floats()[1])[CMS].any()
    assert not asked(snapshot, 10, 10, meaning=None)[CMS].any()
    bare = replace(snapshot, slots=np.full(12, -1))
    assert not asked(bare, 10, 10)[CMS].any()


def make_case(number: int, cue: float) -> Case:
    """Return a case whose second candidate is right, which the model puts last and the cue first."""
    label = Label(f"q{number}", ("right",), time=number)
    features = {name: np.zeros(3) for name in FEATURES} | {"bm25": np.array([1.0, 0.8, 0.9])}
    cues = {CMS: np.array([0.0, cue, 0.0]), MEAN: np.zeros(3), OWN: np.zeros(3)}
    moment = Moment(number, "a.py", np.zeros(3), Touches.of([]), ActiveDays([]))
    return Case(label, np.arange(3), ["wrong", "right", "other"], features, moment, cues=cues)


def test_only_an_informative_cue_gets_weight() -> None:
    model = LinearModel({"bm25": 1.0}, 0.0)
    cases = [make_case(number, 1.0) for number in range(8)]
    rows = cue_rows(cases, model)
    assert {ranked[0] for ranked in rows["mom"].values()} == {"wrong"}
    assert {ranked[0] for ranked in rows[CMS].values()} == {"right"}
    assert rows[MEAN] == rows["mom"]
    opposed = [make_case(number, -1.0) for number in range(4)]
    assert best_weight([ScoredCase(case, scores(case, model)) for case in opposed], CMS) < 0
