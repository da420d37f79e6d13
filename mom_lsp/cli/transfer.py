"""`mom export`, `mom import`: the user's feedback as JSON lines."""

from __future__ import annotations

import json
from typing import IO, Any

import click

from mom_lsp.cli.connect import connect
from mom_lsp.cli.text import one_line
from mom_lsp.errors import MomError, UsageError
from mom_lsp.phrases import count


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.File("w", encoding="utf-8", atomic=True),
    default="-",
    metavar="FILE",
    help="Write to FILE instead of standard output.",
)
def export(output: IO[str]) -> None:
    """Export your feedback (pins, notes, uses …) as JSON lines."""
    with connect() as service:
        events = service.call("export")["events"]
    for event in events:
        click.echo(json.dumps(event, sort_keys=True), file=output)
    click.echo(f"Exported {count(len(events), 'event')}", err=True)


@click.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8"), default="-")
def import_(file: IO[str]) -> None:
    """Import feedback from `mom export`.

    Feedback that is already recorded is skipped.
    """
    events = read_events(file)
    with connect() as service:
        answer = service.call("import", events=events)
    if not answer["ok"]:
        raise MomError(answer["message"])
    click.echo(one_line(answer["message"]), err=True)


def read_events(file: IO[str]) -> list[dict[str, Any]]:
    """Return the events in JSON lines. Raises UsageError with the number of an invalid line."""
    events = []
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            raise UsageError(f"line {number} of {file.name} is not a JSON object; did `mom export` write the file?")
        events.append(event)
    return events


def _lines(file: IO[str]) -> list[str]:
    try:
        return file.readlines()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file.name} is not UTF-8 text; did `mom export` write it?") from error
