"""Makers of memories of commits, and of the catalogs and views that hold them, without a store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mom_lsp.memory import Memory, Source
from mom_lsp.route.catalog import Catalog
from mom_lsp.route.columns import COLUMNS
from mom_lsp.route.place_term import PlaceEvidence
from mom_lsp.route.view import View
from mom_lsp.store.arrow_rows import to_table


def make_memory(number: int, **changes: Any) -> Memory:
    """Return a memory of a commit whose hash begins with its number."""
    sha = f"{number:08x}".ljust(40, "0")
    source = Source("commit", commit=sha, time=changes.pop("time", number))
    plain = Memory(f"m{number}", "fix", f"title {number}", "", "", source, commits=(sha,))
    return replace(plain, **changes)


def sha(number: int) -> str:
    return make_memory(number).commits[0]


def make_catalog(*memories: Memory) -> Catalog:
    return Catalog.of_table(to_table(memories).select(COLUMNS))


def make_view(*memories: Memory, head: set[str] | None = None) -> View:
    """Return the view on a head that holds some commits, by default all."""
    newest_first = [commit for memory in reversed(memories) for commit in memory.commits]
    return View(make_catalog(*memories), [c for c in newest_first if head is None or c in head], {})


def make_place(parts: list[float]) -> PlaceEvidence:
    return PlaceEvidence(*(np.array([part]) for part in parts))
