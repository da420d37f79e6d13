"""Consoles for results and messages: a terminal, a pipe, or the terminal of another process."""

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

PIPE_WIDTH = 100_000  # no wrapping in pipes, for grep


@dataclass(frozen=True, slots=True)
class Terminal:
    """The terminal of the requesting process, where it is not this one (see `engine_command`)."""

    tty: bool
    width: int  # cells, 0 if there is no terminal
    environ: dict[str, str]  # the variables that decide about colours


class _Console(Console):
    """Leaves out the blanks at the ends of lines in a pipe: tables fill their last column with them."""

    def print(self, *objects: Any, **options: Any) -> None:
        if self.is_terminal:
            return super().print(*objects, **options)
        with self.capture() as captured:
            super().print(*objects, **options)
        trimmed = "\n".join(line.rstrip(" ") for line in captured.get().split("\n"))
        super().print(Text(trimmed), end="", no_wrap=True, overflow="ignore", crop=False)


TERMINAL: ContextVar[Terminal | None] = ContextVar("terminal", default=None)


def stdout() -> Console:
    """Return the console for results."""
    return _console(sys.stdout, stderr=False)


def stderr() -> Console:
    """Return the console for messages and progress."""
    return _console(sys.stderr, stderr=True)


def message(text: str) -> None:
    """Print one line on stderr."""
    stderr().print(Text(one_line(text)))


def coloured() -> bool:
    """Whether results are printed in colour."""
    console = stdout()
    return console.is_terminal and not console.no_color


def table(rows: Iterable[Sequence[RenderableType]], headings: Sequence[str] = ()) -> Table:
    """Return a table without borders; without headings, its first column is dim."""
    from rich.table import Table

    grid = Table(box=None, show_header=bool(headings), padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        grid.add_column(heading)
    for row in rows:
        grid.add_row(*(_cell(cell, dim=not number and not headings) for number, cell in enumerate(row)))
    return grid


def _cell(cell: RenderableType, *, dim: bool) -> RenderableType:
    return Text(one_line(cell), "dim" if dim else "") if isinstance(cell, str) else cell


def _terminal_console(stderr: bool) -> Console:
    remote = TERMINAL.get()
    if remote is None:
        return _Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    return _Console(
        stderr=stderr,
        highlight=False,
        markup=False,
        emoji=False,
        force_terminal=remote.tty,
        width=remote.width or None,
        _environ=remote.environ,
    )


def _console(stream: Any, *, stderr: bool) -> Console:
    if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
        with contextlib.suppress(io.UnsupportedOperation):
            stream.reconfigure(errors="replace")  # an old code page prints "?" instead of failing
    console = _terminal_console(stderr)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console
