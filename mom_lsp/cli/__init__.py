"""The command line, `mom`."""

import sys


def main() -> None:
    """Run the command; a git hook's takes a way of its own, which imports next to nothing."""
    if sys.argv[1:3] == ["hook", "run"] and not {"-h", "--help", "-C"} & set(sys.argv[3:4]):
        from mom_lsp.hookrun import run

        run(sys.argv[3:])
        return
    from mom_lsp.cli.app import app

    app()
