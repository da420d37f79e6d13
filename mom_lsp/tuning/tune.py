"""`mom tune`: weights fitted on the user's own history and verdicts, and kept only if they win on what came later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mom_lsp import datafolder
from mom_lsp.errors import UsageError
from mom_lsp.git import locate
from mom_lsp.journal import Journal
from mom_lsp.memory import TERMS
from mom_lsp.route.linear_model import LinearModel
from mom_lsp.store import Store
from mom_lsp.tuning.cache import Step
from mom_lsp.tuning.cases import Case
from mom_lsp.tuning.fit import fit, plain
from mom_lsp.tuning.gather import gather, installed_encoder
from mom_lsp.tuning.labels import own_labels
from mom_lsp.tuning.metrics import one
from mom_lsp.tuning.rank import editing, rank
from mom_lsp.tuning.rated_impressions import RatedImpression, Verdicts, verdicts
from mom_lsp.workspace import Library

LEAST = 40  # labels and showings that are worth learning from
LATER = 0.3  # of either, the newest: they judge
SURE, DRAWS = 0.95, 1_000  # how sure the bootstrap has to be that the new weights are better
RECALL_3, RECIPROCAL = 1, 4  # of metrics.METRICS


def tune(root: Path, limit: int, step: Step) -> tuple[dict[str, Any], LinearModel | None]:
    """Return what came of it, as JSON would have it, and the new weights if they win.

    Args:
        root: of the worktree.
        limit: how many of the newest labels, and of the newest showings that were judged, are looked at.
        step: is told how far it is.

    Raises:
        UsageError: too few commits name an earlier one, and too few suggestions were judged.
        NoIndex: the repository is not indexed.
    """
    labels = own_labels(root)[-limit:]
    showings = judged(root)[-limit:]
    _need(labels, showings)
    history = gather(root, labels, step) if labels else []
    told = list(asked_again(root, showings, step))
    _need(history, told)
    return learnt(history, told)


def _need(history: Sequence[object], told: Sequence[object]) -> None:
    if len(history) + len(told) < LEAST:
        raise UsageError(
            f'{len(history)} commits here name an earlier one ("Fixes: 1a2b3c4", "Follow-up to …"), and {len(told)}'
            f" times you said which of several suggestions helped or did not: at least {LEAST} together are needed to"
            " learn from. The weights stay as they are."
        )


def learnt(history: Sequence[Case], told: Sequence[Case]) -> tuple[dict[str, Any], LinearModel | None]:
    """Return what comes of fitting on the older part of each of two sources, judged on the later part of both.

    Args:
        history: commits that name earlier ones.
        told: suggestions that the user chose among.
    """
    (older, later), (older_told, later_told) = _cut(history), _cut(told)
    ours = editing([*history, *told])
    new = fit(older, near=ours, told=older_told)
    sources = {"history": (older, later), "verdicts": (older_told, later_told)}
    parts = {name: _judged(before, after, ours, new) for name, (before, after) in sources.items() if before or after}
    gains = {name: _gains(after, ours, new) for name, (_, after) in sources.items() if after}
    kept = wins(np.concatenate(list(gains.values()))) and not any(wins(-part) for part in gains.values())
    document = {
        **_judged([*older, *older_told], [*later, *later_told], ours, new),
        "sources": parts,
        "terms": _terms([*later, *later_told], ours, new),
        "kept": kept,
    }
    return document, new if kept else None


def wins(gains: np.ndarray) -> bool:
    """Whether gains, (q,), one a label, are above 0 on average and not by chance."""
    draw = np.random.default_rng(0)
    means = [gains[draw.integers(len(gains), size=len(gains))].mean() for _ in range(DRAWS)]
    return bool(np.quantile(means, 1 - SURE) > 0)


def event_of(model: LinearModel | None) -> dict[str, Any]:
    """Return what the journal is told: the weights, or nothing to go back to the shipped ones.

    Those that were learned where nothing had a vector know nothing of meaning: they hold while that is so.
    """
    if model is None:
        return {}
    return {"editing" if model.weights.get("cosine") else "unencoded": plain(model)}


def judged(root: Path) -> list[RatedImpression]:
    """Return the showings that the user judged, oldest first."""
    file = locate(root).data / datafolder.JOURNAL
    if not file.exists():
        return []
    with Journal(file) as journal:
        return verdicts(journal.events())


def asked_again(root: Path, showings: Sequence[RatedImpression], step: Step) -> Iterator[Case]:
    """Yield the cases of showings that were judged."""
    if not showings:
        return
    location = locate(root)
    with Journal(location.data / datafolder.JOURNAL) as journal:
        store = Store(location.data)
        library = Library(lambda: store, journal, installed_encoder())
        library.reload()
        yield from Verdicts(location, library, list(journal.events())).cases(showings, step)


def _cut(cases: Sequence[Case]) -> tuple[list[Case], list[Case]]:
    """Return the older cases, which are learned from, and the later ones, which judge."""
    ordered = sorted(cases, key=lambda case: case.label.time)
    cut = round(len(ordered) * (1 - LATER))
    return ordered[:cut], ordered[cut:]


def _judged(before: Sequence[Case], after: Sequence[Case], ours: LinearModel, new: LinearModel) -> dict[str, Any]:
    counts = {"learned_from": len(before), "judged_on": len(after)}
    return counts | {"shipped": _told(_rows(after, ours)), "own": _told(_rows(after, new))} if after else counts


def _gains(cases: Sequence[Case], ours: LinearModel, new: LinearModel) -> np.ndarray:
    """Return how much better each case is ranked, (q,)."""
    return np.asarray(_rows(cases, new)[:, RECIPROCAL] - _rows(cases, ours)[:, RECIPROCAL])


def _terms(cases: Sequence[Case], ours: LinearModel, new: LinearModel) -> dict[str, dict[str, float]]:
    """Return by how much each term tells the candidates of a question apart, with either weights, in log-odds.

    What is learned here is negative where it prefers what the shipped weights put behind.
    """
    shares = [(ours.shares(case.features), new.shares(case.features)) for case in cases]
    return {term: _spreads([(before[term], after[term]) for before, after in shares]) for term in TERMS}


def _spreads(shares: Sequence[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    before, after = (float(np.mean([pair[at].std() for pair in shares])) for at in (0, 1))
    agree = sum(float((one - one.mean()) @ (other - other.mean())) for one, other in shares)
    return {"shipped": round(before, 3), "own": round(-after if agree < 0 else after, 3)}


def _rows(cases: Sequence[Case], model: LinearModel) -> np.ndarray:
    """Return the metrics of each case, (q, metrics)."""
    return np.array([one(rank(case, model), set(case.label.gold)) for case in cases])


def _told(rows: np.ndarray) -> dict[str, float]:
    return {"R@3": float(rows[:, RECALL_3].mean()), "MRR@10": float(rows[:, RECIPROCAL].mean())}
