"""`mom export`, `mom import`: the user's feedback as JSON lines; `mom import` also takes exports of code hosts."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import click

from mom_lsp.cli.app import AS_JSON, PathThere, folder
from mom_lsp.cli.connect import connect
from mom_lsp.cli.text import echo_json
from mom_lsp.errors import UsageError
from mom_lsp.pathnames import expanded
from mom_lsp.phrases import count

STDIN = STDOUT = "-"


@click.command()
@click.option(
    "-o",
    "--output",
    type=PathThere(dir_okay=False, allow_dash=True, path_type=str),
    default=STDOUT,
    metavar="FILE",
    help="Write to FILE instead of standard output.",
)
def export(output: str) -> None:
    """Export your feedback (pins, notes, uses …) as JSON lines."""
    with connect() as service:
        events = service.call("export")["events"]
    try:
        file = click.open_file(output, "w", encoding="utf-8", atomic=True)
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}") from error
    with file:
        for event in events:
            click.echo(json.dumps(event, sort_keys=True), file=file)
    click.echo(f"Exported {count(len(events), 'event')}", err=True)


@click.command("import")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--name", metavar="NAME", help="Name of the export, instead of that of PATH; an existing one is updated.")
@click.option("--dry-run", is_flag=True, help="Only count what would be imported.")
@click.option("--how", is_flag=True, help="Print the commands that export this repository's discussions.")
@click.option("--list", "listed", is_flag=True, help="List the imported exports.")
@click.option("--remove", metavar="NAME", help="Remove an imported export.")
@AS_JSON
@click.pass_context
def import_(
    ctx: click.Context,
    paths: tuple[str, ...],
    name: str | None,
    dry_run: bool,
    how: bool,
    listed: bool,
    remove: str | None,
    as_json: bool,
) -> None:
    """Import exported pull requests and issues, or feedback.

    PATH is a JSON file or a folder of them. `mom import --how` prints the commands that export discussions; `mom
    export` exports feedback. Importing again adds what is new or edited. Nothing is downloaded.
    """
    from mom_lsp.cli import import_discussions

    if sum((bool(paths), how, listed, remove is not None)) > 1:
        raise click.UsageError("give either PATH, --how, --list or --remove")
    if how:
        import_discussions.print_how()
    elif listed:
        import_discussions.print_sources(as_json=as_json)
    elif remove is not None:
        import_discussions.remove(remove)
    else:
        with _on_disk(paths) as files:
            named = paths or (STDIN,)
            if not _are_feedback(files, named):
                ctx.exit(import_discussions.run(files, named, name, dry_run=dry_run, as_json=as_json))
            if name is not None:
                raise click.UsageError("feedback has no --name: it goes into your own")
            _import_feedback(files, named, dry_run=dry_run, as_json=as_json)


def read_events(file: Path, name: str) -> list[dict[str, Any]]:
    """Return the events in JSON lines.

    Args:
        file: where they are.
        name: of the file, for messages.

    Raises:
        UsageError: with the number of an invalid line.
    """
    events = []
    for number, line in enumerate(_lines(file, name), 1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            raise UsageError(f"line {number} of {name} is not a JSON object; did `mom export` write the file?")
        events.append(event)
    return events


def _import_feedback(files: Sequence[Path], named: Sequence[str], *, dry_run: bool, as_json: bool) -> None:
    parts = [read_events(file, name) for file, name in zip(files, named, strict=True)]
    if dry_run:
        parts = [list(chain(*parts))]  # what two files have is counted once
    with connect() as service:  # each file by itself, since its events refer to each other by their numbers
        imported = sum(service.call("import", events=events, dry_run=dry_run)["imported"] for events in parts)
    if as_json:
        echo_json({"path": " ".join(named), "dry_run": dry_run, "events": imported})
    click.echo(f"{'Would import' if dry_run else 'Imported'} {count(imported, 'event')}", err=True)


def _lines(file: Path, name: str) -> list[str]:
    try:
        return file.read_text("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8 text; did `mom export` write it?") from error


@contextmanager
def _on_disk(paths: Sequence[str]) -> Iterator[list[Path]]:
    """Yield the paths; standard input is copied into a file, since its shape is looked at first."""
    if any(path != STDIN for path in paths):
        yield [folder() / expanded(path) for path in paths]
        return
    if sys.stdin.isatty():
        raise click.UsageError("give the PATH of an export; `mom import --how` says how to create one")
    with tempfile.TemporaryDirectory(prefix="mom-") as place:  # readable by its owner alone
        copy = Path(place, "standard input")
        with copy.open("wb") as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream)
        yield [copy]


def _are_feedback(files: Sequence[Path], named: Sequence[str]) -> bool:
    """Whether files are feedback. Raises UsageError if only some are."""
    found = [_is_feedback(file) for file in files]
    if False in found and True in found:
        feedback, other = named[found.index(True)], named[found.index(False)]
        raise click.UsageError(f"{feedback} is feedback and {other} is not: import them one after the other")
    return False not in found


def _is_feedback(file: Path) -> bool | None:
    """Whether a file begins with an event of the journal; None if it is empty, as the export of no feedback is."""
    from mom_lsp.discussions.formats import is_feedback
    from mom_lsp.discussions.json_stream import objects

    def broken(problem: str) -> None:
        """Leave it to the import to tell."""

    if not file.is_file():
        return False
    with file.open("rb") as stream:
        first = next(objects(stream, broken), None)
        if first is not None:
            return is_feedback(first)
        stream.seek(0)
        return False if stream.read(1000).strip() else None
