"""`mom why`: why a line is so, in two or three sentences with citations."""

from __future__ import annotations

import sys
from typing import Any

import click

from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.connect import Connection, connect
from mom_lsp.cli.fast_path import LONG_WAY
from mom_lsp.cli.target import Target, parse_target
from mom_lsp.cli.text import echo_json, one_line
from mom_lsp.errors import UsageError


@click.command()
@click.argument("target", metavar="FILE:LINE")
@click.option("--no-model", is_flag=True, help="In the memories' own words alone, at once.")
@click.option("--explain", is_flag=True, help="Say which memories the model's attention was drawn to, and how much.")
@AS_JSON
@click.pass_context
def why(ctx: click.Context, target: str, no_model: bool, explain: bool, as_json: bool) -> None:
    """Say why a line is so, with the memories that say it.

    On a terminal the answer in the memories' own words comes at once, and the local model's, if there is one, when it
    is ready. Elsewhere only the last of the two is printed.
    """
    with connect() as service:
        place = parse_target(target, folder(), service.location.root)
        if place.whole or place.start != place.end:
            raise UsageError(f"name one line: `mom why {place.path}:{place.start}`")
        worded = not no_model and not service.call("model")["problem"]
        if worded and _is_within_engine():
            ctx.exit(LONG_WAY)  # the model takes seconds, in which the engine would run no other command
        at_once = not worded or (not as_json and sys.stdout.isatty())
        answer = _ask(service, place, generate=not at_once)
        if as_json:
            echo_json(answer)
            return
        _print(answer, service, place.path)
        if worded and at_once:
            answer = _worded(service, place)
            if answer["generated"]:
                click.echo("\n" + one_line(answer["answer"]))
        if explain:
            _explain(answer)


def _explain(answer: dict[str, Any]) -> None:
    numbers = {one["id"]: number for number, one in enumerate(answer["citations"], 1)}
    for one in answer["attention"]:
        number = numbers[one["id"]]
        click.echo(f"attention drawn to [{number}]: {one['heads']} heads, {one['strength']:+.2f} on average")
    if not answer["attention"]:
        click.echo("the model's attention was drawn to none of them")


def _ask(service: Connection, place: Target, *, generate: bool) -> dict[str, Any]:
    return dict(service.call("why", path=place.path, line=place.start, text=None, generate=generate))


def _worded(service: Connection, place: Target) -> dict[str, Any]:
    """Ask the model, which takes seconds, and say meanwhile what is waited for."""
    from mom_lsp.cli.console import stderr

    with stderr().status("the local model is wording it; Ctrl-C if this is enough"):
        return _ask(service, place, generate=True)


def _is_within_engine() -> bool:
    from mom_lsp.cli.console import TERMINAL

    return TERMINAL.get() is not None


def _print(answer: dict[str, Any], service: Connection, path: str) -> None:
    from mom_lsp.cli.output import LinkRoot, print_answer

    print_answer(answer, LinkRoot(service.location.root, path))
