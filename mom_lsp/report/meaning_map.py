"""The map of memories by meaning: t-SNE of their embeddings, or the first two principal components."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from mom_lsp.errors import NoIndex
from mom_lsp.report.charts import FAINT, REST, SERIES, canvas
from mom_lsp.report.exhibit import Exhibit, Table
from mom_lsp.report.facts import SEED, Facts
from mom_lsp.route.text_index import unpacked

MOST = 800  # memories on the map: t-SNE takes a second for these
LEAST = 12
COMPONENTS = 32  # of the embeddings, before t-SNE
ROUNDS = 300  # of t-SNE; 250 is its minimum
SERIES_SHAPES = "os^DvPX."
TITLE = "Map by meaning"


def meaning_map(facts: Facts) -> Exhibit:
    """Return the map of a sample, coloured by the folder of their domains."""
    found = vectors_of(facts, facts.sample(facts.rows, MOST).tolist())
    if len(found) < LEAST:
        return Exhibit(
            "map",
            TITLE,
            "No embeddings yet. Once mom index has computed them, this will show memories with similar meanings close"
            " together.",
        )
    rows, vectors = np.array(list(found)), np.array(list(found.values()))
    places, method = _placed(vectors)
    domains = facts.state.snapshot.domains
    names = [domains.name(row).partition(":")[0] or "elsewhere" for row in rows.tolist()]
    groups = [name for name, _ in Counter(names).most_common(REST)]
    text = (
        f"{len(rows):,} of {len(facts.rows):,} memories, placed by {method} of their embeddings and coloured by the"
        " folder of their domain. Nearby memories are similar; distances between distant groups mean little."
    )
    purity, chance = _neighbours(vectors, np.array(names))
    text += f" Of the five nearest memories by meaning, {purity:.0%} are in the same folder; by chance {chance:.0%}."
    alternative = f"Points: a map of memories by meaning. {text}"
    with canvas("map", alternative, 4.6) as drawn:
        axes = drawn.axes
        for number, group in enumerate([*groups, ""]):
            inside = np.array([name == group if group else name not in groups for name in names])
            if not inside.any():
                continue
            shown = min(number, REST) if group else REST
            axes.plot(
                *places[inside].T,
                SERIES_SHAPES[shown],
                color=SERIES[shown],
                markersize=3.2,
                alpha=0.75,
                markeredgewidth=0,
                label=f"{group or 'other folders'} ({int(inside.sum())})",
            )
        axes.set_axis_off()
        drawn.figure.legend(loc="outside upper left", ncols=4, handletextpad=0.1, columnspacing=1.0, markerscale=1.6)
        axes.annotate(method, (1, 0), xycoords="axes fraction", ha="right", color=FAINT)
    table = Table.of(("folder of the domain", "memories on the map"), Counter(names).most_common())
    return Exhibit("map", TITLE, text, table, drawn.svg, alternative)


def vectors_of(facts: Facts, rows: Sequence[int]) -> dict[int, np.ndarray]:
    """Return the unit vectors (d,) of those rows that have one."""
    try:
        store = facts.workspace.library.store
        saved = store.saved_domains() or {}
    except NoIndex:
        return {}
    model = "".join(unpacked(saved["model"])) if "model" in saved else ""
    contents = facts.state.snapshot.catalog.contents
    wanted = {row: contents[row] for row in rows if contents[row]}
    if not model or not wanted:
        return {}
    keys, vectors = store.vectors(model, list(wanted.values()))
    by_content = dict(zip(keys, vectors.astype(np.float64), strict=True))
    return {row: by_content[content] for row, content in wanted.items() if content in by_content}


def _placed(vectors: np.ndarray) -> tuple[np.ndarray, str]:
    """Return points of the plane, (m, 2), and how they were found."""
    centred = vectors - vectors.mean(0)
    _, axes = np.linalg.eigh(centred.T @ centred)  # in the order of the variance along them
    reduced = centred @ axes[:, : -COMPONENTS - 1 : -1]
    try:
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits
    except ImportError:
        return reduced[:, :2], "the first two principal components"
    with threadpool_limits(1):  # several threads of OpenMP wait for each other on a busy machine: ten times slower
        nearest = min(30.0, (len(vectors) - 1) / 3)
        tsne = TSNE(perplexity=nearest, init="pca", max_iter=ROUNDS, random_state=SEED)
        return np.asarray(tsne.fit_transform(reduced)), "t-SNE"


def _neighbours(vectors: np.ndarray, names: np.ndarray, count: int = 5) -> tuple[float, float]:
    """Return the share of the nearest memories that are in the same group, and what it is by chance."""
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -np.inf)
    nearest = np.argpartition(-alike, count, axis=1)[:, :count]
    shares = np.unique(names, return_counts=True)[1] / len(names)
    return float((names[nearest] == names[:, None]).mean()), float((shares**2).sum())
