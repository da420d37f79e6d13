"""The command line, `mom`."""

import os
import sys

from mom_lsp.errors import MomError


def main() -> None:
    """Run a command; print an error as one line and exit with its code, whichever path the command takes."""
    _open_closed_streams()
    try:
        _run(sys.argv[1:])
    except BrokenPipeError:  # the reader, or the editor, closed the pipe
        _discard_output()
        sys.exit(1)
    except (MomError, OSError, KeyboardInterrupt) as error:
        from mom_lsp.cli.app import reported

        sys.exit(reported(error))


def _run(arguments: list[str]) -> None:
    """Run a command; what somebody waits for first tries a path that imports next to nothing."""
    if arguments[:2] == ["hook", "run"] and not {"-h", "--help", "-C"} & set(arguments[2:3]):
        from mom_lsp.hookrun import run

        run(arguments[2:])
        return
    if arguments == ["serve"] or (arguments[:2] == ["engine", "--data"] and len(arguments) == 3):
        _run_at_once(arguments)
        return
    if len(arguments) > 1 and (arguments[0] == "-C" or not arguments[0].startswith("-")):
        from mom_lsp.cli.fast_path import VERBS, ask_engine

        if VERBS & set(arguments[:3]) and (code := ask_engine(arguments)) is not None:
            sys.exit(code)
    from mom_lsp.cli.app import app

    app()


def _run_at_once(arguments: list[str]) -> None:
    """Run `mom serve` or `mom engine --data FOLDER` as the command line would."""
    from mom_lsp.cli.long_running import run_engine, run_server

    if arguments == ["serve"]:
        run_server()
    else:
        from pathlib import Path

        run_engine(Path(arguments[2]))


def _discard_output() -> None:
    """Send what is still buffered to the null device; else Python would report it when it ends."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(null, stream.fileno())


def _open_closed_streams() -> None:
    """Open closed standard streams on the null device; else the next opened file would get their descriptor."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))
