"""Fits the weights that ship, on labelled repositories: the probability that a candidate is the referenced commit.

    python -m mom_lsp.evaluation.fit_weights --form editing --limit 600 REPO=LABELS … -o mom_lsp/route/weights.json

A conditional logit (each query's candidates compete), then a calibration of its scores to probabilities. The printed
metrics are from leave-one-repository-out cross-validation.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mom_lsp.route.features import EDITING, TERM_OF
from mom_lsp.route.linear_model import LinearModel
from mom_lsp.tuning.cases import Case
from mom_lsp.tuning.fit import as_json, fit
from mom_lsp.tuning.gather import configured_encoder, gather_cases
from mom_lsp.tuning.labels import load_labels, sample
from mom_lsp.tuning.metrics import METRICS, metric_table
from mom_lsp.tuning.rank import rank, writers_only

TEXT_ONLY = ("bm25", "bm25_first", "body", "cosine", "cosine_first", "distance", "strength", "newest", "files", "named")
HINTS = ("paths", "path_newest", "files", "body", "distance", "strength", "named", "named_lately")
UNENCODED = tuple(name for name in EDITING if TERM_OF[name] != "sem")
NAMES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "editing": {"editing": EDITING, "unencoded": UNENCODED, "hints": HINTS},
    "intent": {"intent": TEXT_ONLY},
}  # form -> mode -> features; `fit_search` fits those of a search


def cross_validate(sets: dict[str, list[Case]], names: Sequence[str]) -> None:
    """Print the metrics of each repository with weights fitted on the others.

    The metrics with weights fitted on the repository itself are an upper bound for these features.
    """
    for held_out in sets if len(sets) > 1 else ():
        model = fit([case for name, cases in sets.items() if name != held_out for case in cases], names)
        cases = sets[held_out]
        _print(f"{held_out}, fitted on the others: {_metrics(cases, model)}")
        _print(f"{held_out}, fitted on itself: {_metrics(cases, fit(cases, names))}")


def _metrics(cases: Sequence[Case], model: LinearModel) -> str:
    row = metric_table({case.label.query: rank(case, model) for case in cases}, [case.label for case in cases])["all"]
    return " ".join(f"{name} {row[name][0]:.3f}" for name in METRICS)  # type: ignore[index]


def main() -> None:
    """Fit the weights of one form and update them in the file."""
    parser = argparse.ArgumentParser(description="Fit the weights that ship.")
    parser.add_argument("sets", nargs="+", metavar="REPO=LABELS")
    parser.add_argument("--form", choices=["editing", "intent"], default="editing")
    parser.add_argument("--limit", type=int, default=600)
    parser.add_argument("-o", "--out", type=Path, required=True)
    chosen = parser.parse_args()
    sets = {}
    for pair in chosen.sets:
        repository, _, file = pair.partition("=")
        labels, encoder = sample(load_labels(Path(file)), chosen.limit), configured_encoder(Path(repository))
        sets[repository] = gather_cases(Path(repository), labels, _step, form=chosen.form, encoder=encoder)
    weights = json.loads(chosen.out.read_text("utf-8")) if chosen.out.exists() else {}
    for mode, names in NAMES[chosen.form].items():
        _print(f"{mode}:")
        used = {name: list(map(writers_only, cases)) for name, cases in sets.items()} if mode == "hints" else sets
        cross_validate(used, names)
        weights[mode] = as_json(fit([case for cases in used.values() for case in cases], names))
    chosen.out.write_text(json.dumps(weights, indent=1) + "\n", "utf-8")


def _step(name: str, done: int, total: int) -> None:
    if total and done % 100 == 0:
        _print(f"{name}: {done} of {total}")


def _print(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main()
