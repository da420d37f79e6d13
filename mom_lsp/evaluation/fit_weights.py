"""Fits the weights that ship, on labelled repositories: the probability that a candidate is the referenced commit.

    python -m mom_lsp.evaluation.fit_weights --form editing --limit 600 REPO=LABELS … -o mom_lsp/route/weights.json

A conditional logit (each query's candidates compete), then a calibration of its scores to probabilities. The printed
metrics are from leave-one-repository-out cross-validation.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from mom_lsp.evaluation.curve_plot import plot_curve
from mom_lsp.evaluation.evaluate import default_thresholds
from mom_lsp.route.features import FEATURES, TERM_OF
from mom_lsp.route.linear_model import LinearModel
from mom_lsp.tuning.cases import Case
from mom_lsp.tuning.fit import as_json, fit
from mom_lsp.tuning.gather import configured_encoder, gather_cases
from mom_lsp.tuning.labels import load_labels, sample
from mom_lsp.tuning.metrics import METRICS, at_threshold, metric_table
from mom_lsp.tuning.rank import first_confidence, rank, writers_only

TEXT_ONLY = ("bm25", "bm25_first", "body", "cosine", "cosine_first", "distance", "strength", "newest", "files", "named")
HINTS = ("paths", "path_newest", "files", "body", "distance", "strength", "named", "named_lately")
UNENCODED = tuple(name for name in FEATURES if TERM_OF[name] != "sem")
TIMELESS = tuple(name for name in TEXT_ONLY if TERM_OF[name] != "temp")
NAMES = {
    "editing": {"editing": FEATURES, "unencoded": UNENCODED, "hints": HINTS},
    "intent": {"intent": TEXT_ONLY, "why": TIMELESS},
}  # form -> mode -> features
DRAWN = {"unencoded": "suggestions", "hints": "hints", "intent": "intent", "why": "search"}  # without a task at a place


def cross_validate(sets: dict[str, list[Case]], names: Sequence[str]) -> dict[str, list[tuple[float, bool]]]:
    """Print the metrics of each repository with weights fitted on the others; return the confidences.

    The metrics with weights fitted on the repository itself are an upper bound for these features.
    """
    confidences = {}
    for held_out in sets if len(sets) > 1 else ():
        model = fit([case for name, cases in sets.items() if name != held_out for case in cases], names)
        cases = sets[held_out]
        confidences[held_out] = pairs = [first_confidence(case, model) for case in cases]
        _print(f"{held_out}, fitted on the others: {_metrics(cases, model)}")
        _print(f"{held_out}, fitted on itself: {_metrics(cases, fit(cases, names))}")
        for threshold in (0.1, 0.15, 0.2, 0.3, 0.4, 0.5):
            at = at_threshold(pairs, threshold)
            _print(f"  probability >= {threshold:.2f}: {at['share']:.0%} answered, Hit@1 {at['hit@1']:.3f}")
    return confidences


def _metrics(cases: Sequence[Case], model: LinearModel) -> str:
    row = metric_table({case.label.query: rank(case, model) for case in cases}, [case.label for case in cases])["all"]
    return " ".join(f"{name} {row[name][0]:.3f}" for name in METRICS)  # type: ignore[index]


def main() -> None:
    """Fit the weights of one form and update them in the file."""
    parser = argparse.ArgumentParser(description="Fit the weights that ship.")
    parser.add_argument("sets", nargs="+", metavar="REPO=LABELS")
    parser.add_argument("--form", choices=["editing", "intent"], default="editing")
    parser.add_argument("--limit", type=int, default=600)
    parser.add_argument("--curve", type=Path, metavar="FILE.svg", help="draw the cross-validated abstention curves")
    parser.add_argument("-o", "--out", type=Path, required=True)
    chosen = parser.parse_args()
    sets = {}
    for pair in chosen.sets:
        repository, _, file = pair.partition("=")
        labels, encoder = sample(load_labels(Path(file)), chosen.limit), configured_encoder(Path(repository))
        sets[repository] = gather_cases(Path(repository), labels, _step, form=chosen.form, encoder=encoder)
    weights = json.loads(chosen.out.read_text("utf-8")) if chosen.out.exists() else {}
    confidences, thresholds = dict[str, list[tuple[float, bool]]](), dict[str, float]()
    for mode, names in NAMES[chosen.form].items():
        _print(f"{mode}:")
        used = {name: list(map(writers_only, cases)) for name, cases in sets.items()} if mode == "hints" else sets
        validated = cross_validate(used, names)
        if mode in DRAWN:
            lines = {f"{Path(name).name} {DRAWN[mode]}": pairs for name, pairs in validated.items()}
            confidences |= lines
            thresholds |= dict.fromkeys(lines, default_thresholds()["hints" if mode == "hints" else "suggestions"])
        weights[mode] = as_json(fit([case for cases in used.values() for case in cases], names))
    if chosen.curve:
        plot_curve(chosen.curve, confidences, thresholds)
    chosen.out.write_text(json.dumps(weights, indent=1) + "\n", "utf-8")


def _step(name: str, done: int, total: int) -> None:
    if total and done % 100 == 0:
        _print(f"{name}: {done} of {total}")


def _print(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main()
