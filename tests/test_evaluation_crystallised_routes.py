"""The replay of crystallised routes: only what came before a question applies to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mom_lsp.evaluation.crystallised_routes import LOOSE, layer_line, layer_recall, line, replay
from mom_lsp.motifs.crystallise import Criteria
from mom_lsp.motifs.routes import place_of
from mom_lsp.route.features import FEATURES
from mom_lsp.route.linear_model import LinearModel
from mom_lsp.tiers import DAY
from mom_lsp.tiers.decay import ActiveDays
from mom_lsp.tiers.tiers import Touches
from mom_lsp.tuning.cases import Case, Moment
from mom_lsp.tuning.labels import Label

MODEL = LinearModel({"bm25": 1.0}, 0.0)
HERE = place_of("a.py", "f")


def make_case(number: int, gold: str) -> Case:
    """Return a case in which the router prefers "wrong" and puts "right" last."""
    features = {name: np.zeros(5) for name in FEATURES} | {"bm25": np.array([1.0, 0.9, 0.8, 0.7, 0.1])}
    moment = Moment(number * DAY, "a.py", np.zeros(5), Touches.of([]), ActiveDays([]))
    shas = ["wrong", "other", "third", "fourth", "right"]
    return Case(Label(f"q{number}", (gold,), time=number), np.arange(5), shas, features, moment)


def test_a_route_fires_once_it_was_accepted_on_three_days_and_soon_lifts_its_memory() -> None:
    cases = [make_case(number, "right") for number in range(10)]
    places = {f"q{number}": [HERE] for number in range(10)}
    found = replay(cases[::-1], places, MODEL, Criteria())
    assert found.fired == [(True, False)] * 7 and found.new == 7
    assert [one.memory for one in found.motifs] == ["right"] and found.motifs[0].accepted == 10
    bonus, routed = np.array(found.recall).T
    assert routed.sum() == 0 and bonus[:3].sum() == 0 and bonus[4:].all()
    assert "   7  1.000  0.000     7" in line("x", found)
    loose = replay(cases, places, MODEL, LOOSE)
    assert len(loose.fired) == 8


def test_a_route_that_turned_out_wrong_no_longer_fires() -> None:
    golds = ["right"] * 4 + ["wrong"] * 5
    cases = [make_case(number, gold) for number, gold in enumerate(golds)]
    cases = [replace(case, shas=["wrong", "right", "third", "fourth", "other"]) for case in cases]
    places = {f"q{number}": [HERE] for number in range(9)}
    fired = replay(cases, places, MODEL, Criteria(accepted=4)).fired
    thawed_after_two, new_route = [(False, True)] * 2, (True, True)
    assert fired == [*thawed_after_two, new_route]  # "right" thaws where it is ignored, "wrong" crystallises


def test_layers_add_little_and_only_to_what_was_used_in_two_files() -> None:
    cases = [make_case(number, "third") for number in range(3)]
    cases = [replace(case, features=case.features | {"bm25": np.array([1.0, 0.9, 0.7, 0.8, 0.1])}) for case in cases]
    places = {f"q{number}": [place_of(f"{number}.py")] for number in range(3)}
    assert layer_recall(cases, places, MODEL) == [(0.0, 0.0), (0.0, 0.0), (1.0, 0.0)]
    assert "Recall@3 0.333, without 0.000, +0.333" in layer_line(layer_recall(cases, places, MODEL))
