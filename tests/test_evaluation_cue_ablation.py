"""The cues of an author's recent commits: whose events count, the benefit of a cue, and gates beside their oracle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from catalogs import make_catalog, make_memory, sha

from mom_lsp.evaluation.cue_ablation import (
    GATE,
    ORACLE,
    PLACE_GATE,
    SHIPPED,
    ScoredCase,
    best_weight,
    cue_rows,
    gain,
    print_rows,
)
from mom_lsp.evaluation.hashed_features import WIDTH, HashedFeatures
from mom_lsp.evaluation.question_gate import gate_features, place_and_words
from mom_lsp.evaluation.recent_activity import BASELINES, CMR, CMS, CUES, MEAN, NEURAL, OTHERS, OWN, RecentActivity
from mom_lsp.memory import Anchor, Memory
from mom_lsp.route.catalog import Catalog
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


def by(author: str, number: int) -> Memory:
    """Return a commit of an author to a file of its own; consecutive commits share no folder."""
    memory = make_memory(number, anchors=(Anchor(f"d{number}/f{number}.py"),))
    return replace(memory, source=replace(memory.source, email=f"{author}@example.org"))


@pytest.fixture
def catalog() -> Catalog:
    """Let ada and grace take turns in twelve commits."""
    return make_catalog(*(by("ada" if number % 2 == 0 else "grace", number) for number in range(12)))


def asked(catalog: Catalog, query: int, known: int, paths: list[str]) -> dict[str, np.ndarray]:
    view = View(catalog, [sha(number) for number in range(known - 1, -1, -1)], {})
    activity = RecentActivity(Snapshot(catalog, Vectors.of(np.zeros((0, 8))), np.full(12, -1), fold([])))
    return activity.cues(view, sha(query), np.arange(known), HashedFeatures(catalog).of(paths, []))


def test_a_cue_reads_out_the_authors_own_earlier_events(catalog: Catalog) -> None:
    cues = asked(catalog, 10, 10, ["d4/f4.py"])
    assert cues.keys() == {*CUES, *BASELINES}
    assert cues[OWN].tolist() == [1.0, 0.0] * 5
    assert abs(cues[OTHERS][4]) < cues[NEURAL][4] / 3  # which ada wrote
    for name in (*CUES, MEAN):
        mine, others = cues[name][0::2], cues[name][1::2]
        assert cues[name].shape == (10,)
        assert mine.max() > 3 * np.abs(others).max(), name
    assert np.argmax(cues[NEURAL]) == 4 and np.argmax(cues[CMS]) == 4  # what is asked about
    assert np.argsort(-cues[CMR])[:2].tolist() in ([4, 8], [8, 4])  # and what was done last


def test_without_events_or_in_an_unknown_commit_a_cue_is_zero(catalog: Catalog) -> None:
    for query, known in ((1, 1), (99, 10)):
        cues = asked(catalog, query, known, ["d4/f4.py"])
        assert not any(cues[name].any() for name in (*CUES, MEAN))


def test_features_of_a_question_match_the_memories_that_share_its_files(catalog: Catalog) -> None:
    features = HashedFeatures(catalog)
    assert features.rows.shape == (12, WIDTH)
    assert np.linalg.norm(features.rows, axis=1) == pytest.approx(np.ones(12), abs=1e-5)
    question = features.of(["d3/f3.py"], [])
    assert np.argmax(features.rows @ question) == 3 and features.rows[3] @ question == pytest.approx(1, abs=1e-5)
    folder = features.of(["d3/other.py"], [])
    assert np.argmax(features.rows @ folder) == 3
    assert not features.of(["unknown.py"], ["unknown"]).any()


def make_case(number: int, cue: float, **features: list[float]) -> Case:
    """Return a case whose second candidate is right, which the model puts last and the cue first."""
    label = Label(f"q{number}", ("right",), time=number)
    found = {name: np.zeros(5) for name in FEATURES} | {"bm25": np.array([1.0, 0.5, 0.9, 0.8, 0.7])}
    cues = {name: np.zeros(5) for name in (*CUES, *BASELINES)} | {CMR: np.array([0.0, cue, 0, 0, 0])}
    moment = Moment(number, "a.py", np.zeros(5), Touches.of([]), ActiveDays([]))
    given = found | {name: np.array(values) for name, values in features.items()}
    return Case(label, np.arange(5), ["wrong", "right", "other", "third", "fourth"], given, moment, cues=cues)


def test_only_an_informative_cue_gets_weight_and_only_the_later_half_is_judged() -> None:
    model = LinearModel({"bm25": 1.0}, 0.0)
    rows = cue_rows([make_case(number, 1.0) for number in range(8)], model)
    assert rows[SHIPPED].predictions.keys() == {"q4", "q5", "q6", "q7"}
    assert gain(rows[CMR], rows[SHIPPED]) == (1.0, 1.0, 1.0)
    assert rows[MEAN].predictions == rows[SHIPPED].predictions
    assert rows[GATE].recalls.mean() == rows[f"{ORACLE}: {GATE}"].recalls.mean() == 1.0
    opposed = [make_case(number, -1.0) for number in range(4)]
    assert best_weight([ScoredCase(case, scores(case, model)) for case in opposed], CMR) < 0


def test_a_cue_that_helped_earlier_and_misleads_later_loses() -> None:
    model = LinearModel({"bm25": 1.0}, 0.0)
    cases = [make_case(number, 1.0 if number < 4 else -1.0) for number in range(8)]
    rows = cue_rows(cases, model)
    assert rows[CMR].weight is not None and rows[CMR].weight > 0
    assert gain(rows[CMR], rows[SHIPPED])[0] == 0.0 and rows[CMR].recalls.tolist() == [0.0] * 4


def test_a_gate_of_place_and_words_learns_which_to_trust() -> None:
    model = LinearModel({"bm25": 4.0, "wrote": 4.0}, 0.0)
    by_place = {"wrote": [0.0, 1, 0, 0, 0], "bm25": [0.6, 0.0, 1, 1, 1]}  # words are wrong where a line has a writer
    by_words = {"wrote": [1.0, 0, 1, 1, 0], "bm25": [0.3, 1.0, 0.3, 0.3, 0.3]}
    cases = [make_case(number, 0.0, **(by_place if number % 2 else by_words)) for number in range(24)]
    place, words = place_and_words(cases[0], model)
    assert (place + words) / 2 == pytest.approx(scores(cases[0], model))
    assert gate_features(cases[0], model).shape == gate_features(cases[1], model).shape
    rows = cue_rows(cases, model)
    best = rows[f"{ORACLE}: {PLACE_GATE}"].recalls.mean()
    assert rows[PLACE_GATE].recalls.mean() == best == 1.0


def test_the_table_shows_recall_gain_and_weight(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows("project", cue_rows([make_case(number, 1.0) for number in range(8)], LinearModel({"bm25": 1.0}, 0.0)))
    printed = capsys.readouterr().out.splitlines()
    assert printed[1] == "project: 4 questions of the later half"
    assert "0.000" in printed[2] and "+1.000 [+1.000, +1.000]  weight" in printed[3]
