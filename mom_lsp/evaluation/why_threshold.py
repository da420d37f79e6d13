"""Chooses the minimum relevance at which `mom why` reads a memory that only changed the function or a nearby line.

    python -m mom_lsp.evaluation.why_threshold REPO LABELS [--limit 300]

Measured on the lines that label commits were about to change, as of that time: the recall of the referenced commits
among such memories, and how many others are read. `workspace.ranking.citations.LEAST_CHANCE` is the largest threshold
of the table with a recall of at least 95%.
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
from mom_lsp.tuning.gather import configured_encoder, gather_cases
from mom_lsp.tuning.labels import load_labels, sample
from mom_lsp.tuning.rank import default_editing_model, scores
from mom_lsp.workspace.ranking.citations import OTHERS

THRESHOLDS = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
RECALL = 0.95  # relative to no threshold


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """The effect of one threshold."""

    threshold: float
    read: float  # memories per question
    recall: float  # relative to no threshold
    precision: float


def threshold_rows(cases: Sequence[Case], model: LinearModel) -> list[ThresholdRow]:
    """Return a row for each threshold."""
    found = [_others(case, model) for case in cases]
    total = sum(int(correct.sum()) for _, correct in found)
    rows = []
    for threshold in THRESHOLDS:
        passed = [correct[probabilities >= threshold] for probabilities, correct in found]
        read, hits = sum(map(len, passed)), sum(int(one.sum()) for one in passed)
        rows.append(ThresholdRow(threshold, read / max(1, len(cases)), hits / max(1, total), hits / max(1, read)))
    return rows


def largest_threshold(rows: Sequence[ThresholdRow]) -> float:
    """Return the largest threshold with enough recall."""
    return max(row.threshold for row in rows if row.recall >= RECALL)


def _others(case: Case, model: LinearModel) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities of the memories that are read, best first, and which are correct; (k,) both."""
    belongs = (case.features["wrote"] == 0) & ((case.features["symbol"] > 0) | (case.features["near"] > 0))
    at = np.flatnonzero(belongs)
    if not len(at):
        return np.zeros(0), np.zeros(0, bool)
    found = scores(case, model)[at]
    order = np.argsort(-found, kind="stable")[:OTHERS]
    return model.chances(found[order]), case.correct[at][order]


def main() -> None:
    """Print the table and the chosen threshold."""
    parser = argparse.ArgumentParser(description="Choose the minimum relevance of the memories that `mom why` reads.")
    parser.add_argument("repository", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--limit", type=int, default=300)
    chosen = parser.parse_args()
    labels = sample(load_labels(chosen.labels), chosen.limit)
    cases = gather_cases(chosen.repository, labels, lambda *_: None, encoder=configured_encoder(chosen.repository))
    rows = threshold_rows(cases, default_editing_model(cases).scaled({"temp": 0.0}))
    for row in rows:
        sys.stdout.write(
            f"relevance >= {row.threshold:<6g} {row.read:5.2f} read per question, recall {row.recall:6.1%},"
            f" precision {row.precision:5.1%}\n"
        )
    sys.stdout.write(f"largest threshold with a recall of {RECALL:.0%}: {largest_threshold(rows):g}\n")


if __name__ == "__main__":
    main()
