"""`mom bench`: how fast it is here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.target import parse_target
from mom_lsp.cli.text import echo_json
from mom_lsp.git.location import locate


@click.command()
@click.argument("repos", nargs=-1, metavar="[REPO]...")
@click.option("--at", default="", metavar="FILE:LINE", help="What is asked about; else a line that changed lately.")
@click.option("--model", is_flag=True, help="Measure the language model instead: what the attention hook costs.")
@click.option("--memory", is_flag=True, help="Measure instead what the processes behind an editor hold in memory.")
@click.option("--routing", is_flag=True, help="Measure instead how memories are found: flat, and through the domains.")
@click.option("--up-to", default=1_000_000, metavar="N", help="With --routing: the most made-up memories.")
@AS_JSON
def bench(repos: tuple[str, ...], at: str, model: bool, memory: bool, routing: bool, up_to: int, as_json: bool) -> None:
    """Measure indexing and suggesting on a repository.

    Prints medians, and `git blame` alone beside them.
    """
    if routing:
        from mom_lsp.cli.bench_routing import run

        run([locate(folder() / Path(repo).expanduser()).root for repo in repos], up_to, as_json)
        return
    if len(repos) > 1:
        raise click.UsageError("one REPO at a time; only --routing takes several")
    repo = repos[0] if repos else None
    result = _of_model() if model else _of_repository(repo, at, memory=memory)
    if as_json:
        echo_json(result)
    else:
        _print(result["figures"])


def _of_repository(repo: str | None, at: str, *, memory: bool) -> dict[str, Any]:
    from mom_lsp.evaluation import bench, memory_bench

    root = locate(folder() / Path(repo or ".").expanduser()).root
    place = parse_target(at, root, root) if at else None
    measure = memory_bench.run if memory else bench.run
    return measure(root, bench.BenchedLines(place.path, max(1, place.start)) if place else None)


def _of_model() -> dict[str, Any]:
    from mom_lsp.cli.progress import bars
    from mom_lsp.evaluation.model_bench import run
    from mom_lsp.settings import resolve

    with bars() as bar:
        return run(resolve(None).settings.model.path, bar)


def _print(figures: list[dict[str, Any]]) -> None:
    """Print figures: {"name", "value", "unit", "target", "note"}, the last two "" or null if there is none."""
    from mom_lsp.cli.console import stdout, table

    rows = []
    for figure in figures:
        value, target = figure["value"], figure.get("target")
        shown = "—" if value is None else f"{value:,.4g} {figure['unit']}"
        rows.append((figure["name"], shown, "" if target is None else f"< {target:g}", figure.get("note") or ""))
    stdout().print(table(rows, ("what", "median", "goal", "")))
