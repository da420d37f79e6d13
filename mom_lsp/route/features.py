"""The features of each candidate for the linear model; each belongs to one term of the score.

All are bounded or logarithms, so that none dominates the rest, and 0 where nothing is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mom_lsp.extract.code import line_keys
from mom_lsp.route.place_term import PlaceEvidence, Spot
from mom_lsp.route.postings import name_keys
from mom_lsp.route.view import View

TERM_OF = {
    "wrote": "place",
    "wrote_share": "place",
    "wrote_newest": "place",
    "near": "place",
    "lines_added": "place",
    "lines_removed": "place",
    "asked_added": "place",
    "asked_removed": "place",
    "asked_whole": "place",
    "wrote_among": "place",
    "symbol": "place",
    "paths": "place",
    "path_newest": "place",
    "co_changed": "place",
    "relatives": "place",
    "files": "place",
    "bm25": "lex",
    "bm25_first": "lex",
    "names": "lex",
    "asked_names": "lex",
    "body": "lex",
    "of_file": "lex",
    "cosine": "sem",
    "cosine_first": "sem",
    "distance": "temp",
    "strength": "temp",
    "newest": "temp",
    "uses": "use",
    "named": "use",
    "named_lately": "use",
}  # feature -> term
FEATURES = tuple(TERM_OF)
EDITING = tuple(name for name in FEATURES if name != "of_file")  # history has no labels that are files
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,39}")
FILES, BODY, DISTANCE, COSINE = (
    np.log1p(2),
    np.log1p(200),
    np.log1p(1_000),
    0.4,
)  # typical values
MAX_KEYS = 200  # lines, and as many names, of a query that count


@dataclass(frozen=True, slots=True)
class CodeOverlap:
    """How much the text in view shares with each row, (n,) each in [0, 1]."""

    added: np.ndarray  # lines that the row added
    removed: np.ndarray
    asked_added: np.ndarray  # of the lines asked about only
    asked_removed: np.ndarray
    asked_whole: np.ndarray  # share of the lines it added that are asked about
    asked_names: np.ndarray
    names: np.ndarray  # identifiers that it added or removed
    symbol: np.ndarray  # the functions
    paths: np.ndarray  # the files, rare ones counting more
    path_newest: np.ndarray  # 1 for the newest change of a file, 1/2 for the one before, ...


def code_overlap(view: View, spots: Sequence[Spot]) -> CodeOverlap:
    """Look up the lines, names, functions and files of some spots."""
    lines = list(dict.fromkeys(line for spot in spots for line in spot.lines))
    asked = list(dict.fromkeys(line for spot in spots for line in spot.asked))
    keys, asked_keys = (sorted(line_keys(some))[:MAX_KEYS] for some in (lines, asked))
    catalog, allowed = view.catalog, view.suggestible
    return CodeOverlap(
        added=catalog.added_lines.overlap(keys, allowed),
        removed=catalog.removed_lines.overlap(keys, allowed),
        asked_added=catalog.added_lines.overlap(asked_keys, allowed),
        asked_removed=catalog.removed_lines.overlap(asked_keys, allowed),
        asked_whole=catalog.added_lines.held(asked_keys, catalog.size),
        asked_names=catalog.names.overlap(_name_keys(asked), allowed),
        names=catalog.names.overlap(_name_keys(lines), allowed),
        symbol=_symbols(view, spots),
        paths=_paths(view, spots),
        path_newest=_newest(view, spots),
    )


def _name_keys(lines: Sequence[str]) -> list[int]:
    return name_keys(list(dict.fromkeys(name for line in lines for name in IDENTIFIER.findall(line)))[:MAX_KEYS])


def features(
    view: View,
    rows: np.ndarray,
    *,
    place: PlaceEvidence | None,
    overlap: CodeOverlap | None,
    bm25: np.ndarray,
    cosine: np.ndarray,
    strength: np.ndarray,
    uses: np.ndarray,
) -> dict[str, np.ndarray]:
    """Return FEATURES of the candidates, (m,) each.

    Args:
        view: of the candidates.
        rows: (m,) the candidates.
        place: the place evidence; None for a search.
        overlap: what the text in view shares with them; None for a search.
        bm25: (m,) in [0, 1].
        cosine: (m,) in [0, 1].
        strength: (m,) in [0, 1].
        uses: (m,) in [0, 1].
    """
    catalog, none = view.catalog, np.zeros(len(rows))
    distance = view.distances[rows]
    wrote = place.line[rows] > 0 if place else none > 0
    return {
        "wrote": wrote.astype(float),
        "wrote_share": place.share[rows] if place else none,
        "wrote_newest": _reciprocal_rank(-distance, wrote),
        "near": place.near[rows] if place else none,
        "lines_added": np.sqrt(overlap.added[rows]) if overlap else none,
        "lines_removed": np.sqrt(overlap.removed[rows]) if overlap else none,
        "asked_added": np.sqrt(overlap.asked_added[rows]) if overlap else none,
        "asked_removed": np.sqrt(overlap.asked_removed[rows]) if overlap else none,
        "asked_whole": np.sqrt(overlap.asked_whole[rows]) if overlap else none,
        "wrote_among": wrote * np.log1p(wrote.sum()),
        "symbol": np.sqrt(overlap.symbol[rows]) if overlap else none,
        "paths": overlap.paths[rows] if overlap else none,
        "path_newest": overlap.path_newest[rows] if overlap else none,
        "co_changed": place.co_changed[rows] if place else none,
        "relatives": view.strongest_relative(place.strength())[rows] if place else none,
        "files": np.log1p(catalog.path_count[rows]) - FILES,
        "bm25": bm25,
        "bm25_first": _reciprocal_rank(bm25, bm25 > 0),
        "names": np.sqrt(overlap.names[rows]) if overlap else none,
        "asked_names": np.sqrt(overlap.asked_names[rows]) if overlap else none,
        "body": np.log1p(catalog.length[rows]) - BODY,
        "of_file": catalog.is_file[rows].astype(float),
        "cosine": np.where(cosine > 0, cosine - COSINE, 0.0),
        "cosine_first": _reciprocal_rank(cosine, cosine > 0),
        "distance": DISTANCE - np.log1p(distance),
        "strength": strength,
        "newest": _reciprocal_rank(-distance, np.ones(len(rows), bool)),
        "uses": uses,
        "named": np.log1p(view.named[rows]),
        "named_lately": view.named_lately[rows],
    }


def _reciprocal_rank(values: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Return 1 for the largest of the counted values, 1/2 for the next, ..., 0 for those that do not count."""
    result = np.zeros(len(values))
    at = np.flatnonzero(counted)
    order = at[np.argsort(-values[at], kind="stable")]
    result[order] = 1.0 / np.arange(1, len(order) + 1)
    return result


