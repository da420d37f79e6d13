"""How good ranked lists are: recall, reciprocal rank, and how sure we are of either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mom_lsp.tuning.labels import Label

METRICS = ("R@1", "R@3", "R@5", "R@10", "MRR@10", "Hit@3")
CUTS = (1, 3, 5, 10)
DRAWS = 1_000  # of the bootstrap
Interval = tuple[float, float, float]  # mean, low and high end of 95%
Table = dict[str, dict[str, Interval | int]]


def one(ranked: Sequence[str], gold: set[str]) -> list[float]:
    """Return METRICS of one ranked list."""
    hits = [rank for rank, sha in enumerate(list(dict.fromkeys(ranked))[:10], 1) if sha in gold]
    recalls = [sum(rank <= cut for rank in hits) / len(gold) for cut in CUTS]
    return [*recalls, 1 / hits[0] if hits else 0.0, float(bool(hits) and hits[0] <= 3)]


def table(predictions: Mapping[str, Sequence[str]], labels: Sequence[Label]) -> Table:
    """Return the metrics of each group of labels: all, hard (without what nobody needs to be reminded of), by kind."""
    groups: dict[str, list[list[float]]] = {"all": [], "hard": []}
    for label in labels:
        ranked = predictions.get(label.query, ())
        row = one(ranked, set(label.gold))
        groups["all"].append(row)
        groups.setdefault(label.kind, []).append(row)
        if hard := set(label.gold) - label.own_day:
            groups["hard"].append(one([sha for sha in ranked if sha not in label.own_day], hard))
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


def curve(sure: Sequence[tuple[float, bool]], shares: Sequence[float]) -> list[dict[str, float]]:
    """Return how precise the first suggestion is if only the surest share of queries is answered.

    Args:
        sure: of each query, how sure the first suggestion is and whether it is right.
        shares: of the queries that are answered.
    """
    ordered = sorted(sure, key=lambda pair: -pair[0])
    points = []
    for share in shares:
        kept = ordered[: max(1, round(share * len(ordered)))]
        if kept:
            right = sum(hit for _, hit in kept) / len(kept)
            points.append({"share": share, "threshold": kept[-1][0], "hit@1": right})
    return points


def answered(sure: Sequence[tuple[float, bool]], threshold: float) -> dict[str, float]:
    """Return the share of the queries that a threshold lets through, and how often the first of these is right."""
    kept = [hit for chance, hit in sure if chance >= threshold]
    return {
        "threshold": threshold,
        "share": len(kept) / len(sure) if sure else 0.0,
        "hit@1": sum(kept) / len(kept) if kept else 0.0,
    }


def interval(values: Sequence[float] | np.ndarray) -> Interval:
    """Return the mean and its 95% bootstrap interval."""
    numbers = np.asarray(values, float)
    draw = np.random.default_rng(0)
    means = numbers[draw.integers(len(numbers), size=(DRAWS, len(numbers)))].mean(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(numbers.mean()), float(low), float(high)
