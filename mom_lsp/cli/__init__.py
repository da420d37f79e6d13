"""The command line, `mom`."""

import sys


def main() -> None:
    """Run the command; what has to be quick takes a way of its own, which imports next to nothing."""
    arguments = sys.argv[1:]
    if arguments[:2] == ["hook", "run"] and not {"-h", "--help", "-C"} & set(arguments[2:3]):
        from mom_lsp.hookrun import run

        run(arguments[2:])
        return
    if len(arguments) > 1 and (arguments[0] == "-C" or not arguments[0].startswith("-")):
        from mom_lsp.cli.warm import VERBS, ask_engine

        if VERBS & set(arguments[:3]) and (code := ask_engine(arguments)) is not None:
            sys.exit(code)
    from mom_lsp.cli.app import app

    app()
