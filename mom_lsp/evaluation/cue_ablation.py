"""Ablation of the cues (`mom eval --ablate=cues`), in order of time.

    python -m mom_lsp.evaluation.cue_ablation [--limit N] [--form editing|intent] CLONE LABELS [CLONE LABELS ...]

Each cue is one more feature of the shipped score. Its weight, and all gates, are fitted on the earlier half of the
labels and judged on the later half. An oracle gate is the best of its two read-outs in hindsight: what a perfect gate
could reach.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mom_lsp.cues.gate import Choice, fit_gate
from mom_lsp.evaluation.question_gate import gate_features, place_and_words
from mom_lsp.evaluation.recent_activity import BASELINES, CMR, CUES, NEURAL, RecentActivity
from mom_lsp.route.linear_model import LinearModel, shipped
from mom_lsp.route.score import top
from mom_lsp.tuning.cases import Case
from mom_lsp.tuning.gather import gather_cases
from mom_lsp.tuning.labels import load_labels, sample
from mom_lsp.tuning.metrics import Interval, bootstrap_interval, metrics_of
from mom_lsp.tuning.rank import DEPTH, default_editing_model, scores

WEIGHTS = np.linspace(-4.0, 12.0, 65)  # of a cue, in log-odds per unit
SHIPPED, ORACLE = "mom", "oracle gate"
GATE, PLACE_GATE = f"gate of {CMR} and {NEURAL}", "gate of place and words"
Predictions = dict[str, list[str]]
Scores = Callable[["ScoredCase"], np.ndarray]


@dataclass(frozen=True, slots=True)
class ScoredCase:
    """A case with the model's score of each candidate, (m,)."""

    case: Case
    scores: np.ndarray

    def with_cue(self, cue: str, weight: float) -> np.ndarray:
        """Return the scores with a cue, (m,)."""
        return np.asarray(self.scores + weight * self.case.cues[cue])

    def recall(self, values: np.ndarray) -> float:
        """Return Recall@3 of the candidates in the order of some scores, (m,)."""
        return metrics_of(self.ranked(values), set(self.case.label.gold))[1]

    def ranked(self, values: np.ndarray) -> list[str]:
        """Return the best commits by some scores, best first."""
        return [self.case.shas[at] for at in top(values, DEPTH)]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a ranking reaches on the later half."""

    weight: float | None  # of the cue
    recalls: np.ndarray  # (q,) Recall@3 of each question
    predictions: Predictions


def cue_rows(cases: Sequence[Case], model: LinearModel) -> dict[str, Judged]:
    """Return what each ranking reaches on the later half of the cases."""
    ordered = [
        ScoredCase(case, scores(case, model))
        for case in sorted(cases, key=lambda case: case.label.time)
        if len(case.rows)
    ]
    earlier, later = ordered[: len(ordered) // 2], ordered[len(ordered) // 2 :]
    weights = {cue: best_weight(earlier, cue) for cue in (*CUES, *BASELINES)}
    rows = {SHIPPED: _judged(later, lambda one: one.scores)}
    for cue, weight in weights.items():
        rows[cue] = _judged(later, lambda one, cue=cue, weight=weight: one.with_cue(cue, weight), weight)  # type: ignore[misc]

    def pair(one: ScoredCase) -> tuple[np.ndarray, np.ndarray]:
        return one.with_cue(CMR, weights[CMR]), one.with_cue(NEURAL, weights[NEURAL])

    def of_cues(one: ScoredCase) -> np.ndarray:
        read = (one.case.cues[CMR], one.case.cues[NEURAL])
        return np.array([1.0, *(value for cue in read for value in (cue.max(), np.ptp(cue)))])

    rows |= _gated(GATE, earlier, later, pair, of_cues)
    if any(case.features["wrote"].any() for case in cases):
        rows |= _gated(
            PLACE_GATE,
            earlier,
            later,
            lambda one: place_and_words(one.case, model),
            lambda one: gate_features(one.case, model),
        )
    return rows


def _gated(
    name: str,
    earlier: Sequence[ScoredCase],
    later: Sequence[ScoredCase],
    pair: Callable[[ScoredCase], tuple[np.ndarray, np.ndarray]],
    features: Callable[[ScoredCase], np.ndarray],
) -> dict[str, Judged]:
    """Return the rows of a gate and of its oracle, which knows the best of both read-outs and the shipped score."""
    x = np.stack([features(one) for one in earlier])
    mean, spread = x.mean(0), x.std(0)
    mean[spread == 0], spread[spread == 0] = 0.0, 1.0  # the constant stays

    def scaled(one: ScoredCase) -> np.ndarray:
        return np.asarray((features(one) - mean) / spread)

    gate = fit_gate([Choice(scaled(one), *pair(one), one.case.correct) for one in earlier])

    def oracle(one: ScoredCase) -> np.ndarray:
        return max((one.scores, *pair(one)), key=one.recall)

    return {
        name: _judged(later, lambda one: gate.mix(scaled(one), *pair(one))),
        f"{ORACLE}: {name}": _judged(later, oracle),
    }


def _judged(later: Sequence[ScoredCase], values: Scores, weight: float | None = None) -> Judged:
    found = [(one, values(one)) for one in later]
    recalls = np.array([one.recall(ranked) for one, ranked in found])
    return Judged(weight, recalls, {one.case.label.query: one.ranked(ranked) for one, ranked in found})


def best_weight(train: Sequence[ScoredCase], cue: str) -> float:
    """Return the weight of a cue, among WEIGHTS, that maximises the likelihood of the referenced commits."""
    known = [(one, one.case.correct) for one in train if one.case.correct.any()]

    def likelihood(weight: float) -> float:
        return sum(_log_probability(one.with_cue(cue, weight), correct) for one, correct in known)

    return float(max(WEIGHTS, key=likelihood))


def _log_probability(values: np.ndarray, correct: np.ndarray) -> float:
    odds = np.exp(values - values.max())
    return float(np.log(odds[correct].sum() / odds.sum()))


def gain(row: Judged, base: Judged) -> Interval:
    """Return how much Recall@3 a ranking gains over another on the same questions, with its bootstrap interval."""
    return bootstrap_interval(row.recalls - base.recalls)


def gathered(clone: Path, labels: Path, limit: int, form: str) -> list[Case]:
    """Return the cases of the standard sample of labels, with the cues of each candidate."""
    chosen = sample(load_labels(labels), limit)
    annotators = [lambda library: RecentActivity(library.snapshot())]
    return gather_cases(clone, chosen, lambda phase, done, total: None, form=form, annotators=annotators)


def print_rows(title: str, rows: Mapping[str, Judged]) -> None:
    """Print a table: Recall@3, and the gain over the shipped ranking, with 95% bootstrap intervals."""
    base = rows[SHIPPED]
    print(f"\n{title}: {len(base.recalls)} questions of the later half")
    for name, row in rows.items():
        mean, low, high = bootstrap_interval(row.recalls)
        more = "" if row is base else "  {:+.3f} [{:+.3f}, {:+.3f}]".format(*gain(row, base))
        weight = "" if row.weight is None else f"  weight {row.weight:.2f}"
        print(f"  {name:<42} {mean:.3f} [{low:.3f}, {high:.3f}]{more}{weight}")


def main() -> None:
    """Print a table for each repository, and one for all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="+", type=Path, metavar="CLONE LABELS")
    parser.add_argument("--limit", type=int, default=200, help="labels of each repository")
    parser.add_argument("--form", choices=["editing", "intent"], default="editing")
    asked = parser.parse_args()
    every: list[dict[str, Judged]] = []
    for clone, labels in zip(asked.pairs[::2], asked.pairs[1::2], strict=True):
        cases = gathered(clone, labels, asked.limit, asked.form)
        model = shipped("intent") if asked.form == "intent" else default_editing_model(cases)
        every.append(cue_rows(cases, model))
        print_rows(clone.name, every[-1])
    pooled = {
        name: Judged(None, np.concatenate([rows[name].recalls for rows in every]), {})
        for name in every[0]
        if all(name in rows for rows in every)
    }
    print_rows("all", pooled)


if __name__ == "__main__":
    main()
