"""`mom tune`: weights fitted on the user's own history, and kept only if they win on what came later."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mom_lsp.errors import UsageError
from mom_lsp.evaluation.cache import Step
from mom_lsp.evaluation.cases import Case
from mom_lsp.evaluation.fit import fit, plain
from mom_lsp.evaluation.labels import Label
from mom_lsp.evaluation.metrics import one
from mom_lsp.evaluation.rank import rank
from mom_lsp.evaluation.run import Request, gather
from mom_lsp.git import Repository, locate
from mom_lsp.route.catalog import Catalog, View
from mom_lsp.route.columns import COLUMNS
from mom_lsp.route.learned import Model, shipped
from mom_lsp.store import Store

LEAST = 40  # labels that are worth learning from
LATER = 0.3  # of the labels, the newest: they judge
SURE, DRAWS = 0.9, 1_000  # how sure the bootstrap has to be that the new weights are better
RECALL_3, RECIPROCAL = 1, 4  # of metrics.METRICS


def own_labels(root: Path) -> list[Label]:
    """Return the commits of HEAD whose message names earlier ones, with those, oldest first.

    Raises:
        UsageError: no repository, or one without a commit.
        NoIndex: it is not indexed.
    """
    location = locate(root)
    head = Repository(location).resolve() if location.git else None
    if head is None:
        raise UsageError(f"{root} is not a git repository with a commit: there is no history to learn from")
    catalog = Catalog.of_table(Store(location.data).columns(COLUMNS))
    return labels_of(View(catalog, Repository(location).history(head), {}))


def labels_of(view: View) -> list[Label]:
    """Return one label for each memory of a view that names earlier ones, oldest first."""
    named: dict[int, list[str]] = {}
    for edge in view.edges:
        if view.distance[edge.target] > view.distance[edge.source] >= 0:
            named.setdefault(edge.source, []).append(view.commit_of[edge.target])
    rows = sorted(named, key=lambda row: -int(view.distance[row]))
    return [
        Label(view.commit_of[row], tuple(dict.fromkeys(named[row])), time=int(view.catalog.time[row])) for row in rows
    ]


def tune(root: Path, limit: int, step: Step) -> tuple[dict[str, Any], Model | None]:
    """Return what came of it, as JSON would have it, and the new weights if they win.

    Args:
        root: of the worktree.
        limit: how many of the newest labels are looked at.
        step: is told how far it is.

    Raises:
        UsageError: too few commits name an earlier one.
        NoIndex: the repository is not indexed.
    """
    labels = own_labels(root)[-limit:]
    if len(labels) < LEAST:
        raise UsageError(
            f'{len(labels)} commits here name an earlier one ("Fixes: 1a2b3c4", "Follow-up to …");'
            f" at least {LEAST} are needed to learn from. The weights stay as they are."
        )
    cases = sorted(gather(Request(root, root), labels, step), key=lambda case: case.label.time)
    cut = round(len(cases) * (1 - LATER))
    ours = shipped("editing")
    new = fit(cases[:cut], near=ours)
    old_rows, new_rows = (_rows(cases[cut:], model) for model in (ours, new))
    kept = wins(new_rows[:, RECIPROCAL] - old_rows[:, RECIPROCAL])
    document = {
        "learned_from": cut,
        "judged_on": len(cases) - cut,
        "shipped": _told(old_rows),
        "own": _told(new_rows),
        "kept": kept,
    }
    return document, new if kept else None


def wins(gains: np.ndarray) -> bool:
    """Whether gains, (q,), one a label, are above 0 on average and not by chance."""
    draw = np.random.default_rng(0)
    means = [gains[draw.integers(len(gains), size=len(gains))].mean() for _ in range(DRAWS)]
    return bool(np.quantile(means, 1 - SURE) > 0)


def event_of(model: Model | None) -> dict[str, Any]:
    """Return what the journal is told: the weights, or nothing to go back to the shipped ones."""
    return {"editing": plain(model)} if model else {}


def _rows(cases: Sequence[Case], model: Model) -> np.ndarray:
    """Return the metrics of each case, (q, metrics)."""
    return np.array([one(rank(case, model), set(case.label.gold)) for case in cases])


def _told(rows: np.ndarray) -> dict[str, float]:
    return {"R@3": float(rows[:, RECALL_3].mean()), "MRR@10": float(rows[:, RECIPROCAL].mean())}
