"""`mom tune`: fits the weights on history and feedback, and keeps them only if they do better on held-out data."""

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
from mom_lsp.tuning.fit import as_json, fit
from mom_lsp.tuning.gather import gather_cases
from mom_lsp.tuning.labels import own_labels
from mom_lsp.tuning.metrics import metrics_of
from mom_lsp.tuning.rank import default_editing_model, rank
from mom_lsp.tuning.rated_impressions import ImpressionReplay, RatedImpression, rated_impressions
from mom_lsp.workspace import Library

LEAST = 40  # labels and rated impressions together that are needed
HELD_OUT = 0.3  # of either source, the newest
CONFIDENCE, DRAWS = 0.95, 1_000  # of the bootstrap test that the new weights are better
RECALL_3, RECIPROCAL = 1, 4  # of metrics.METRICS


def tune(root: Path, limit: int, step: Step) -> tuple[dict[str, Any], LinearModel | None]:
    """Return the result, in the format of `mom tune --json`, and the new weights if they are better.

    Args:
        root: of the worktree.
        limit: number of the newest labels, and of the newest rated impressions, to use.
        step: called with the progress.

    Raises:
        UsageError: too few commits reference an earlier one, and too few suggestions were rated.
        NoIndex: the repository is not indexed.
    """
    labels = own_labels(root)[-limit:]
    impressions = load_rated(root)[-limit:]
    _check_enough(labels, impressions)
    history = gather_cases(root, labels, step) if labels else []
    rated = list(replay_rated(root, impressions, step))
    _check_enough(history, rated)
    return learn(history, rated)


def _check_enough(history: Sequence[object], rated: Sequence[object]) -> None:
    if len(history) + len(rated) < LEAST:
        raise UsageError(
            f"not enough data to tune: {len(history)} commits that reference an earlier one"
            f' ("Fixes: 1a2b3c4", "Follow-up to …") and {len(rated)} rated suggestions; at least {LEAST} in total are'
            " needed. Weights unchanged."
        )


def learn(history: Sequence[Case], rated: Sequence[Case]) -> tuple[dict[str, Any], LinearModel | None]:
    """Return the result of fitting on the older part of each of two sources, evaluated on the newer part of both.

    Args:
        history: commits that reference earlier ones.
        rated: suggestions that the user chose among.
    """
    (train, test), (rated_train, rated_test) = _split(history), _split(rated)
    default = default_editing_model([*history, *rated])
    tuned = fit(train, prior=default, rated=rated_train)
    sources = {"history": (train, test), "verdicts": (rated_train, rated_test)}
    parts = {name: _compared(*split, default, tuned) for name, split in sources.items() if any(split)}
    gains = {name: _gains(held_out, default, tuned) for name, (_, held_out) in sources.items() if held_out}
    better = improves(np.concatenate(list(gains.values()))) and not any(improves(-part) for part in gains.values())
    document = {
        **_compared([*train, *rated_train], [*test, *rated_test], default, tuned),
        "sources": parts,
        "terms": _terms([*test, *rated_test], default, tuned),
        "kept": better,
    }
    return document, tuned if better else None


def improves(gains: np.ndarray) -> bool:
    """Whether the mean of gains, (q,), one per label, is significantly above 0."""
    draw = np.random.default_rng(0)
    means = [gains[draw.integers(len(gains), size=len(gains))].mean() for _ in range(DRAWS)]
    return bool(np.quantile(means, 1 - CONFIDENCE) > 0)


def event_of(model: LinearModel | None) -> dict[str, Any]:
    """Return the data of the journal event: the weights, or nothing to restore the default.

    Weights learned without vectors have no semantic term: they apply only while there are no vectors.
    """
    if model is None:
        return {}
    return {"editing" if model.weights.get("cosine") else "unencoded": as_json(model)}


def load_rated(root: Path) -> list[RatedImpression]:
    """Return the rated impressions of the journal, oldest first."""
    file = locate(root).data / datafolder.JOURNAL
    if not file.exists():
        return []
    with Journal(file) as journal:
        return rated_impressions(journal.events())


def replay_rated(root: Path, impressions: Sequence[RatedImpression], step: Step) -> Iterator[Case]:
    """Yield the cases of rated impressions."""
    if not impressions:
        return
    location = locate(root)
    with Journal(location.data / datafolder.JOURNAL) as journal:
        store = Store(location.data)
        library = Library(lambda: store, journal, None)
        library.reload()
        yield from ImpressionReplay(location, library, list(journal.events())).cases(impressions, step)


def _split(cases: Sequence[Case]) -> tuple[list[Case], list[Case]]:
    """Return the older cases, to learn from, and the newer ones, to evaluate on."""
    ordered = sorted(cases, key=lambda case: case.label.time)
    cut = round(len(ordered) * (1 - HELD_OUT))
    return ordered[:cut], ordered[cut:]


def _compared(train: Sequence[Case], test: Sequence[Case], default: LinearModel, tuned: LinearModel) -> dict[str, Any]:
    counts = {"learned_from": len(train), "judged_on": len(test)}
    return counts | {"shipped": _means(_rows(test, default)), "own": _means(_rows(test, tuned))} if test else counts


def _gains(cases: Sequence[Case], default: LinearModel, tuned: LinearModel) -> np.ndarray:
    """Return the gain of each case in reciprocal rank, (q,)."""
    return np.asarray(_rows(cases, tuned)[:, RECIPROCAL] - _rows(cases, default)[:, RECIPROCAL])


def _terms(cases: Sequence[Case], default: LinearModel, tuned: LinearModel) -> dict[str, dict[str, float]]:
    """Return the spread of each term over the candidates of a query with either weights, in log-odds.

    A tuned spread is negative where the tuned weights reverse the order of the default ones.
    """
    shares = [(default.shares(case.features), tuned.shares(case.features)) for case in cases]
    return {term: _spreads([(before[term], after[term]) for before, after in shares]) for term in TERMS}


def _spreads(shares: Sequence[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    before, after = (float(np.mean([pair[at].std() for pair in shares])) for at in (0, 1))
    covariance = sum(float((one - one.mean()) @ (other - other.mean())) for one, other in shares)
    return {"shipped": round(before, 3), "own": round(-after if covariance < 0 else after, 3)}


def _rows(cases: Sequence[Case], model: LinearModel) -> np.ndarray:
    """Return the metrics of each case, (q, metrics)."""
    return np.array([metrics_of(rank(case, model), set(case.label.gold)) for case in cases])


def _means(rows: np.ndarray) -> dict[str, float]:
    return {"R@3": float(rows[:, RECALL_3].mean()), "MRR@10": float(rows[:, RECIPROCAL].mean())}
