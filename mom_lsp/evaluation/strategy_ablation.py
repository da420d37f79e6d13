"""Ablation of the strategies: the same replay of history as `--ablate=life`, with dropout and trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mom_lsp.evaluation.tier_ablation import SHOWN, Outcome, learned_scorer, simulate
from mom_lsp.route.linear_model import LinearModel
from mom_lsp.route.strategies import Strategy
from mom_lsp.tiers import DAY
from mom_lsp.tiers.lifecycle import Life
from mom_lsp.tuning.cases import Case

DROPOUT, EXPLORE = (0.1, 0.3), (0.5, 1.0, 2.0)


def strategy_rows(cases: Sequence[Case], model: LinearModel, threshold: float) -> dict[str, Outcome]:
    """Return the outcome of each strategy with the learned weights; the first row has no strategy.

    Args:
        cases: the queries.
        model: the weights.
        threshold: the minimum probability of a suggestion on trial, as in the product.
    """
    tried = {"no strategy": Strategy()}
    tried |= {f"dropout {rate:g}": Strategy(dropout=rate) for rate in DROPOUT}
    tried |= {f"on trial, {weight:g}": Strategy(explore=weight) for weight in EXPLORE}
    tried[f"dropout {DROPOUT[0]:g}, on trial, {EXPLORE[1]:g}"] = Strategy(DROPOUT[0], EXPLORE[1])
    minimum = float(np.log(threshold / (1 - threshold))) - model.intercept
    rows = {}
    for name, strategy in tried.items():
        chooser = Chooser(strategy, minimum)
        outcome = simulate(cases, learned_scorer(model), chooser)
        rows[name] = replace(outcome, dropped=chooser.dropped, trials=chooser.trials, helped=chooser.helped)
    return rows


class Chooser:
    """Orders candidates as the product does with a strategy, and counts what the strategy changed."""

    def __init__(self, strategy: Strategy, minimum: float) -> None:
        """Take a strategy, and the minimum score of a suggestion on trial."""
        self._strategy, self._minimum = strategy, minimum
        self.dropped = self.trials = self.helped = 0

    def __call__(self, case: Case, life: Life, scores: np.ndarray) -> np.ndarray:
        """Return the candidates that are not dropped, best first."""
        moment, uses = case.moment, np.array([life.of(sha).uses for sha in case.shas], np.float64)
        strategy = replace(self._strategy, place=moment.path, day=moment.now // DAY)
        dropped = strategy.dropped(case.shas, uses, life.most_used)
        self.dropped += int(dropped.sum())
        ordered = np.array([at for at in np.argsort(-scores, kind="stable") if not dropped[at]], np.int64)
        eligible = ~dropped & (scores >= self._minimum)
        eligible[ordered[: SHOWN - 1]] = False
        trial = strategy.on_trial(scores, eligible, case.surprise, uses, life.most_used)
        if trial is None or len(ordered) < SHOWN:
            return ordered
        self.trials += 1
        self.helped += case.shas[trial] in case.label.gold
        return np.concatenate([ordered[: SHOWN - 1], [trial], ordered[SHOWN - 1 :][ordered[SHOWN - 1 :] != trial]])
