"""`mom review`: what is about to fade, what was promoted, what drifted: one by one, or as a list."""

from __future__ import annotations

import sys
from typing import Any

import click

from mom_lsp.cli.app import AS_JSON
from mom_lsp.cli.connect import Connection, connect
from mom_lsp.cli.text import echo_json, one_line
from mom_lsp.errors import UsageError

HEADINGS = {
    "fading": "About to fade",
    "promoted": "Promoted lately",
    "drifted": "The code has moved on",
    "archived": "Archived: not suggested any more, search finds them",
}
ANSWERS = {"k": "pin", "u": "useful", "f": "forget", "m": "merge", "t": "undo", "s": "", "q": ""}
PROMPT = "[k]eep, [u]seful, [f]orget, [m]erge into another, [t]ake its last change back, [s]kip, [q]uit"
RESTORE = "[k]eep brings it back, [f]orget, [s]kip, [q]uit"


@click.command()
@AS_JSON
def review(as_json: bool) -> None:
    """Walk through what is about to fade, what was promoted and what drifted."""
    with connect() as service:
        result = service.call("review")
        if as_json:
            echo_json(result)
        elif not any(result[name] for name in HEADINGS):
            click.echo("Nothing needs a look.", err=True)
        elif interactive():
            _walk(result, service)
        else:
            _list(result, service)


def interactive() -> bool:
    """Whether somebody sits there to answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _list(result: dict[str, Any], service: Connection) -> None:
    for name, heading in HEADINGS.items():
        for memory in _headed(result[name], heading):
            _print(memory, service)


def _walk(result: dict[str, Any], service: Connection) -> None:
    seen: set[str] = set()
    for name, heading in HEADINGS.items():
        for memory in _headed([one for one in result[name] if one["id"] not in seen], heading):
            seen.add(memory["id"])
            _print(memory, service)
            if not _ask(memory, service, archived=name == "archived"):
                return


def _ask(memory: dict[str, Any], service: Connection, *, archived: bool) -> bool:
    """Do what the user decides about a memory; False if he has had enough."""
    choices = click.Choice(["k", "f", "s", "q"] if archived else list(ANSWERS), case_sensitive=False)
    answer = click.prompt(RESTORE if archived else PROMPT, type=choices, default="s", show_choices=False, err=True)
    method = "restore" if archived and answer == "k" else ANSWERS[answer]
    if method:
        try:
            more = {"id": click.prompt("id of the one to show for both", err=True)} if method == "merge" else {}
            told = service.call(method, **({"id": memory["id"]} | more | ({"other": memory["id"]} if more else {})))
            click.echo(one_line(told["message"]), err=True)
        except UsageError as error:  # an id that was mistyped ends nothing
            click.echo(one_line(str(error)), err=True)
    return bool(answer != "q")


def _headed(memories: list[dict[str, Any]], heading: str) -> list[dict[str, Any]]:
    from rich.text import Text

    from mom_lsp.cli.console import stdout

    if memories:
        stdout().print(Text(f"\n{heading}", "bold"))
    return memories


def _print(memory: dict[str, Any], service: Connection) -> None:
    from mom_lsp.cli.console import stdout
    from mom_lsp.cli.output import LinkRoot, identity, source_line, title_line

    console = stdout()
    console.print(title_line(memory).append("  ").append(identity(memory["id"])))
    console.print(source_line(memory, LinkRoot(service.location.root)))
    console.print(f"  {one_line(memory['reason'])}; {memory['phrases']['strength']}", style="dim", markup=False)
