"""Ablation of the tiers, and the effect of feedback on hints: history is replayed, correct suggestions are accepted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mom_lsp.evaluation.feature_ablation import SEED_ROWS, Predictions
from mom_lsp.journal import Event
from mom_lsp.route.linear_model import LinearModel, shipped
from mom_lsp.route.score import total
from mom_lsp.route.strategies import diversity
from mom_lsp.settings import Settings
from mom_lsp.tiers.decay import EPISODIC, faded, usage
from mom_lsp.tiers.lifecycle import Life, fold
from mom_lsp.tiers.tiers import Touches, tiers
from mom_lsp.tuning.cases import Case
from mom_lsp.tuning.rank import DEPTH

HINT_CHANCE = 0.15  # minimum of a hint: later references do not tell usefulness, which the product asks for
SHOWN = 3  # suggestions, and hints, per query; the correct suggestions are accepted
Scorer = Callable[[Case, np.ndarray, np.ndarray], np.ndarray]  # case, strength (m,), use (m,) -> score (m,)
Order = Callable[[Case, Life, np.ndarray], np.ndarray]  # case, feedback so far, score (m,) -> best first


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a simulation."""

    predictions: Predictions
    accepted: int  # suggestions
    hints: int  # on the lines about to be changed
    right: int  # hints that are correct
    barred: int  # memories that are suppressed at the end
    variety: float | None = None  # of all suggestions shown
    dropped: int = 0  # candidates that expert dropout removed
    trials: int = 0  # suggestions shown on trial
    helped: int = 0  # trials that are correct


WAYS = {"three tiers": True, "one rate": False}


def life_rows(cases: Sequence[Case], model: LinearModel) -> dict[str, Outcome]:
    """Return the outcome of tiers and of a single decay rate, with each of the seed's weights and the learned ones."""
    scorers: dict[str, Scorer] = {f"seed ({a:g}, {b:g}, {c:g})": _seed_scorer(a, b, c) for a, b, c in SEED_ROWS}
    scorers["mom"] = learned_scorer(model)
    return {
        f"{name}, {way}": simulate(cases, score, tiered=tiered)
        for name, score in scorers.items()
        for way, tiered in WAYS.items()
    }


def simulate(cases: Sequence[Case], score: Scorer, order: Order | None = None, *, tiered: bool = True) -> Outcome:
    """Replay the cases in order of time; every gold commit among the first SHOWN is accepted, as a journal event.

    Args:
        cases: the queries.
        score: scores the candidates.
        order: orders them; None for descending scores.
        tiered: whether memories decay in three tiers, or all at the rate of the first.
    """
    life, predictions, accepted, selected, hinted = Life(), Predictions(), 0, list[str](), list[bool]()
    for seq, case in enumerate(sorted(cases, key=lambda one: one.moment.now), 1):
        strength, uses = _strength(case, life, tiered), _uses(case, life)
        free = np.array([sha not in life.suppressed for sha in case.shas], bool)
        scores = np.where(free, score(case, strength, uses), -np.inf)
        hints = _hints(case, free, strength, uses)
        hinted += [sha in case.label.gold for sha in hints]
        ordered = order(case, life, scores) if order is not None else np.argsort(-scores, kind="stable")
        best = [at for at in ordered[:DEPTH] if scores[at] > -np.inf]
        predictions[case.label.query] = [case.shas[at] for at in best]
        shown = predictions[case.label.query][:SHOWN]
        correct = [sha for sha in shown if sha in case.label.gold]
        accepted += len(correct)
        selected += shown
        life = fold(_events(seq * (SHOWN + 1), case, shown, hints, correct), life)
    varied = diversity(selected, len({sha for case in cases for sha in case.shas}))
    return Outcome(predictions, accepted, len(hinted), sum(hinted), len(life.suppressed), varied)


def _hints(case: Case, free: np.ndarray, strength: np.ndarray, uses: np.ndarray) -> list[str]:
    """Return the most relevant commits that may be hinted on the lines about to be changed."""
    model = shipped("hints")
    features = case.features | {"strength": strength, "uses": uses}
    probabilities = model.chances(total(model.shares(features)))
    unusual = case.surprise >= Settings().hints.minimum_surprise
    hinted = free & (features["wrote"] > 0) & (probabilities >= HINT_CHANCE) & unusual
    best = sorted(np.flatnonzero(hinted).tolist(), key=lambda at: (-case.surprise[at], -probabilities[at]))
    return [case.shas[at] for at in best[:SHOWN]]


def _events(seq: int, case: Case, shown: Sequence[str], hints: Sequence[str], correct: Sequence[str]) -> list[Event]:
    now, path = float(case.moment.now), case.moment.path
    seen = Event(seq, now, "shown", data={"seen": {path: list(shown)}, "hinted": {path: list(hints)}})
    return [seen, *(Event(seq + n, now, "useful", sha, path) for n, sha in enumerate(correct, 1))]


def _strength(case: Case, life: Life, tiered: bool) -> np.ndarray:
    moment = case.moment
    clock, born = moment.clock, moment.born
    if not tiered:
        return faded(np.full(len(born), EPISODIC), np.ones(len(born)), clock.at(moment.now) - clock.at(born))[1]
    row_of = {sha: row for row, sha in enumerate(case.shas)}
    used = [(row_of[t.memory], t.time, t.gate, t.hold) for t in life.touches if t.memory in row_of]
    return tiers(born, moment.replays + Touches.of(used), clock, moment.now).strength


def _uses(case: Case, life: Life) -> np.ndarray:
    return usage(np.array([life.of(sha).uses for sha in case.shas], np.float64), life.most_used)


def _seed_scorer(alpha: float, beta: float, gamma: float) -> Scorer:
    return lambda case, strength, uses: np.asarray(alpha * case.features["cosine"] + beta * strength + gamma * uses)


def learned_scorer(model: LinearModel) -> Scorer:
    """Return a scorer that works as the product does with these weights."""
    return lambda case, strength, uses: total(model.shares(case.features | {"strength": strength, "uses": uses}))
