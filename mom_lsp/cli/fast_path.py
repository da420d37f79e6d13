"""The fast path of queries: a running engine executes the command, and this process prints the output.

Importing click, rich and the rest takes longer than the answer, so this module imports next to nothing. Without an
engine of the same version, the command runs in this process, with the same output.
"""

from __future__ import annotations

import os
import sys

from mom_lsp.gitdirs import common_dir_of, git_dir_above

VERBS = frozenset({"suggest", "search", "show", "why"})
NOT_IN_ENGINE = 75  # exit code of a command that has to run in its own process instead


def ask_engine(arguments: list[str]) -> int | None:
    """Run a command in the engine, print its output and return its exit code; return None if that is not possible."""
    folder, verb = (arguments[1], arguments[2]) if arguments[:1] == ["-C"] else (".", arguments[0])
    if verb not in VERBS:
        return None
    try:
        git_dir = git_dir_above(os.path.abspath(os.path.expanduser(folder)))
    except FileNotFoundError:  # the current folder was deleted: the command says so
        return None
    if git_dir is None:
        return None
    from mom_lsp.process.command_socket import ask

    try:
        answer = ask(f"{common_dir_of(git_dir)}/mom", arguments)
    except (OSError, ValueError):  # the command will run in this process and report it
        return None
    if answer is None or answer[0] == NOT_IN_ENGINE:
        return None
    code, out, err = answer
    _write(sys.stdout.buffer, out)
    _write(sys.stderr.buffer, err)
    return code


def _write(stream: object, text: bytes) -> None:
    if text:
        stream.write(text)  # type: ignore[attr-defined]
        stream.flush()  # type: ignore[attr-defined]
