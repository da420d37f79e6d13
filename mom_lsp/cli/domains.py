"""`mom domains`, and the option --in, which searches in a domain, a folder or a file."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.connect import connect
from mom_lsp.cli.text import echo_json, one_line
from mom_lsp.errors import MomError

NONE = "No domains yet: run `mom index`."
NOT_PLAIN = frozenset(" \t:,;&|<>()$`\\\"'*?[]#~=%!{}")  # characters that bash would interpret


@click.command()
@AS_JSON
def domains(as_json: bool) -> None:
    """List the domains: groups of memories by place and topic.

    Search in one with `mom search --in NAME`; part of the name is enough.
    """
    with connect() as service:
        found = service.call("domains")["domains"]
    if as_json:
        echo_json(found)
    elif found:
        from rich.text import Text

        from mom_lsp.cli.console import stdout, table

        stdout().print(table((f"{one['memories']:,}", Text(one_line(one["name"]))) for one in found))
    else:
        click.echo(NONE, err=True)


def scope_of(name: str, root: Path) -> str:
    """Return what the user named, a path in the current folder relative to the root."""
    path = (folder() / name).resolve()
    return (
        path.relative_to(root.resolve()).as_posix() if path.exists() and path.is_relative_to(root.resolve()) else name
    )


def _completed(context: click.Context, _option: click.Parameter, start: str) -> list[CompletionItem]:
    """Return the names of domains that begin like this; the shell adds folders."""
    try:
        with context.scope(), connect() as service:
            names = [one["name"] for one in service.call("domains")["domains"]]
    except (MomError, OSError):  # no repository here, or it cannot be read: there is nothing to complete
        names = []
    in_bash = os.environ.get("_MOM_COMPLETE") == "bash_complete"
    begun = [
        CompletionItem(_escaped(name) if in_bash else name)
        for name in names
        if name.casefold().startswith(start.casefold())
    ]
    return [CompletionItem(start, type="dir"), *begun]  # in this order: bash begins anew at a folder


def _escaped(name: str) -> str:
    """Return a name as bash completes it: it takes words as they are. Twice, since click's script takes one away."""
    return "".join(f"\\\\{sign}" if sign in NOT_PLAIN else sign for sign in name)


WITHIN = click.option(
    "--in", "within", metavar="NAME", shell_complete=_completed, help="Search in a folder, a file or a domain."
)
