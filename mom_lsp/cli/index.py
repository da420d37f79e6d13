"""`mom index`: index the repository, once or whenever it changes."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

import click

from mom_lsp.cli.app import folder
from mom_lsp.cli.progress import Bars, JsonLines, Lines, Quiet
from mom_lsp.cli.text import echo_json, one_line
from mom_lsp.errors import MomError
from mom_lsp.git.location import Location, locate
from mom_lsp.pathnames import expanded
from mom_lsp.phrases import count, duration, memories

if TYPE_CHECKING:
    from mom_lsp.indexing import Summary

STOPPED = 130  # the exit code of a command that Ctrl-C ended


@click.command()
@click.argument("path", required=False, metavar="[PATH]")
@click.option("--rev", metavar="REV", help="Index the history of REV instead of HEAD.")
@click.option("--watch", is_flag=True, help="Keep running and index new commits as they arrive.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--queued", is_flag=True, hidden=True, help="Serve the requests that hooks queued, without output.")
@click.option("--background", is_flag=True, hidden=True, help="Run at low priority, and pause on a low battery.")
@click.option("--progress-json", is_flag=True, hidden=True, help="Print progress as JSON; exit when stdin closes.")
@click.pass_context
def index(
    ctx: click.Context,
    path: str | None,
    rev: str | None,
    watch: bool,
    as_json: bool,
    queued: bool,
    background: bool,
    progress_json: bool,
) -> None:
    """Index the history and files of a repository.

    You can stop it at any time; the next run resumes there. Later runs index only what is new.
    """
    if (watch or queued) and (rev or as_json):
        raise click.UsageError("--rev and --json cannot be combined with --watch")
    from mom_lsp import indexing
    from mom_lsp.process.free_memory import share_arenas
    from mom_lsp.settings import resolve_saved

    share_arenas()
    location = locate(folder() / expanded(path or "."))
    if progress_json:
        from mom_lsp.process import end_with_parent

        end_with_parent(sys.stdin)
    summary = None
    with stop_on_signal() as stop, _reporter(queued=queued, progress_json=progress_json) as report:
        for problem in resolve_saved(location.root, location.data).in_files:
            click.echo(f"mom: {one_line(problem)}", err=True)
        settings = partial(indexing.index_settings, location)
        background_mode = indexing.Background(location.data) if background or queued else None
        if watch:
            indexing.watch(location, settings, report, stop, background_mode)
        elif queued:
            indexing.serve_requests(location, settings, report=report, stop=stop, background=background_mode)
        else:
            summary = indexing.index(location, settings, rev=rev, report=report, stop=stop)
    if summary is not None and as_json:
        echo_json(asdict(summary))
    if stop.is_set():
        click.echo("stopped" if watch else "stopped; run `mom index` again to resume", err=True)
        ctx.exit(STOPPED)
    if summary is not None:
        click.echo(summary_line(summary, None if summary.nothing_new else _memories(location)), err=True)


def summary_line(summary: Summary, known: int | None) -> str:
    """Return the summary as one line, with the number of memories if it is known."""
    if summary.waiting:
        return f"not indexed: {one_line(summary.waiting)}"
    time = duration(summary.seconds)
    if summary.nothing_new:
        return f"already up to date ({time})"
    parts = [
        count(summary.commits, "commit"),
        count(summary.files, "file"),
        count(summary.encoded, "embedding"),
    ]
    now = "" if known is None else f"; {memories(known)} now"
    return f"indexed {', '.join(parts)} in {time}{now}"


def _memories(location: Location) -> int | None:
    """Return how many memories `mom status` counts; a running engine may not have read them yet."""
    from mom_lsp.engine.requests import answer
    from mom_lsp.engine.service import Service

    with contextlib.suppress(MomError), contextlib.closing(Service(location.data)) as service:
        return int(answer(service, "state", {"root": str(location.root)})["memories"])
    return None  # what was indexed stays


def _reporter(*, queued: bool, progress_json: bool) -> Quiet:
    if progress_json:
        return JsonLines()
    if queued:
        return Quiet()
    return Bars() if sys.stderr.isatty() else Lines()


@contextlib.contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """Yield an event that the first Ctrl-C (or SIGTERM) sets; a second one interrupts at once."""
    stop = threading.Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
