"""The command line, `mom`."""

import os
import sys


def main() -> None:
    """Run a command; what somebody waits for first tries a path that imports next to nothing."""
    _open_closed_streams()
    arguments = sys.argv[1:]
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
    from mom_lsp.errors import MomError

    try:
        if arguments == ["serve"]:
            run_server()
        else:
            from pathlib import Path

            run_engine(Path(arguments[2]))
    except BrokenPipeError:
        sys.exit(1)  # the editor closed the pipe
    except (MomError, OSError, KeyboardInterrupt) as error:
        from mom_lsp.cli.app import reported

        sys.exit(reported(error))


def _open_closed_streams() -> None:
    """Open closed standard streams on the null device; else the next opened file would get their descriptor."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))
