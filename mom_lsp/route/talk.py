"""Which lines of a file the discussions of a view are about: found by their text, which leads there as blame does.

A line is one that was talked about if the commit that wrote it came from the discussion, or if hardly any commit ever
added such a line: then it was moved, or was there before.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mom_lsp.extract.code import line_keys
from mom_lsp.route.view import View

RARE = 2  # commits that added a line


def talked_about(view: View, path: str, texts: Mapping[int, str], writers: Mapping[int, str]) -> dict[int, list[int]]:
    """Return the lines that each discussion is about, by its row.

    Args:
        view: of the discussions.
        path: of the file.
        texts: lines of the file, by number.
        writers: the commit that wrote each line.
    """
    catalog = view.catalog
    if not len(catalog.talked_lines):
        return {}
    rows = catalog.rows_touching(view.names_of(path))
    here = set(rows[view.led[rows] & view.suggestible[rows]].tolist())
    if not here:
        return {}
    keys = {line: key for line, text in texts.items() for key in line_keys([text])}
    talked = zip(keys, catalog.talked_lines.rows(keys.values()), strict=True)
    about = {line: here.intersection(rows.tolist()) for line, rows in talked if len(rows)}
    wrote = catalog.added_lines.rows(keys[line] for line in about)
    found: dict[int, list[int]] = {}
    for (line, named), adding in zip(about.items(), wrote, strict=True):
        if len(adding) > RARE:
            named = named & _led_to(view, writers.get(line, ""))
        for row in named:
            found.setdefault(row, []).append(line)
    return {row: sorted(lines) for row, lines in found.items()}


def _led_to(view: View, commit: str) -> set[int]:
    """Return the rows of the discussions that led to a commit."""
    rows = view.catalog.talk_of_commit.get(commit)
    return set(np.asarray(rows).tolist()) if rows is not None else set()
