"""What extraction needs of a table of memories, whether it is a data folder's or one that others read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

    from mom_lsp.memory import Memory


class Rows(Protocol):
    """The rows of one repository: see the methods of `Store`."""

    def columns(self, names: Sequence[str], where: str | None = None) -> pa.Table:
        """Return some columns of all rows, or of those matching a SQL condition."""

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return memories by id; unknown ids are skipped."""

    def add(self, rows: pa.Table) -> None:
        """Insert rows whose ids are all new."""

    def upsert(self, memories: Sequence[Memory], *, new: bool = False) -> None:
        """Insert memories, replacing those with the same id, unless all are known to be `new`."""

    def delete(self, ids: Iterable[str]) -> None:
        """Remove memories."""
