"""The user's feedback on memories: pin, unpin, useful, dismiss, note, forget, restore, undo, purge."""

from __future__ import annotations

from typing import Any

import click

from mom_lsp.cli.app import folder
from mom_lsp.cli.connect import Connection, connect
from mom_lsp.cli.target import parse_target
from mom_lsp.cli.text import one_line
from mom_lsp.errors import MomError

AT = "FILE:LINE"


def _not_empty(_ctx: click.Context, _option: click.Parameter, at: str | None) -> str | None:
    """Refuse "", as of a variable that is not set: it would stand for no place."""
    if at == "":
        raise click.BadParameter(f"it is empty; give FILE or {AT}")
    return at


PLACE = click.option(
    "--at", metavar=AT, callback=_not_empty, help="Where it helped. A memory accepted in two places is validated."
)


@click.command()
@click.argument("id")
@PLACE
def pin(id: str, at: str | None) -> None:
    """Pin a memory: it ranks first where it is pinned, and does not fade."""
    _send("pin", id=id, at=at or "")


@click.command()
@click.argument("id")
def unpin(id: str) -> None:
    """Unpin a memory."""
    _send("unpin", id=id)


@click.command()
@click.argument("id")
@PLACE
def useful(id: str, at: str | None) -> None:
    """Mark a memory as useful."""
    _send("useful", id=id, at=at or "")


@click.command()
@click.argument("id")
@click.option(
    "--at", metavar=AT, callback=_not_empty, help="Where to stop suggesting it; by default, where it was last shown."
)
@click.option("--never", is_flag=True, help="Archive the memory: never suggest it. Search still finds it.")
def dismiss(id: str, at: str | None, never: bool) -> None:
    """Stop suggesting a memory in a function or file."""
    if never:
        _send("dismiss", id=id, never=True)
    else:
        _send("dismiss", id=id, at=at)


@click.command()
@click.argument("id")
def forget(id: str) -> None:
    """Erase a memory and never index it again. `mom restore` undoes this."""
    _send("forget", id=id)


@click.command()
@click.argument("id")
def restore(id: str) -> None:
    """Restore a forgotten, dismissed or archived memory.

    A forgotten memory is read from the repository again; a forgotten discussion returns with the next import. A
    dismissed or archived memory may be suggested again, everywhere.
    """
    _send("restore", id=id)


@click.command()
@click.argument("id", default="")
def undo(id: str) -> None:
    """Undo your last action, or the last change of one memory.

    With ID, this also undoes changes that were not your own action, such as a new status after a commit.
    """
    _send("undo", **({"id": id} if id else {}))


@click.command()
def purge() -> None:
    """Erase forgotten notes now instead of after 30 days.

    Damaged files that mom has set aside are erased, too.
    """
    _send("purge")


@click.command()
@click.argument("text")
@click.option("--at", metavar=AT, callback=_not_empty, required=True, help="The line or file that the note is about.")
def note(text: str, at: str) -> None:
    """Add a note of your own to a line or file."""
    if not text.strip():
        raise click.UsageError("the note is empty")
    _send("note", text=text, at=at)


def _send(method: str, *, at: str | None = "", **params: Any) -> None:
    """Send one action to the service and print its answer; `at` becomes path and line, "" sends neither."""
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
