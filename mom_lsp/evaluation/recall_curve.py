"""Prints the lag-CRP and the clustering of simulated free recall: `python -m mom_lsp.evaluation.recall_curve`."""

from __future__ import annotations

import argparse

import numpy as np

from mom_lsp.cues.recall import clustering, lag_crp, make_list, recall_list

ITEMS, RECALLS, WIDTH, CATEGORIES, LIKENESS = 16, 10, 64, 4, 0.1
FURTHEST = 5  # lag shown


def simulate(
    lists: int, seed: int, likeness: float = LIKENESS
) -> tuple[dict[int, float], tuple[float, float], dict[int, float]]:
    """Return the lag-CRP, the clustering with its chance, and the lag-CRP of the same recalls in random order."""
    random = np.random.default_rng(seed)
    studied = [make_list(ITEMS, WIDTH, CATEGORIES, likeness, random) for _ in range(lists)]
    orders = [recall_list(items, RECALLS, random) for items, _ in studied]
    chance = [random.permutation(ITEMS)[:RECALLS].tolist() for _ in orders]
    grouped = clustering(orders, [categories for _, categories in studied])
    return lag_crp(orders, ITEMS, FURTHEST), grouped, lag_crp(chance, ITEMS, FURTHEST)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lists", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    curve, (within, expected), random = simulate(asked.lists, asked.seed)
    print(f"{'lag':>4} {'CRP':>6} {'random':>7}")
    for lag, share in curve.items():
        print(f"{lag:+4d} {share:6.3f} {random[lag]:7.3f}  {'#' * round(100 * share)}")
    print(f"transitions within a category: {within:.3f}, by chance {expected:.3f}")


if __name__ == "__main__":
    main()
