"""Metrics of ranked lists: recall, MRR and hit rate, with bootstrap intervals, and the precision when abstaining."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mom_lsp.tuning.labels import Label

METRICS = ("R@1", "R@3", "R@5", "R@10", "MRR@10", "Hit@3")
CUTS = (1, 3, 5, 10)
DRAWS = 1_000  # of the bootstrap
Interval = tuple[float, float, float]  # mean, and the bounds of its 95% bootstrap interval
Table = dict[str, dict[str, Interval | int]]


def metrics_of(ranked: Sequence[str], gold: set[str]) -> list[float]:
    """Return METRICS of one ranked list."""
    hits = [rank for rank, sha in enumerate(list(dict.fromkeys(ranked))[:10], 1) if sha in gold]
    recalls = [sum(rank <= cut for rank in hits) / len(gold) for cut in CUTS]
    return [*recalls, 1 / hits[0] if hits else 0.0, float(bool(hits) and hits[0] <= 3)]


def metric_table(predictions: Mapping[str, Sequence[str]], labels: Sequence[Label]) -> Table:
    """Return the metrics of each group of labels: all, hard (without the author's own commits of that day), by kind."""
    groups: dict[str, list[list[float]]] = {"all": [], "hard": []}
    for label in labels:
        ranked = predictions.get(label.query, ())
        row = metrics_of(ranked, set(label.gold))
        groups["all"].append(row)
        groups.setdefault(label.kind, []).append(row)
        if hard := set(label.gold) - label.own_day:
            groups["hard"].append(metrics_of([sha for sha in ranked if sha not in label.own_day], hard))
    return {group: _summary(np.array(rows)) for group, rows in groups.items() if rows}


def _summary(rows: np.ndarray) -> dict[str, Interval | int]:
    """Return mean and bootstrap interval of each column, (q, metrics) in."""
    draw = np.random.default_rng(0)
    means = np.array([rows[draw.integers(len(rows), size=len(rows))].mean(0) for _ in range(DRAWS)])
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    found: dict[str, Interval | int] = {"n": len(rows)}
    for at, name in enumerate(METRICS):
        found[name] = (float(rows[:, at].mean()), float(low[at]), float(high[at]))
    return found


def abstention_curve(confidences: Sequence[tuple[float, bool]], shares: Sequence[float]) -> list[dict[str, float]]:
    """Return the precision of the first suggestion if only the most confident queries are answered.

    Args:
        confidences: of each query, the probability of its first suggestion and whether it is correct.
        shares: of the queries that are answered.
    """
    ordered = sorted(confidences, key=lambda pair: -pair[0])
    points = []
    for share in shares:
        answered = ordered[: max(1, round(share * len(ordered)))]
        if answered:
            precision = sum(hit for _, hit in answered) / len(answered)
            points.append({"share": share, "threshold": answered[-1][0], "hit@1": precision})
    return points


def bootstrap_interval(values: Sequence[float] | np.ndarray) -> Interval:
    """Return the mean and its 95% bootstrap interval."""
    numbers = np.asarray(values, float)
    draw = np.random.default_rng(0)
    means = numbers[draw.integers(len(numbers), size=(DRAWS, len(numbers)))].mean(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(numbers.mean()), float(low), float(high)


def auc(scores: np.ndarray, correct: np.ndarray) -> float:
    """Return the probability that a correct item scores above another one; ties count half, 0.5 without both kinds.

    Args:
        scores: (m,)
        correct: (m,) bool.
    """
    values, rank = np.unique(scores, return_inverse=True)
    below = np.searchsorted(np.sort(scores), values, side="left") + 1
    above = np.searchsorted(np.sort(scores), values, side="right")
    ranks = ((below + above) / 2)[rank]
    positive = int(correct.sum())
    negative = len(correct) - positive
    if not positive or not negative:
        return 0.5
    return float((ranks[correct].sum() - positive * (positive + 1) / 2) / positive / negative)
