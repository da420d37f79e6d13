"""`mom why`: explain a line in one to three sentences with citations."""

from __future__ import annotations

import sys
from typing import Any

import click

from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.connect import Connection, asking
from mom_lsp.cli.fast_path import NOT_IN_ENGINE
from mom_lsp.cli.target import Target, parse_target
from mom_lsp.cli.text import UNINDEXED, echo_json, one_line
from mom_lsp.errors import UsageError
from mom_lsp.phrases import count


@click.command()
@click.argument("target", metavar="FILE:LINE")
@click.option("--no-model", is_flag=True, help="Only quote the memories; do not run the model.")
@click.option("--explain", is_flag=True, help="Show the terms of the scores, and where attention bias was applied.")
@AS_JSON
@click.pass_context
def why(ctx: click.Context, target: str, no_model: bool, explain: bool, as_json: bool) -> None:
    """Explain why a line is the way it is, citing memories.

    With `mom.model.rephrase`, the local model rewords the answer. A terminal shows the quotes from the memories first.
    """
    with asking() as service:
        place = parse_target(target, folder(), service.location.root)
        if place.whole or place.start != place.end:
            raise UsageError(f"give one line, for example `mom why {place.path}:{place.start}`")
        uses_model = not no_model and service.call("model")["rephrases"]
        if uses_model and _runs_in_engine():
            ctx.exit(NOT_IN_ENGINE)  # generating takes seconds, and the engine runs one command at a time
        at_once = not uses_model or (not as_json and sys.stdout.isatty())
        answer = _ask(service, place, generate=not at_once)
        if as_json:
            echo_json(answer)
            return
        if answer.get("unindexed") and not answer["citations"]:
            click.echo(UNINDEXED, err=True)
            return
        _print(answer, service, place.path, explain=explain)
        if uses_model and at_once:
            answer = _generate(service, place)
            if answer["generated"]:
                click.echo("\n" + one_line(answer["answer"]))
        if explain:
            _print_attention(answer)


def _print_attention(answer: dict[str, Any]) -> None:
    numbers = {one["id"]: number for number, one in enumerate(answer["citations"], 1)}
    for one in answer["attention"]:
        number = numbers[one["id"]]
        click.echo(f"attention bias on [{number}]: {count(one['heads'], 'head')}, mean {one['strength']:+.2f}")
    if not answer["attention"]:
        click.echo("No attention bias was applied.")


def _ask(service: Connection, place: Target, *, generate: bool) -> dict[str, Any]:
    return dict(service.call("why", path=place.path, line=place.start, text=None, generate=generate))


def _generate(service: Connection, place: Target) -> dict[str, Any]:
    """Return the model's answer; show a status line during the seconds that it takes."""
    from mom_lsp.cli.console import stderr

    with stderr().status("rephrasing with the local model (Ctrl-C to skip)"):
        return _ask(service, place, generate=True)


def _runs_in_engine() -> bool:
    from mom_lsp.cli.console import TERMINAL

    return TERMINAL.get() is not None


def _print(answer: dict[str, Any], service: Connection, path: str, *, explain: bool) -> None:
    from mom_lsp.cli.output import LinkRoot, print_answer

    print_answer(answer, LinkRoot(service.location.root, path), explain=explain)
