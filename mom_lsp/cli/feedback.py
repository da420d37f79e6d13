"""What the user says about memories: pin, unpin, useful, dismiss, forget, restore, undo, purge, note."""

from __future__ import annotations

from typing import Any

import click

from mom_lsp.cli.app import folder
from mom_lsp.cli.connect import Connection, connect
from mom_lsp.cli.target import parse_target
from mom_lsp.cli.text import one_line
from mom_lsp.errors import MomError

AT = "FILE:LINE"
PLACE = click.option("--at", metavar=AT, help="Where it helped: two different places prove a memory.")


@click.command()
@click.argument("id")
@PLACE
def pin(id: str, at: str | None) -> None:
    """Keep a memory: it counts as used, and does not fade."""
    _tell("pin", id=id, at=at or "")


@click.command()
@click.argument("id")
def unpin(id: str) -> None:
    """Take a pin back."""
    _tell("unpin", id=id)


@click.command()
@click.argument("id")
@PLACE
def useful(id: str, at: str | None) -> None:
    """Say that a memory helped."""
    _tell("useful", id=id, at=at or "")


@click.command()
@click.argument("id")
@click.option("--at", metavar=AT, help="Not useful at this place; without it, in the file that it is about.")
@click.option("--never", is_flag=True, help="Not useful anywhere: archive it. Search still finds it.")
def dismiss(id: str, at: str | None, never: bool) -> None:
    """Say that a memory did not help here."""
    if never:
        _tell("dismiss", id=id, never=True)
    else:
        _tell("dismiss", id=id, at=at)


@click.command()
@click.argument("id")
def forget(id: str) -> None:
    """Erase a memory; indexing never brings it back. `mom restore` does."""
    _tell("forget", id=id)


@click.command()
@click.argument("id")
def restore(id: str) -> None:
    """Read a forgotten memory from the repository again, or suggest an archived one again."""
    _tell("restore", id=id)


@click.command()
@click.argument("id", default="")
def undo(id: str) -> None:
    """Take back the last thing you said, or the last change of one memory, whatever brought it about."""
    _tell("undo", **({"id": id} if id else {}))


@click.command()
def purge() -> None:
    """Erase forgotten notes now, not only after 30 days."""
    _tell("purge")


@click.command()
@click.argument("text")
@click.option("--at", metavar=AT, required=True, help="The place the note is about.")
def note(text: str, at: str) -> None:
    """Remember something yourself."""
    if not text.strip():
        raise click.UsageError("a note needs a text")
    _tell("note", text=text, at=at)


def _tell(method: str, *, at: str | None = "", **params: Any) -> None:
    """Send one statement to the service and print its answer; `at` becomes path and line, "" sends neither."""
    with connect() as service:
        if at != "":
            params |= _place(at, service)
        answer = service.call(method, **params)
    if not answer["ok"]:
        raise MomError(answer["message"])
    click.echo(one_line(answer["message"]), err=True)


def _place(at: str | None, service: Connection) -> dict[str, Any]:
    if at is None:
        return {"path": None, "line": None}
    target = parse_target(at, folder(), service.location.root)
    return {"path": target.path, "line": None if target.whole else target.start}