def _symbols(view: View, spots: Sequence[Spot]) -> np.ndarray:
    """Return the share of the functions in view that each row changed; rare ones count more."""
    found, total = np.zeros(view.catalog.size), 0.0
    most = np.log1p(max(1, int(view.suggestible.sum())))
    for path, symbol in dict.fromkeys((spot.path, spot.symbol) for spot in spots if spot.symbol):
        rows = [view.catalog.rows_of_symbol.get(f"{name}\t{symbol}") for name in view.names_of(path)]
        known = np.unique(np.concatenate([r for r in rows if r is not None] or [np.zeros(0, np.int64)]))
        known = known[view.suggestible[known]]
        weight = most - np.log(max(1, len(known)))
        total += weight
        found[known] += weight
    return found / total if total else found


def _paths(view: View, spots: Sequence[Spot]) -> np.ndarray:
    """Return the similarity of the files that a row touched: a cosine of sets; rare files count more."""
    found, total = np.zeros(view.catalog.size), 0.0
    most = np.log1p(max(1, int(view.suggestible.sum())))
    for rows in _touching(view, spots):
        weight = (most - np.log(max(1, len(rows)))) ** 2
        total += weight
        found[rows] += weight
    if not total:
        return found
    rows = np.flatnonzero(found)  # few of all
    found[rows] = np.sqrt(found[rows] / total / np.sqrt(np.maximum(1, view.catalog.path_count[rows])))
    return found


def _newest(view: View, spots: Sequence[Spot]) -> np.ndarray:
    newest = np.zeros(view.catalog.size)
    for rows in _touching(view, spots):
        order = rows[np.argsort(view.distances[rows], kind="stable")]
        newest[order] = np.maximum(newest[order], 1.0 / np.arange(1, len(order) + 1))
    return newest


def _touching(view: View, spots: Sequence[Spot]) -> list[np.ndarray]:
    found = []
    for path in dict.fromkeys(spot.path for spot in spots):
        rows = view.catalog.rows_touching(view.names_of(path))
        commits = ~view.catalog.is_file[rows] & ~view.catalog.is_discussion[rows]
        found.append(rows[view.suggestible[rows] & commits])
    return found


def as_matrix(named: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return features as columns, (m, len(FEATURES))."""
    return np.column_stack([named[name] for name in FEATURES])
