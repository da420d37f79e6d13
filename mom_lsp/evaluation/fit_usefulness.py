"""Fits usefulness: which memories somebody who edits a line is glad to have read there.

    python -m mom_lsp.evaluation.fit_usefulness LABELS --repo OWNER/NAME=CLONE … [-o mom_lsp/route/usefulness.json]
        [--curve FILE.svg]

A label is a line, a commit, and the verdicts of two readers who saw both without score or rank: U for useful, D for
dull, I for irrelevant. Prints how far the readers agree, then what a threshold would show, each repository with weights
fitted on the others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mom_lsp.evaluation.asked import Line, known_at_lines, unused_workspace
from mom_lsp.evaluation.clones import clones_of
from mom_lsp.evaluation.curve_plot import plot_calibration
from mom_lsp.evaluation.verdicts import IRRELEVANT, USEFUL, agreement, is_irrelevant, is_useful
from mom_lsp.route.usefulness import ABOUT, WORTH, Logistic, Usefulness
from mom_lsp.tuning.logit import logit
from mom_lsp.tuning.metrics import auc

THRESHOLDS = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4)
SHOWN = 3  # suggestions of a line
PENALTY = 1e-3
CONSTANT = 1e-9  # a feature that spreads less is the same for all pairs


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """A memory at a line, with the readers' verdicts."""

    repository: str
    line: Line
    verdicts: str
    features: Mapping[str, float]
    score: float = 0.0  # in log-odds, by which the memories of a line are ordered
    commit: str = ""  # that the memory is of
    revision: str = ""  # whose line it is

    @property
    def useful(self) -> float:
        """The share of the readers for whom it is useful."""
        return self.verdicts.count(USEFUL) / len(self.verdicts)

    @property
    def about(self) -> float:
        """The share of the readers for whom it is about the line."""
        return 1 - self.verdicts.count(IRRELEVANT) / len(self.verdicts)


@dataclass(frozen=True, slots=True)
class Models:
    """The two factors of usefulness."""

    about: Logistic
    worth: Logistic

    def usefulness(self, pairs: Sequence[JudgedPair]) -> Usefulness:
        """Return how useful each is, (m,)."""
        values = {name: np.array([pair.features[name] for pair in pairs]) for name in (*ABOUT, *WORTH)}
        wrote = (values["wrote"] > 0) | (values["wrote_before"] > 0)
        return Usefulness(self.about.probability(values), self.worth.probability(values), wrote)


@dataclass(slots=True)
class Outcome:
    """What a threshold shows of the judged memories."""

    lines: int = 0
    answered: int = 0
    first: list[str] = field(default_factory=list)  # verdicts on the first memory of each answered line
    known: int = 0  # lines with a useful memory
    found: int = 0  # of them, those at which it is shown

    def __str__(self) -> str:
        """Return one line of text."""
        useful = np.mean(list(map(is_useful, self.first))) if self.first else 0.0
        irrelevant = np.mean(list(map(is_irrelevant, self.first))) if self.first else 0.0
        return (
            f"answered {self.answered} of {self.lines} lines, first useful {useful:.0%}, irrelevant {irrelevant:.0%};"
            f" useful memory shown {self.found} of {self.known}"
        )


def judged_pairs(labels: Path, clones: Mapping[str, Path]) -> list[JudgedPair]:
    """Return the labelled pairs of the indexed clones, except memories that are never suggested."""
    rows = [json.loads(line) for line in labels.read_text("utf-8").splitlines()]
    found = []
    for name, clone in clones.items():
        verdicts: dict[Line, dict[str, str]] = {}
        for row in (row for row in rows if row["repo"] == name):
            verdicts.setdefault((row["path"], row["line"]), {})[row["commit"]] = row["verdicts"]
        revision = next(row["rev"] for row in rows if row["repo"] == name)
        asked = {line: list(commits) for line, commits in verdicts.items()}
        with unused_workspace(clone) as workspace:
            for line, known in known_at_lines(workspace, revision, asked, _step).items():
                found += [JudgedPair(name, line, verdicts[line][sha], *known[sha], sha, revision) for sha in known]
    return found


def fitted(pairs: Sequence[JudgedPair]) -> Models:
    """Return the models of some pairs; what counts as worth reading is asked of pairs that are about the line."""
    about = [pair for pair in pairs if pair.about >= 0.5]
    worth = np.array([min(1.0, pair.useful / pair.about) for pair in about])
    return Models(_logistic(pairs, ABOUT, np.array([p.about for p in pairs])), _logistic(about, WORTH, worth))


