"""Failed approaches: changes that were reverted, once or more, and fixes that needed a fix.

Only memories that are valid on one HEAD count; a change that was reapplied later is no failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mom_lsp.memory import Kind
from mom_lsp.route.postings import Postings, name_keys
from mom_lsp.route.view import Edge, View

ONWARD = ("followup", "fixes", "reapply")  # relations of a memory that continues an earlier one
RARE = 8  # memories; a line that more of them added identifies none
MOST = 0.5  # minimum share of a block's lines that a failed approach added
LEAST_SIGNS = 3  # lines and names that a block must share with a failed approach, at least one of them a line


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed approach, what ended it, and what replaced it; rows of the catalog.

    A pull request that was given up, and never landed, ended itself.
    """

    kind: Kind
    tried: int
    by: int
    replacement: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Adjacent lines of an open text that the committed text does not have."""

    line: int  # 1-based, the first of them
    symbol: str  # the function around them
    keys: tuple[int, ...]  # of the lines
    names: tuple[str, ...]  # identifiers that are new in the file


class Failures:
    """The failures of one view."""

    def __init__(self, view: View) -> None:
        self._view = view

    @cached_property
    def reverted(self) -> dict[int, Failure]:
        """The approaches that were reverted and not reapplied, by their row."""
        again = {row for edge in self._view.edges if edge.relation == "reapply" for row in (edge.source, edge.target)}
        return {
            tried: Failure(
                "anti_pattern" if tried in again else "failed_approach", tried, by, self._replacement(tried, by)
            )
            for tried, by in self._view.replaced_by.items()
        }

    @cached_property
    def refixed(self) -> dict[int, Failure]:
        """The fixes that a later commit had to fix, by their row."""
        return {first: Failure("bug_pattern", first, later, later) for first, later in self._view.refixed.items()}

    @cached_property
    def _ended_by(self) -> dict[int, Failure]:
        return {failure.by: failure for failure in self.reverted.values()}

    def of(self, row: int) -> Failure | None:
        """Return the failure that a memory is or ended, None if it has none."""
        return self.reverted.get(row) or self._ended_by.get(row) or self.refixed.get(row) or self._given_up(row)

    def _given_up(self, row: int) -> Failure | None:
        catalog = self._view.catalog
        return Failure("failed_approach", row, row) if catalog.is_discussion[row] and not catalog.led[row] else None

    def repeated(self, path: str, blocks: Sequence[Block]) -> list[tuple[Block, Failure]]:
        """Return the failed approaches of a file that new lines repeat, each with its block.

        Args:
            path: of the edited file.
            blocks: its new lines.
        """
        view = self._view
        catalog = view.catalog
        rows = catalog.rows_touching(view.names_of(path))
        rows = rows[view.suggestible[rows]]
        failed = rows[np.isin(rows, list(self.reverted))]
        found = [(block, self._like(block, failed, catalog.added_lines)) for block in blocks if len(failed)]
        repeated = [(block, self.reverted[row]) for block, row in found if row is not None]
        given_up = rows[catalog.is_discussion[rows] & ~catalog.led[rows]]
        found = [(block, self._like(block, given_up, catalog.talked_lines)) for block in blocks if len(given_up)]
        return repeated + [(block, Failure("failed_approach", row, row)) for block, row in found if row is not None]

    def _like(self, block: Block, failed: np.ndarray, lines_of: Postings) -> int | None:
        """Return the failed approach that added most of a block's lines, None if there is none."""
        catalog = self._view.catalog
        rare_lines = _rare(lines_of.rows(block.keys))
        lines = _counts(rare_lines, catalog.size)[failed]
        signs = lines + _counts(_rare(catalog.names.rows(name_keys(block.names))), catalog.size)[failed]
        signs[lines < max(1.0, MOST * len(rare_lines))] = 0
        best = int(np.argmax(signs))
        return int(failed[best]) if signs[best] >= LEAST_SIGNS else None

    @cached_property
    def _continued_by(self) -> dict[int, list[Edge]]:
        """The later memories that continue each one."""
        named: dict[int, list[Edge]] = {}
        for edge in self._view.edges:
            if edge.relation in ONWARD and self._view.is_later(edge) and self._view.suggestible[edge.source]:
                named.setdefault(edge.target, []).append(edge)
        return named

    def _replacement(self, tried: int, by: int) -> int | None:
        """Return the first later memory that continues an approach or its revert, and was not reverted itself."""
        view = self._view
        sources = {edge.source for row in (tried, by) for edge in self._continued_by.get(row, ())}
        after = [row for row in sources if row not in view.replaced_by and view.distances[row] < view.distances[by]]
        return max(after, key=lambda row: int(view.distances[row]), default=None)


def _rare(rows: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the rows of each rare key, each once."""
    return [np.unique(some).astype(np.int64) for some in rows if len(some) <= RARE]


def _counts(rows: Sequence[np.ndarray], size: int) -> np.ndarray:
    """Return how many of the keys each row has, (size,)."""
    return np.bincount(np.concatenate(rows), minlength=size) if rows else np.zeros(size, np.int64)
