"""Running a command within the engine, for `warm`: the same verbs and the same output, captured."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from mom_lsp.cli.app import app
from mom_lsp.cli.console import TERMINAL, Terminal
from mom_lsp.git.location import Location

Call = Callable[[str, dict[str, Any]], Any]
ONE_AT_A_TIME = threading.Lock()  # standard output belongs to the whole process


def run_command(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Run `mom` with some arguments and return {"stdout", "stderr", "code"}.

    Args:
        call: what answers the command's questions.
        params: {"argv", "folder" that the user stands in, "terminal": {"tty", "width", "environ"}}.
    """

    def opener(_location: Location) -> Call:
        return call

    out, err = io.StringIO(), io.StringIO()
    terminal = TERMINAL.set(Terminal(**params["terminal"]))
    try:
        with ONE_AT_A_TIME, redirect_stdout(out), redirect_stderr(err):
            code = _exit_code(["-C", params["folder"], *params["argv"]], opener)
    finally:
        TERMINAL.reset(terminal)
    return {"stdout": out.getvalue(), "stderr": err.getvalue(), "code": code}


def _exit_code(arguments: list[str], opener: Callable[[Location], Call]) -> int:
    try:
        app.main(arguments, prog_name="mom", obj=opener)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
