"""`mom fleet`: one memory for a company's repositories."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.index import STOPPED, stop_on_signal
from mom_lsp.cli.text import echo_json, one_line
from mom_lsp.pathnames import expanded
from mom_lsp.phrases import count, duration
from mom_lsp.settings import Settings, resolve

if TYPE_CHECKING:
    from mom_lsp.fleet.jobs import Outcome


@click.group()
def fleet() -> None:
    """Index many repositories into one store, and search across them."""


@fleet.command()
@click.option(
    "--repos",
    required=True,
    metavar="LIST",
    help="A repository, a folder of them, or a file with one path per line. Remotes are not fetched.",
)
@click.option("--into", metavar="URI", help="A folder or s3://bucket/prefix; by default, mom.fleet.uri.")
@click.option(
    "--on",
    "engine",
    type=click.Choice(["dask", "local"]),
    default="dask",
    show_default=True,
    help="Where to run the work.",
)
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Number of Dask processes; by default, one per core."
)
@click.option("--scheduler", metavar="ADDRESS", help="Use a running Dask cluster, such as tcp://host:8786.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Never publish these files; may be repeated.")
@AS_JSON
@click.pass_context
def index(
    ctx: click.Context,
    repos: str,
    into: str | None,
    engine: str,
    workers: int | None,
    scheduler: str | None,
    exclude: tuple[str, ...],
    as_json: bool,
) -> None:
    """Index repositories into a fleet: one store for many repositories.

    You can stop it at any time; the next run resumes there. Later runs index only what is new. Memories forgotten in a
    repository are erased from the fleet.
    """
    if engine == "local" and (workers or scheduler):
        raise click.UsageError("--workers and --scheduler need --on dask")
    if workers and scheduler:
        raise click.UsageError("--workers and --scheduler cannot be combined")
    from mom_lsp.fleet.bulk import Target, index_repositories
    from mom_lsp.fleet.objects import checked_uri

    began, own = time.monotonic(), _settings()
    target = Target(
        checked_uri(into or own.fleet.uri, folder()),
        (*own.fleet.exclude, *exclude),
        own.fleet.exclude_repositories,
        engine,
        workers or 0,
        scheduler or "",
    )
    progress = _Progress()
    with stop_on_signal() as stop:
        outcomes = index_repositories(folder() / expanded(repos), target, progress, stop)
    if as_json:
        seconds = round(time.monotonic() - began, 3)
        echo_json({"uri": target.uri, "repositories": [asdict(one) for one in outcomes], "seconds": seconds})
    failed = [one for one in outcomes if one.state == "failed"]
    click.echo(_summary(outcomes, time.monotonic() - began), err=True)
    for one in failed:
        click.echo(f"failed: {one_line(one.name)} ({one_line(one.path)}): {one_line(one.error)}", err=True)
    if stop.is_set():
        click.echo("stopped; run the same command again to resume", err=True)
        ctx.exit(STOPPED)
    if failed:
        ctx.exit(1)


@fleet.command()
@AS_JSON
@click.pass_context
def pull(ctx: click.Context, as_json: bool) -> None:
    """Update the local copy of the fleet, which `--fleet` searches.

    This connects to the server in mom.fleet.uri; `--fleet` itself never does.
    """
    from mom_lsp.fleet.objects import checked_uri
    from mom_lsp.fleet.pulling import pull as pull_fleet

    own = _settings().fleet
    with stop_on_signal() as stop:
        found = pull_fleet(checked_uri(own.uri, folder()), own.cache_size * 1_000_000, _copying, stop)
    state = found.state
    if as_json:
        echo_json(asdict(state) | {"fresh": found.fresh})
    size = sum(one.size for one in state.repositories) / 1e6
    have = count(len(state.repositories), "repository", "repositories")
    memories = count(sum(one.memories for one in state.repositories), "memory", "memories")
    click.echo(f"{have}, {memories}, {size:,.1f} MB; {found.fresh:,} newly copied", err=True)
    if state.left_out:
        what = count(len(state.left_out), "repository does", "repositories do")
        click.echo(f"{what} not fit: raise mom.fleet.cacheSize (now {own.cache_size:,} MB)", err=True)
    if state.unreadable:
        click.echo(f"{count(len(state.unreadable), 'repository', 'repositories')} could not be read", err=True)
    if stop.is_set():
        ctx.exit(STOPPED)


def _copying(name: str, done: int, total: int) -> None:
    click.echo(f"[{done + 1}/{total}] {one_line(name)}", err=True)


class _Progress:
    """One line per repository."""

    def __init__(self) -> None:
        self._done = 0

    def __call__(self, outcome: Outcome, total: int) -> None:
        self._done += 1
        did = outcome.error if outcome.state == "failed" else outcome.state
        if outcome.state == "indexed":
            did = f"{count(outcome.commits, 'commit')}, {count(outcome.files, 'file')}"
        click.echo(f"[{self._done}/{total}] {one_line(outcome.name)}: {one_line(did)}", err=True)


def _summary(outcomes: list[Outcome], seconds: float) -> str:
    states = [one.state for one in outcomes]
    parts = [f"{states.count(state):,} {state}" for state in dict.fromkeys(states)]
    read = count(sum(one.commits for one in outcomes), "commit")
    return f"{count(len(outcomes), 'repository', 'repositories')}: {', '.join(parts)}; {read} in {duration(seconds)}"


def _settings() -> Settings:
    """Return the user's own settings; a fleet is none of a repository's business."""
    found = resolve(None)
    for problem in found.in_files:
        click.echo(f"mom: {one_line(problem)}", err=True)
    return found.settings
