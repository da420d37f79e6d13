"""`mom eval`: recall, MRR and abstention of the product on labels, compared with baselines and ablations."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mom_lsp.errors import UsageError
from mom_lsp.evaluation.baselines import Baselines
from mom_lsp.evaluation.cue_ablation import SHIPPED, cue_rows, gain
from mom_lsp.evaluation.curve_plot import plot_curve
from mom_lsp.evaluation.feature_ablation import GROUPS, Predictions, learned_rows, seed_rows
from mom_lsp.evaluation.hint_exposure import exposures
from mom_lsp.evaluation.recent_activity import RecentActivity
from mom_lsp.evaluation.strategy_ablation import strategy_rows
from mom_lsp.evaluation.tier_ablation import life_rows
from mom_lsp.route.linear_model import LinearModel, shipped
from mom_lsp.tuning.cache import Step
from mom_lsp.tuning.cases import Annotator, Case
from mom_lsp.tuning.gather import configured_encoder, gather_cases
from mom_lsp.tuning.labels import Label, load_labels, own_labels, sample
from mom_lsp.tuning.metrics import abstention_curve, metric_table
from mom_lsp.tuning.rank import default_editing_model, first_confidence, rank, writers_only
from mom_lsp.workspace import Library
from mom_lsp.workspace.workspace import TASK_CHANCE

SHARES = (0.1, 0.2, 1 / 3, 0.5, 0.7, 1.0)  # of the queries, at which the abstention curve is printed


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """The options of one evaluation."""

    repository: Path
    labels: Path | None = None  # None for the repository's own
    form: str = "editing"
    limit: int = 0  # 0 for all
    ablate: str = ""  # "", "all", or one of GROUPS, "seed", "life", "cues" or "strategies"
    meaning: bool | None = None  # whether queries have embeddings; None for those that have one in the product
    curve: Path | None = None  # where to draw the abstention curve


def evaluate(request: EvaluationRequest, step: Step) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Return the report, in the format of `mom eval --json`, and the predictions.

    Raises:
        UsageError: not a git repository, no labels, or labels of another repository.
        NoIndex: the repository is not indexed.
    """
    if request.ablate not in ("", "all", "seed", "life", "cues", "strategies", *GROUPS):
        choices = f"all, seed, life, cues, strategies, or one of {', '.join(GROUPS)}"
        raise UsageError(f"--ablate={request.ablate}: choose {choices}")
    labels = load_labels(request.labels) if request.labels else own_labels(request.repository)
    chosen = sample(labels, request.limit) if request.limit else labels
    annotators: list[Callable[[Library], Annotator]] = [Baselines]
    if request.ablate == "cues":
        annotators.append(lambda library: RecentActivity(library.snapshot()))
    compared = request.form != "editing" if request.meaning is None else request.meaning
    encoder = configured_encoder(request.repository) if compared else None
    cases = gather_cases(request.repository, chosen, step, form=request.form, encoder=encoder, annotators=annotators)
    if not cases:
        if request.labels:
            raise UsageError(f"{request.labels} has no query among the ancestors of HEAD in {request.repository}")
        raise UsageError(f'{request.repository} has no commits like "Fixes: 1a2b3c4" to use as labels: pass --labels')
    document, predictions = report(request, chosen, cases)
    if request.ablate == "life":
        document["hints"] = {name: asdict(found) for name, found in exposures(request.repository, step).items()}
    return document, predictions


def report(
    request: EvaluationRequest, labels: Sequence[Label], cases: Sequence[Case]
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Return metrics of the product, the baselines and the ablations, the abstention curves, and the predictions."""
    if request.form != "editing":
        labels = [case.label for case in cases]  # other labels have no query of this form
    model = shipped("intent") if request.form == "intent" else default_editing_model(cases)
    predictions = {case.label.query: rank(case, model) for case in cases}
    lists = {name: {c.label.query: c.ranked[name] for c in cases if name in c.ranked} for name in cases[0].ranked}
    confidences = first_confidences(request.form, cases)
    if request.curve:
        plot_curve(request.curve, confidences)
    document: dict[str, Any] = {
        "repository": str(request.repository),
        "form": request.form,
        "labels": len(labels),
        "asked": len(cases),
        "candidates": float(np.mean([len(case.rows) for case in cases])),
        "reachable": float(np.mean([case.correct.sum() / len(case.label.gold) for case in cases])),
        "methods": {
            "mom": metric_table(predictions, labels),
            **_search_metrics(request, cases, labels),
            **{name: metric_table(ranked, labels) for name, ranked in lists.items()},
        },
        "abstention": {name: abstention_curve(pairs, SHARES) for name, pairs in confidences.items()},
    }
    if request.ablate == "life":
        document["ablation"] = {
            name: metric_table(found.predictions, labels)["all"]
            | {count: getattr(found, count) for count in ("accepted", "hints", "right", "barred")}
            for name, found in life_rows(cases, model).items()
        }
    elif request.ablate == "strategies":
        counts = ("accepted", "dropped", "trials", "helped", "variety")
        document["ablation"] = {
            name: metric_table(found.predictions, labels)["all"] | {count: getattr(found, count) for count in counts}
            for name, found in strategy_rows(cases, model, TASK_CHANCE).items()
        }
    elif request.ablate == "cues":
        rows = cue_rows(cases, model)
        later = [label for label in labels if label.query in rows[SHIPPED].predictions]
        document["ablation"] = {
            f"{name}, later half": metric_table(row.predictions, later)["all"] | {"gain": gain(row, rows[SHIPPED])}
            for name, row in rows.items()
        }
    elif request.ablate:
        document["ablation"] = {
            name: metric_table(found, labels)["all"] for name, found in _ablated(cases, model, request.ablate).items()
        }
    return document, predictions


def _ablated(cases: Sequence[Case], model: LinearModel, group: str) -> dict[str, Predictions]:
    return seed_rows(cases) if group == "seed" else learned_rows(cases, model, group)


def first_confidences(form: str, cases: Sequence[Case]) -> dict[str, list[tuple[float, bool]]]:
    """Return the probability of each case's first suggestion and whether it is correct; while editing, of hints too."""
    if form == "intent":
        return {"suggestions": [first_confidence(case, shipped("intent")) for case in cases]}
    model, hints = default_editing_model(cases), shipped("hints")
    return {
        "suggestions": [first_confidence(case, model) for case in cases],
        "hints": [first_confidence(writers_only(case), hints) for case in cases],
    }


def _search_metrics(request: EvaluationRequest, cases: Sequence[Case], labels: Sequence[Label]) -> dict[str, Any]:
    """Return the metrics of `mom search`, whose weights have no recency term."""
    if request.form != "intent":
        return {}
    return {"mom search": metric_table({case.label.query: rank(case, shipped("search")) for case in cases}, labels)}


def write_predictions(path: Path, predictions: dict[str, list[str]]) -> None:
    """Write predictions, one JSON object per line."""
    lines = [json.dumps({"query": query, "ranked": ranked[:10]}) for query, ranked in predictions.items()]
    path.write_text("\n".join(lines) + "\n", "utf-8")
