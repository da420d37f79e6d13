"""The parts of `mom import` that are about exports of code hosts."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from mom_lsp.cli.app import folder
from mom_lsp.cli.connect import connect
from mom_lsp.cli.index import STOPPED, index, stop_on_signal
from mom_lsp.cli.text import echo_json, one_line
from mom_lsp.discussions.archive import Archive
from mom_lsp.discussions.export_commands import Remote, export_commands, remote_of
from mom_lsp.discussions.formats import FORMATS
from mom_lsp.discussions.importing import Taken, import_discussions
from mom_lsp.errors import UsageError
from mom_lsp.git.location import Location, locate
from mom_lsp.phrases import ago, count

READ = "mom reads " + "; ".join(FORMATS)
_PHASES = {"reading": ("MB read", 1_000_000), "keeping": ("discussions", 1)}  # name and unit of each bar


def run(files: Sequence[Path], named: Sequence[str], name: str | None, *, dry_run: bool, as_json: bool) -> int:
    """Import an export, print what was taken, and return the exit code: 1 if some of it could not be read.

    Args:
        files: or folders.
        named: the same, as the user gave them.
        name: of the source; by default the name of the first path.
        dry_run: only count.
        as_json: print a JSON document.
    """
    location = locate(folder())
    remote = _remote(location)
    source = name or files[0].resolve().name
    with stop_on_signal() as stop, _progress() as report:
        taken = import_discussions(
            location.data,
            files,
            name=source,
            named=" ".join(named),
            project=remote.project if remote else "",
            dry_run=dry_run,
            report=report,
            stop=stop,
        )
    if not (taken.pull_requests or taken.issues or taken.broken or taken.stopped):
        raise UsageError(f"{named[0]} has no discussions that could be read; {READ}")
    if as_json:
        echo_json({"name": source, "path": " ".join(named), "dry_run": dry_run, **asdict(taken)})
    _tell(taken, " ".join(named), dry_run=dry_run)
    if taken.changed and not taken.stopped:
        _index()
    return STOPPED if taken.stopped else 1 if taken.broken else 0


def print_how() -> None:
    """Print the commands that export this repository's discussions."""
    remote = _remote(locate(folder()))
    commands = export_commands(remote) if remote else []
    if commands and remote:
        click.echo(
            f"# Exports the discussions of {remote.project} on {remote.host}. Run it in an empty folder,", err=True
        )
        click.echo("# then `mom import` that folder.", err=True)
        click.echo("\n".join(commands))
        return
    where = (
        f"mom has no export commands for {remote.host}" if remote else "this repository has no remote on a code host"
    )
    click.echo(f"{where}.\n{READ}.", err=True)


def print_sources(*, as_json: bool) -> None:
    """Print the imported exports."""
    with Archive(locate(folder()).data) as archive:
        sources = archive.sources()
    if as_json:
        echo_json({"sources": [source._asdict() for source in sources]})
        return
    for source in sources:
        when = ago(source.imported, time.time())
        click.echo(one_line(f"{source.name}: {count(source.discussions, 'discussion')}, {when}, from {source.path}"))
    if not sources:
        click.echo("nothing was imported yet; `mom import --how` prints the export commands", err=True)


def remove(name: str) -> None:
    """Remove an imported export. Raises UsageError if there is none of that name."""
    with Archive(locate(folder()).data) as archive:
        names = [source.name for source in archive.sources()]
        if name not in names:
            known = f"imported: {', '.join(names)}" if names else "nothing was imported"
            raise UsageError(f"no export is named {name}; {known}")
        removed = archive.remove(name)
    click.echo(one_line(f"Removed {count(removed, 'discussion')} of {name}"), err=True)
    _index()


def _index() -> None:
    """Update the index, so that memories of the discussions appear or go: by the engine if it runs, else here."""
    with connect() as service:
        status = service.call("status")
        if status["indexed"] and status["engine"]:
            service.call("reindex")
            return
    if status["indexed"]:
        click.get_current_context().invoke(index)
    else:
        click.echo("nothing is indexed yet; run `mom index` next", err=True)


def _tell(taken: Taken, path: str, *, dry_run: bool) -> None:
    parts = [
        count(taken.pull_requests, "pull request"),
        count(taken.issues, "issue"),
        count(taken.review_comments, "review comment"),
    ]
    all_new = taken.changed == taken.pull_requests + taken.issues
    news = "" if dry_run or all_new else f": {taken.changed:,} new or edited" if taken.changed else ": nothing new"
    verb = "Would import" if dry_run else "Imported"
    for problem in taken.problems:
        click.echo(f"mom: skipped {one_line(problem)}", err=True)
    if taken.broken > len(taken.problems):
        click.echo(f"mom: skipped {taken.broken - len(taken.problems):,} more", err=True)
    click.echo(one_line(f"{verb} {', '.join(parts)} from {path}{news}"), err=True)
    if taken.stopped:
        click.echo("stopped; run the same command again to resume", err=True)


def _remote(location: Location) -> Remote | None:
    from mom_lsp.git.repository import Repository

    return remote_of(Repository(location).remotes) if location.git else None


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function that draws a bar per phase on a terminal."""
    if not sys.stderr.isatty():
        yield lambda phase, done, total: None
        return
    from mom_lsp.cli.progress import bars

    with bars() as move:

        def report(phase: str, done: int, total: int) -> None:
            name, unit = _PHASES[phase]
            move(name, done // unit, total // unit)

        yield report
