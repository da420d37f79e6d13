"""From which chance on `mom why` reads a memory that wrote nothing of a line, but changed its function or what is near.

    python -m mom_lsp.evaluation.why_threshold REPO LABELS [--limit 300]

Asked at the lines that label commits were about to change, as of that moment: how often is the commit that they name
among such memories, and how many others come with it? `workspace.why.LEAST_CHANCE` is the largest threshold of the
table that keeps 95% of the right ones.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mom_lsp.route.linear_model import LinearModel
from mom_lsp.tuning.cases import Case
from mom_lsp.tuning.gather import gather_cases
from mom_lsp.tuning.labels import load_labels, sample
from mom_lsp.tuning.rank import editing_model, scores
from mom_lsp.workspace.ranking.citations import OTHERS

THRESHOLDS = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
KEPT = 0.95  # of the right ones


@dataclass(frozen=True, slots=True)
class WhyCandidate:
    """What a threshold does."""

    threshold: float
    read: float  # memories a question
    kept: float  # the share of the right ones
    precision: float  # the share of what is read that is right


def rows(cases: Sequence[Case], model: LinearModel) -> list[WhyCandidate]:
    """Return a row for each threshold."""
    found = [_others(case, model) for case in cases]
    every = sum(int(right.sum()) for _, right in found)
    made = []
    for threshold in THRESHOLDS:
        right = [right[chances >= threshold] for chances, right in found]
        read, kept = sum(map(len, right)), sum(int(one.sum()) for one in right)
        made.append(WhyCandidate(threshold, read / max(1, len(cases)), kept / max(1, every), kept / max(1, read)))
    return made


def best(made: Sequence[WhyCandidate]) -> float:
    """Return the largest threshold that keeps enough of the right ones."""
    return max(row.threshold for row in made if row.kept >= KEPT)


def _others(case: Case, model: LinearModel) -> tuple[np.ndarray, np.ndarray]:
    """Return the chances of the memories that are read at most, best first, and which of them are right; (k,) both."""
    belongs = (case.features["wrote"] == 0) & ((case.features["symbol"] > 0) | (case.features["near"] > 0))
    at = np.flatnonzero(belongs)
    if not len(at):
        return np.zeros(0), np.zeros(0, bool)
    found = scores(case, model)[at]
    order = np.argsort(-found, kind="stable")[:OTHERS]
    return model.chances(found[order]), case.correct[at][order]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Choose from which chance on `mom why` reads a memory.")
    parser.add_argument("repository", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--limit", type=int, default=300)
    chosen = parser.parse_args()
    labels = sample(load_labels(chosen.labels), chosen.limit)
    cases = gather_cases(chosen.repository, labels, lambda *_: None)
    made = rows(cases, editing_model(cases).scaled({"temp": 0.0}))
    for row in made:
        sys.stdout.write(
            f"chance >= {row.threshold:<6g} {row.read:5.2f} read a question, {row.kept:6.1%} of the right ones kept,"
            f" {row.precision:5.1%} of what is read is right\n"
        )
    sys.stdout.write(f"the largest that keeps {KEPT:.0%}: {best(made):g}\n")


if __name__ == "__main__":
    main()
