"""Fits the weights that are shipped, on label repositories: the chance that a candidate is the one that was named.

    python -m mom_lsp.evaluation.fit_weights --form editing --limit 600 REPO=LABELS … -o mom_lsp/route/weights.json

A conditional logit (each query's candidates compete), then a calibration of its scores to probabilities. Each
repository is also predicted from the others, which is what the printed numbers say.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from mom_lsp.evaluation.curve_plot import draw
from mom_lsp.evaluation.evaluate import asked_for
from mom_lsp.route.features import FEATURES, TERM_OF
from mom_lsp.route.linear_model import LinearModel
from mom_lsp.tuning.cases import Case
from mom_lsp.tuning.fit import as_json, fit
from mom_lsp.tuning.gather import gather_cases
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


def across(sets: dict[str, list[Case]], names: Sequence[str]) -> dict[str, list[tuple[float, bool]]]:
    """Print how well each repository is predicted from the others; return how sure its first suggestions are.

    How well it is predicted from itself stands below: no weights of these features can do much better than that.
    """
    surely = {}
    for held in sets if len(sets) > 1 else ():
        model = fit([case for name, cases in sets.items() if name != held for case in cases], names)
        cases = sets[held]
        surely[held] = sure = [first_confidence(case, model) for case in cases]
        _say(f"{held} from the others: {_shown(cases, model)}")
        _say(f"{held} from itself: {_shown(cases, fit(cases, names))}")
        for threshold in (0.1, 0.15, 0.2, 0.3, 0.4, 0.5):
            at = at_threshold(sure, threshold)
            _say(f"  chance >= {threshold:.2f}: {at['share']:.0%} answered, Hit@1 {at['hit@1']:.3f}")
    return surely


def _shown(cases: Sequence[Case], model: LinearModel) -> str:
    row = metric_table({case.label.query: rank(case, model) for case in cases}, [case.label for case in cases])["all"]
    return " ".join(f"{name} {row[name][0]:.3f}" for name in METRICS)  # type: ignore[index]


def main() -> None:
    """Fit one form and write its weights beside those of the other."""
    parser = argparse.ArgumentParser(description="Fit the weights that are shipped.")
    parser.add_argument("sets", nargs="+", metavar="REPO=LABELS")
    parser.add_argument("--form", choices=["editing", "intent"], default="editing")
    parser.add_argument("--limit", type=int, default=600)
    parser.add_argument("--curve", type=Path, metavar="FILE.svg", help="draw how each is predicted from the others")
    parser.add_argument("-o", "--out", type=Path, required=True)
    chosen = parser.parse_args()
    sets = {}
    for pair in chosen.sets:
        repository, _, labels = pair.partition("=")
        sets[repository] = gather_cases(
            Path(repository), sample(load_labels(Path(labels)), chosen.limit), _step, form=chosen.form
        )
    kept = json.loads(chosen.out.read_text("utf-8")) if chosen.out.exists() else {}
    sure, thresholds = dict[str, list[tuple[float, bool]]](), dict[str, float]()
    for mode, names in NAMES[chosen.form].items():
        _say(f"{mode}:")
        asked = {name: list(map(writers_only, cases)) for name, cases in sets.items()} if mode == "hints" else sets
        lines = {f"{Path(name).name} {mode}": pairs for name, pairs in across(asked, names).items()}
        if mode != "unencoded":  # the minutes before there are vectors are not drawn
            sure |= lines
            thresholds |= dict.fromkeys(lines, asked_for()["hints" if mode == "hints" else "suggestions"])
        kept[mode] = as_json(fit([case for cases in asked.values() for case in cases], names))
    if chosen.curve:
        draw(chosen.curve, sure, thresholds)
    chosen.out.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


def _step(name: str, done: int, total: int) -> None:
    if total and done % 100 == 0:
        _say(f"{name}: {done} of {total}")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main()
