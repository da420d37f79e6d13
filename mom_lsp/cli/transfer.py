"""`mom export`, `mom import`: what the user said, as JSON lines."""

from __future__ import annotations

import json
from typing import IO, Any

import click

from mom_lsp.cli.connect import connect
from mom_lsp.cli.text import one_line
from mom_lsp.errors import MomError, UsageError
from mom_lsp.phrases import count


@click.command()
@click.option("-o", "--output", type=click.File("w", encoding="utf-8", atomic=True), default="-", metavar="FILE")
def export(output: IO[str]) -> None:
    """Print your pins, notes, uses and the like, one JSON object a line."""
    with connect() as service:
        events = service.call("export")["events"]
    for event in events:
        click.echo(json.dumps(event, sort_keys=True), file=output)
    click.echo(f"exported {count(len(events), 'event')}", err=True)


@click.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8"), default="-")
def import_(file: IO[str]) -> None:
    """Read what `mom export` printed.

    What is known already changes nothing.
    """
    events = read_events(file)
    with connect() as service:
        answer = service.call("import", events=events)
    if not answer["ok"]:
        raise MomError(answer["message"])
    click.echo(one_line(answer["message"]), err=True)


def read_events(file: IO[str]) -> list[dict[str, Any]]:
    """Return the events of JSON lines. Raises UsageError naming the line that is none."""
    events = []
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            raise UsageError(f"line {number} of {file.name} is no JSON object; was it written by `mom export`?")
        events.append(event)
    return events


def _lines(file: IO[str]) -> list[str]:
    try:
        return file.readlines()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file.name} is not UTF-8 text; was it written by `mom export`?") from error
