"""`mom bench`: speed and memory on this machine."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import click

from mom_lsp.cli import bench_growth, bench_routing
from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.target import parse_target
from mom_lsp.cli.text import echo_json
from mom_lsp.git.location import locate
from mom_lsp.pathnames import expanded

MEMORIES, COMMITS = 1_000_000, 64_000  # at most, with --routing and --scale


@click.command()
@click.argument("repos", nargs=-1, metavar="[REPO]...")
@click.option("--at", default="", metavar="FILE:LINE", help="The line to query; by default, a recently changed one.")
@click.option("--model", is_flag=True, help="Measure the language model and the cost of its attention hook.")
@click.option("--memory", is_flag=True, help="Measure the memory use of an editor's processes.")
@click.option("--routing", is_flag=True, help="Compare search of all vectors with search by domains.")
@click.option("--small", is_flag=True, help="Measure with one slow core and 4 GB of memory.")
@click.option("--scale", is_flag=True, help="Measure synthetic repositories of growing size, then each REPO.")
@click.option(
    "--up-to",
    type=int,
    metavar="N",
    help="At most this many memories (--routing) or commits (--scale; 0 for each REPO alone).",
)
@click.option("--updates", type=click.IntRange(1), metavar="N", help="Index N commits one by one.")
@click.option(
    "--load",
    type=click.FloatRange(0.1),
    metavar="MINUTES",
    help="Send a language server 200 requests a second while the indexer runs.",
)
@click.option("--curve", metavar="FILE.svg", help="With --scale, plot the growth.")
@AS_JSON
def bench(
    repos: tuple[str, ...],
    at: str,
    model: bool,
    memory: bool,
    routing: bool,
    small: bool,
    scale: bool,
    up_to: int | None,
    updates: int | None,
    load: float | None,
    curve: str | None,
    as_json: bool,
) -> None:
    """Measure indexing, a session in an editor, and commands.

    It prints medians, next to the time git takes in the same run.
    """
    if curve and not scale:
        raise click.UsageError("--curve needs --scale")
    if routing or scale:
        roots = [locate(folder() / expanded(repo)).root for repo in repos]
        if routing:
            bench_routing.run(roots, MEMORIES if up_to is None else up_to, as_json)
        else:
            picture = folder() / expanded(curve) if curve else None
            bench_growth.scale(roots, COMMITS if up_to is None else up_to, picture, as_json)
        return
    if (updates or load) and repos:
        raise click.UsageError("--updates and --load create their own repository: do not give REPO")
    if updates:
        bench_growth.updates(updates, as_json)
        return
    if len(repos) > 1:
        raise click.UsageError("only --routing and --scale accept more than one REPO")
    repo = repos[0] if repos else None
    with _small_machine() if small else nullcontext([]) as limits:
        if load:
            result = bench_growth.load(load)
        else:
            result = _measure_model() if model else _measure_repository(repo, at, memory=memory)
    result["figures"] = [*limits, *result["figures"]]
    if as_json:
        echo_json(result)
    else:
        _print(result["figures"])


def _small_machine() -> AbstractContextManager[list[dict[str, Any]]]:
    from mom_lsp.evaluation.small_machine import small_machine

    return small_machine()


def _measure_repository(repo: str | None, at: str, *, memory: bool) -> dict[str, Any]:
    from mom_lsp.evaluation.bench_clone import BenchTarget
    from mom_lsp.evaluation.memory_bench import measure_memory
    from mom_lsp.evaluation.speed_bench import measure_speed

    root = locate(folder() / expanded(repo or ".")).root
    place = parse_target(at, root, root) if at else None
    measure = measure_memory if memory else measure_speed
    return measure(root, BenchTarget(place.path, max(1, place.start)) if place else None)


def _measure_model() -> dict[str, Any]:
    from mom_lsp.cli.progress import bars
    from mom_lsp.evaluation.model_bench import measure_model
    from mom_lsp.settings import resolve

    with bars() as bar:
        return measure_model(resolve(None).settings.model.path, bar)


def _print(figures: list[dict[str, Any]]) -> None:
    """Print figures: {"name", "value", "unit", "target", "note"}, the last two "" or null if absent."""
    from mom_lsp.cli.console import stdout, table

    rows = []
    for figure in figures:
        value, target = figure["value"], figure.get("target")
        shown = "—" if value is None else f"{value:,.4g} {figure['unit']}"
        rows.append((figure["name"], shown, "" if target is None else f"< {target:g}", figure.get("note") or ""))
    stdout().print(table(rows, ("measure", "median", "target", "")))
