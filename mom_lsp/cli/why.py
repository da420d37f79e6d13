"""`mom why`: why a line is so, in two or three sentences with citations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.connect import Connection, connect
from mom_lsp.cli.target import parse_target
from mom_lsp.cli.words import echo_json
from mom_lsp.errors import UsageError


@click.command()
@click.argument("target", metavar="FILE:LINE")
@AS_JSON
def why(target: str, as_json: bool) -> None:
    """Say why a line is so, with the memories that say it."""
    with connect() as service:
        place = parse_target(target, folder(), service.location.root)
        if place.whole or place.start != place.end:
            raise UsageError(f"name one line: `mom why {place.path}:{place.start}`")
        answer = service.call("why", path=place.path, line=place.start, text=None)
        if as_json:
            echo_json(answer)
        else:
            _print(answer, service, place.path)


def _print(answer: dict[str, Any], service: Connection, path: str) -> None:
    from mom_lsp.cli.output import View, print_answer

    print_answer(answer, View(service.location.root, datetime.now(UTC), path))
