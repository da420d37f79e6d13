"""Why a memory is shown at the lines that it wrote, or kept silent: its usefulness there in words."""

from __future__ import annotations

import numpy as np

from mom_lsp.route.place_term import place_of_writers
from mom_lsp.route.usefulness import usefulness
from mom_lsp.route.view import View

TELLING, ROUTINE, MANY = 0.3, 2, 20  # informativeness; surprise; files


def usefulness_text(view: View, row: int, threshold: float) -> str:
    """Return how useful a memory is at the lines that it wrote, and what speaks against it.

    Args:
        view: of the memory.
        row: its row.
        threshold: the usefulness that a suggestion needs, in [0, 1].
    """
    catalog = view.catalog
    if _wrote_no_lines(view, row):
        return f"where it is useful enough (mom.suggest.threshold is {threshold:.0%})"
    probability = _usefulness(view, row)
    lines = "that it is about" if catalog.is_discussion[row] else "that it wrote"
    percent, needed = round(100 * probability), round(100 * threshold)
    there = f"useful at the lines {lines}"
    if probability >= threshold:
        return f"{percent}% {there}; a suggestion needs {needed}% (mom.suggest.threshold)"
    against = _against(view, row)
    why = f": {' and '.join(against)}" if against else ""
    return f"no, below mom.suggest.threshold ({needed}%): {min(percent, needed - 1)}% {there}{why}"


def is_useful_where_written(view: View, row: int, threshold: float) -> bool:
    """Whether a memory is useful enough to be suggested at the lines that it wrote."""
    return _wrote_no_lines(view, row) or _usefulness(view, row) >= threshold


def _wrote_no_lines(view: View, row: int) -> bool:
    return bool(view.catalog.is_file[row] or view.catalog.is_note[row])


def _usefulness(view: View, row: int) -> float:
    """Return the probability that a memory is worth reading at the lines that it wrote."""
    place, paths = place_of_writers(view, {row: [1]}), view.catalog.paths_of(row)[:1]
    return float(usefulness(view, np.array([row]), place, np.zeros(view.catalog.size), paths).probability[0])


def _against(view: View, row: int) -> list[str]:
    """Return what speaks against a memory."""
    catalog = view.catalog
    parts = {
        "its text says little that the code does not": catalog.informative[row] < TELLING,
        "it is routine for this repository": view.surprise[row] <= ROUTINE,
        f"it changed {int(catalog.path_count[row])} files": catalog.path_count[row] >= MANY,
    }
    return [text for text, applies in parts.items() if applies]
