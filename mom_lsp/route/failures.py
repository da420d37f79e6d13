"""What was tried and did not hold: taken back, taken back more than once, or a fix that itself had to be fixed.

Only what is true on one HEAD counts, and what was reinstated later is no failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mom_lsp.memory import Kind
from mom_lsp.route.postings import name_keys
from mom_lsp.route.view import Edge, View

ONWARD = ("followup", "fixes", "reapply")  # what a memory that goes on from another says of it
RARE = 8  # memories; a line that more of them wrote tells nothing of any
MOST = 0.5  # the share of a block's lines that must have been part of what failed
LEAST_SIGNS = 3  # lines and names that an edit must have in common with what failed, at least one of them a line


@dataclass(frozen=True, slots=True)
class Failure:
    """What was tried, what ended it, and what came instead; rows of the catalog."""

    kind: Kind
    tried: int
    by: int
    replacement: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring lines of an open text that its committed text does not have."""

    line: int  # 1-based, the first of them
    symbol: str  # the function they stand in
    keys: tuple[int, ...]  # of the lines
    names: tuple[str, ...]  # identifiers that are new in the file


class Failures:
    """The failures of one view."""

    def __init__(self, view: View) -> None:
        self._view = view

    @cached_property
    def taken_back(self) -> dict[int, Failure]:
        """The approaches that were reverted and not reinstated, by the row of what was tried."""
        again = {row for edge in self._view.edges if edge.relation == "reapply" for row in (edge.source, edge.target)}
        return {
            tried: Failure("anti_pattern" if tried in again else "failed_approach", tried, by, self._instead(tried, by))
            for tried, by in self._view.replaced_by.items()
        }

    @cached_property
    def refixed(self) -> dict[int, Failure]:
        """The fixes that a later commit had to fix, by the row of the first."""
        return {first: Failure("bug_pattern", first, later, later) for first, later in self._view.refixed.items()}

    @cached_property
    def _ended_by(self) -> dict[int, Failure]:
        return {failure.by: failure for failure in self.taken_back.values()}

    def of(self, row: int) -> Failure | None:
        """Return the failure that a memory is, or that it ended; None if it is part of none."""
        return self.taken_back.get(row) or self._ended_by.get(row) or self.refixed.get(row)

    def repeated(self, path: str, blocks: Sequence[Block]) -> list[tuple[Block, Failure]]:
        """Return what failed at a file before and is being written there again, with the block that does.

        Args:
            path: of the file that is edited.
            blocks: the lines that are new in it.
        """
        view = self._view
        here = view.catalog.rows_touching(view.names_of(path))
        failed = here[view.suggestible[here] & np.isin(here, list(self.taken_back))]
        found = [(block, self._like(block, failed)) for block in blocks if len(failed)]
        return [(block, self.taken_back[row]) for block, row in found if row is not None]

    def _like(self, block: Block, failed: np.ndarray) -> int | None:
        """Return the failed approach that most of a block's lines were part of, the one with most in common."""
        catalog = self._view.catalog
        telling = _rare(catalog.added_lines.rows(block.keys))
        lines = _counts(telling, catalog.size)[failed]
        signs = lines + _counts(_rare(catalog.names.rows(name_keys(block.names))), catalog.size)[failed]
        signs[lines < max(1.0, MOST * len(telling))] = 0
        best = int(np.argmax(signs))
        return int(failed[best]) if signs[best] >= LEAST_SIGNS else None

    @cached_property
    def _named_by(self) -> dict[int, list[Edge]]:
        """The later memories that go on from each one."""
        named: dict[int, list[Edge]] = {}
        for edge in self._view.edges:
            if edge.relation in ONWARD and self._view.is_later(edge) and self._view.suggestible[edge.source]:
                named.setdefault(edge.target, []).append(edge)
        return named

    def _instead(self, tried: int, by: int) -> int | None:
        """Return the first later memory that goes on from an approach or from its end, and stands itself."""
        view = self._view
        sources = {edge.source for row in (tried, by) for edge in self._named_by.get(row, ())}
        after = [row for row in sources if row not in view.replaced_by and view.distances[row] < view.distances[by]]
        return max(after, key=lambda row: int(view.distances[row]), default=None)


def _rare(rows: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the rows of each key that tells anything, each once; those of a key that nobody wrote are none."""
    return [np.unique(some).astype(np.int64) for some in rows if len(some) <= RARE]


def _counts(rows: Sequence[np.ndarray], size: int) -> np.ndarray:
    """Return how many of some keys each row holds, (size,)."""
    return np.bincount(np.concatenate(rows), minlength=size) if rows else np.zeros(size, np.int64)