def _logistic(pairs: Sequence[JudgedPair], names: Sequence[str], target: np.ndarray) -> Logistic:
    """Return a model whose weights are not negative: a feature that would speak against is left out."""
    x = np.array([[pair.features[name] for name in names] for pair in pairs])
    scale = np.where(x.std(0) > CONSTANT, x.std(0), 1.0)
    ones = np.ones((len(x), 1))
    weights = logit(np.hstack([x / scale, ones]), target, penalty=np.array([PENALTY] * len(names) + [0.0]))
    if (weights[:-1] < 0).any():
        left = [name for name, weight in zip(names, weights[:-1].tolist(), strict=True) if weight >= 0]
        return _logistic(pairs, left, target)
    return Logistic(dict(zip(names, (weights[:-1] / scale).tolist(), strict=True)), float(weights[-1]))


def cross_validated(pairs: Sequence[JudgedPair]) -> Usefulness:
    """Return the usefulness of each pair by models fitted on the other repositories, (m,)."""
    names, size = np.array([pair.repository for pair in pairs]), len(pairs)
    found = Usefulness(np.zeros(size), np.zeros(size), np.zeros(size, bool))
    for name in dict.fromkeys(names.tolist()):
        models, at = fitted([pair for pair in pairs if pair.repository != name]), names == name
        one = models.usefulness([pair for pair in pairs if pair.repository == name])
        found.about[at], found.worth[at], found.wrote[at] = one.about, one.worth, one.wrote
    return found


def outcome(pairs: Sequence[JudgedPair], usefulness: Usefulness, threshold: float) -> Outcome:
    """Return what a threshold shows: at most three memories of a line, by their score."""
    lines: dict[tuple[str, Line], list[tuple[bool, JudgedPair]]] = {}
    for pair, suffices in zip(pairs, usefulness.suffices(threshold).tolist(), strict=True):
        lines.setdefault((pair.repository, pair.line), []).append((suffices, pair))
    total = Outcome(len(lines))
    for candidates in lines.values():
        ordered = sorted(candidates, key=lambda one: -one[1].score)
        shown = [pair for suffices, pair in ordered if suffices][:SHOWN]
        total.known += any(pair.useful >= 0.5 for _, pair in candidates)
        total.found += any(pair.useful >= 0.5 for pair in shown)
        total.answered += bool(shown)
        total.first += [pair.verdicts for pair in shown[:1]]
    return total


def main() -> None:
    """Print agreement and cross-validated outcomes, and write the models."""
    parser = argparse.ArgumentParser(description="Fit which memories are useful at a line.")
    parser.add_argument("labels", type=Path)
    parser.add_argument("--repo", action="append", required=True, metavar="OWNER/NAME=CLONE")
    parser.add_argument("--curve", type=Path, metavar="FILE.svg", help="draw the calibration")
    parser.add_argument("-o", "--out", type=Path)
    chosen = parser.parse_args()
    pairs = judged_pairs(chosen.labels, clones_of(chosen.repo))
    useful = np.array([pair.useful >= 0.5 for pair in pairs])
    about = np.array([pair.about >= 0.5 for pair in pairs])
    equal, kappa = agreement([pair.verdicts for pair in pairs])
    _print(
        f"{len(pairs)} pairs, {useful.sum()} useful, {(~about).sum()} irrelevant;"
        f" the readers agree on {equal:.1%}, kappa {kappa:.2f}"
    )
    found = cross_validated(pairs)
    score = np.array([pair.score for pair in pairs])
    for name, values in (("usefulness", found.probability), ("score alone", score)):
        _print(
            f"AUC of {name}: {auc(values, useful):.3f}; of pairs about the line {auc(values[about], useful[about]):.3f}"
        )
    for threshold in THRESHOLDS:
        _print(f"  usefulness >= {threshold:.2f}: {outcome(pairs, found, threshold)}")
    if chosen.curve:
        plot_calibration(chosen.curve, found.probability, useful)
    models = fitted(pairs)
    for name, model in (("about", models.about), ("worth", models.worth)):
        _print(f"{name}: " + ", ".join(f"{n} {w:+.2f}" for n, w in model.weights.items()) + f"; {model.intercept:+.2f}")
    if chosen.out:
        chosen.out.write_text(json.dumps({"about": _json(models.about), "worth": _json(models.worth)}, indent=1) + "\n")


def _json(model: Logistic) -> dict[str, object]:
    return {"intercept": round(model.intercept, 4), "weights": {n: round(w, 4) for n, w in model.weights.items()}}


def _step(line: Line) -> None:
    sys.stderr.write(f"{line[0]}:{line[1]}\n")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
