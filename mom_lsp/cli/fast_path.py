"""The short way of a command that only asks: the engine, which is warm, runs it, and this process prints.

Importing click, rich and the rest takes longer than the answer; here next to nothing is imported. Whatever is out of
the ordinary (no engine, another version, an unusual option) is left to the long way, which gives the same output.
"""

from __future__ import annotations

import os
import sys

from mom_lsp.gitdirs import common_dir_of, git_dir_above

VERBS = frozenset({"suggest", "search", "show", "why"})
LONG_WAY = 75  # the exit code by which a command that the engine runs says that it has to be done the long way


def ask_engine(arguments: list[str]) -> int | None:
    """Have the engine run a command, print its output and return its exit code; None if the long way has to do it."""
    folder, verb = (arguments[1], arguments[2]) if arguments[:1] == ["-C"] else (".", arguments[0])
    if verb not in VERBS:
        return None
    git_dir = git_dir_above(os.path.abspath(os.path.expanduser(folder)))
    if git_dir is None:
        return None
    from mom_lsp.process.command_socket import ask

    try:
        answer = ask(f"{common_dir_of(git_dir)}/mom", arguments)
    except (OSError, ValueError):  # whatever it is, the long way says it better
        return None
    if answer is None or answer[0] == LONG_WAY:
        return None
    code, out, err = answer
    _write(sys.stdout.buffer, out)
    _write(sys.stderr.buffer, err)
    return code


def _write(stream: object, text: bytes) -> None:
    if text:
        stream.write(text)  # type: ignore[attr-defined]
        stream.flush()  # type: ignore[attr-defined]
