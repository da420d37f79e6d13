"""The short way of a command that only asks: the engine, which is warm, runs it, and this process prints.

Importing click, rich and the rest takes longer than the answer; here next to nothing is imported. Whatever is out of
the ordinary (no engine, another version, an unusual option) is left to the long way, which gives the same output.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from mom_lsp import __version__
from mom_lsp.gitdirs import common_dir_of, git_dir_of
from mom_lsp.process.address import read_address

VERBS = frozenset({"suggest", "search", "show", "why"})
PATIENCE = 30.0  # seconds that the engine may take; the long way may take over then
PASSED_ON = ("TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM_PROGRAM", "JUPYTER_COLUMNS")


def ask_engine(arguments: list[str]) -> int | None:
    """Have the engine run a command, print its output and return its exit code; None if the long way has to do it."""
    folder, verb = (arguments[1], arguments[2]) if arguments[:1] == ["-C"] else (".", arguments[0])
    if verb not in VERBS:
        return None
    data = _data_folder(Path(folder).expanduser().absolute())
    if data is None or not (data / "engine.json").exists():
        return None
    try:
        answer = _ask(data, {"argv": arguments, "folder": str(Path.cwd()), "terminal": _terminal()})
    except (OSError, EOFError, ValueError, AssertionError, KeyError):  # whatever it is, the long way says it better
        return None
    if answer is None:
        return None
    _write(sys.stdout, answer["stdout"])
    _write(sys.stderr, answer["stderr"])
    return int(answer["code"])


def _ask(data: Path, params: dict[str, object]) -> dict[str, str] | None:
    from multiprocessing import AuthenticationError
    from multiprocessing.connection import Client

    try:
        connection = Client(read_address(data), authkey=(data / "engine.key").read_bytes())
    except AuthenticationError as error:
        raise OSError from error
    with connection:
        connection.send_bytes(json.dumps({"id": 1, "method": "command", "params": params}).encode())
        while connection.poll(PATIENCE):
            message = json.loads(connection.recv_bytes())
            if message.get("method") == "hello" and message["params"]["version"] != __version__:
                return None
            if message.get("id") == 1:
                return message.get("result")  # type: ignore[no-any-return]
    return None


def _data_folder(folder: Path) -> Path | None:
    for root in (folder, *folder.parents):
        git_dir = git_dir_of(root)
        if git_dir is not None:
            return common_dir_of(git_dir) / "mom"
    return None


def _terminal() -> dict[str, object]:
    tty = sys.stdout.isatty()
    width = os.get_terminal_size(sys.stdout.fileno()).columns if tty else 0
    return {"tty": tty, "width": width, "environ": {k: os.environ[k] for k in PASSED_ON if k in os.environ}}


def _write(stream: object, text: str) -> None:
    if text:
        stream.write(text)  # type: ignore[attr-defined]
        stream.flush()  # type: ignore[attr-defined]
