"""`mom bench`: how fast it is here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.words import echo_json
from mom_lsp.git.location import locate


@click.command()
@click.argument("repo", required=False, metavar="[REPO]")
@AS_JSON
def bench(repo: str | None, as_json: bool) -> None:
    """Measure indexing and suggesting on a repository.

    Prints medians, and `git blame` alone beside them.
    """
    from mom_lsp.evaluation.bench import run

    location = locate(folder() / Path(repo or ".").expanduser())
    result = run(location.root)
    if as_json:
        echo_json(result)
    else:
        _print(result["figures"])


def _print(figures: list[dict[str, Any]]) -> None:
    """Print figures: {"name", "value", "unit", "target", "note"}, the last two "" or null if there is none."""
    from mom_lsp.cli.output import stdout, table

    rows = []
    for figure in figures:
        value, target = figure["value"], figure.get("target")
        shown = "—" if value is None else f"{value:,.4g} {figure['unit']}"
        rows.append((figure["name"], shown, "" if target is None else f"< {target:g}", figure.get("note") or ""))
    stdout().print(table(rows, ("what", "median", "goal", "")))
