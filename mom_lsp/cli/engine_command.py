"""Running a command inside the engine for `fast_path`: same verbs, same output, captured."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from mom_lsp.cli.app import app
from mom_lsp.cli.fast_path import NOT_IN_ENGINE
from mom_lsp.errors import OtherRepository
from mom_lsp.git.location import Location

Call = Callable[[str, dict[str, Any]], Any]
ONE_AT_A_TIME = threading.Lock()  # redirecting standard output affects the whole process


def run_command(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Run `mom` and return {"stdout", "stderr", "code"}.

    Args:
        call: answers the command's requests.
        params: {"argv", "folder" (the user's current one), "terminal": {"tty", "width", "environ"}}.
    """
    from mom_lsp.cli.console import TERMINAL, Terminal  # here: an engine that only serves editors does not need rich

    def answer(method: str, asked: dict[str, Any]) -> Any:
        try:
            return call(method, asked)
        except OtherRepository:  # a -C after the verb led there
            raise SystemExit(NOT_IN_ENGINE) from None

    def opener(_location: Location) -> Call:
        return answer

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
