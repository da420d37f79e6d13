"""What a report is made of: sections of exhibits, each a finding with a table, and most with a plot of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

Cell = str | int | float
MOST_ROWS = 60  # of a table; a report is read, not searched


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers behind a plot."""

    columns: tuple[str, ...]  # the first one names the row
    rows: tuple[tuple[Cell, ...], ...]
    left_out: int = 0  # rows

    @staticmethod
    def of(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Table:
        """Make a table of the first rows."""
        shown = tuple(tuple(row) for row in rows[:MOST_ROWS])
        return Table(tuple(columns), shown, max(0, len(rows) - MOST_ROWS))


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One finding."""

    key: str  # its anchor in the page
    title: str
    text: str  # what it says and how it was counted
    table: Table | None = None  # None for nothing to show yet: then `text` says what will appear
    plot: str = ""  # <svg>
    alternative: str = ""  # what the plot shows, for those who do not see it
    open: bool = False  # whether the table is shown at once, where it is the finding itself


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report."""

    key: str
    title: str
    text: str
    exhibits: tuple[Exhibit, ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """A number at the top."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything on the page."""

    name: str  # of the repository
    head: str  # the commit, "" for a plain folder
    made: str  # date and time
    tiles: tuple[Tile, ...] = ()
    sections: tuple[Section, ...] = field(default_factory=tuple)
