"""The consoles: where results and messages go, be it a terminal, a pipe, or the terminal of another process."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.text import Text

from mom_lsp.cli.text import one_line

if TYPE_CHECKING:
    from rich.table import Table

PIPE_WIDTH = 100_000  # lines of a pipe are for grep: as long as they are


@dataclass(frozen=True, slots=True)
class Terminal:
    """The terminal of the process that asked, where it is not our own (see `within`)."""

    tty: bool
    width: int  # cells, 0 if there is no terminal
    environ: dict[str, str]  # what decides about colours


TERMINAL: ContextVar[Terminal | None] = ContextVar("terminal", default=None)


def stdout() -> Console:
    """Return the console for results."""
    return _console(sys.stdout, stderr=False)


def stderr() -> Console:
    """Return the console for messages and progress."""
    return _console(sys.stderr, stderr=True)


def message(text: str) -> None:
    """Print one calm line on stderr."""
    stderr().print(Text(one_line(text)))


def coloured() -> bool:
    """Whether results are shown in colours."""
    console = stdout()
    return console.is_terminal and not console.no_color


def table(rows: Iterable[Sequence[RenderableType]], headings: Sequence[str] = ()) -> Table:
    """Return a quiet table: no lines, and without headings a dim first column."""
    from rich.table import Table

    grid = Table(box=None, show_header=bool(headings), padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        grid.add_column(heading)
    for row in rows:
        grid.add_row(*(_cell(cell, quiet=not number and not headings) for number, cell in enumerate(row)))
    return grid


def _cell(cell: RenderableType, *, quiet: bool) -> RenderableType:
    return Text(one_line(cell), "dim" if quiet else "") if isinstance(cell, str) else cell


def _terminal_console(stderr: bool) -> Console:
    away = TERMINAL.get()
    if away is None:
        return Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    return Console(
        stderr=stderr,
        highlight=False,
        markup=False,
        emoji=False,
        force_terminal=away.tty,
        width=away.width or None,
        _environ=away.environ,
    )


def _console(stream: Any, *, stderr: bool) -> Console:
    if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
        with contextlib.suppress(io.UnsupportedOperation):
            stream.reconfigure(errors="replace")  # an old code page prints "?" rather than a traceback
    console = _terminal_console(stderr)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console
