"""`mom review`: memories that fade, proved useful, are outdated or archived; interactive on a terminal, else a list."""

from __future__ import annotations

import sys
from typing import Any

import click

from mom_lsp.cli.app import AS_JSON
from mom_lsp.cli.connect import Connection, connect
from mom_lsp.cli.text import echo_json, one_line
from mom_lsp.errors import UsageError

HEADINGS = {
    "fading": "Fading: pin or use what you want to keep",
    "promoted": "Proved useful recently",
    "drifted": "Outdated: the code has changed",
    "archived": "Archived: never suggested, still found by search",
}
ANSWERS = {"k": "pin", "u": "useful", "f": "forget", "m": "merge", "t": "undo", "s": "", "q": ""}
PROMPT = "[k]eep (pin), [u]seful, [f]orget, [m]erge into another, undo its las[t] change, [s]kip, [q]uit"
RESTORE = "[k]eep (restore), [f]orget, [s]kip, [q]uit"


@click.command()
@AS_JSON
def review(as_json: bool) -> None:
    """Review memories that are fading, proved useful or are outdated.

    Unused memories fade: they rank lower over time, but are never deleted.
    """
    with connect() as service:
        result = service.call("review")
        if as_json:
            echo_json(result)
        elif not any(result[name] for name in HEADINGS):
            click.echo("Nothing to review.", err=True)
        elif interactive():
            _walk(result, service)
        else:
            _list(result, service)


def interactive() -> bool:
    """Whether a user can answer on a terminal."""
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
    """Ask what to do with a memory and do it; return False if the user quits."""
    choices = click.Choice(["k", "f", "s", "q"] if archived else list(ANSWERS), case_sensitive=False)
    key = click.prompt(RESTORE if archived else PROMPT, type=choices, default="s", show_choices=False, err=True)
    method = "restore" if archived and key == "k" else ANSWERS[key]
    if method:
        try:
            more = {"id": click.prompt("id of the memory to merge into", err=True)} if method == "merge" else {}
            answer = service.call(method, **({"id": memory["id"]} | more | ({"other": memory["id"]} if more else {})))
            click.echo(one_line(answer["message"]), err=True)
        except UsageError as error:  # a mistyped id does not end the review
            click.echo(one_line(str(error)), err=True)
    return bool(key != "q")


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
