"""`mom suggest`, `mom search`, `mom show`."""

from __future__ import annotations

from typing import Any

import click

from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.connect import Connection, connect
from mom_lsp.cli.target import parse_target
from mom_lsp.cli.text import echo_json, one_line

COUNT = click.option("-k", type=click.IntRange(min=1), metavar="N", help="At most so many memories.")


@click.command()
@click.argument("target", metavar="[FILE[:LINE[-LINE]]]", required=False)
@click.option("--rev", help="As of this revision instead of HEAD.")
@click.option("--intent", default="", metavar="TEXT", help="What you are about to do, there or anywhere.")
@COUNT
@AS_JSON
def suggest(target: str | None, rev: str | None, intent: str, k: int | None, as_json: bool) -> None:
    """Show the memories that matter for a file or its lines, for what you are about to do, or for both."""
    if target is None and (rev is not None or not intent.strip()):
        raise click.UsageError("say where, FILE or FILE:LINE, or what you are about to do, --intent TEXT")
    with connect() as service:
        asked: dict[str, Any] = {"k": k, "counted": not as_json} | ({"intent": intent} if intent else {})
        if target is not None:
            place = parse_target(target, folder(), service.location.root, on_disk=rev is None)
            asked |= {"path": place.path, "start": place.start, "end": place.end, "text": None, "rev": rev}
        result = service.call("suggest", **asked)
        if as_json:
            echo_json(result)
        elif result["suggestions"]:
            _print(result, service, asked.get("path"))
        else:
            about = target or f"“{intent}”"
            _say(f"Nothing worth showing for {about}. Everything is reachable with `mom search TEXT`.")


@click.command()
@click.argument("text", nargs=-1, required=True)
@COUNT
@AS_JSON
def search(text: tuple[str, ...], k: int | None, as_json: bool) -> None:
    """Find memories by what they say."""
    with connect() as service:
        result = service.call("search", text=" ".join(text), k=k)
        if as_json:
            echo_json(result)
        elif result["suggestions"]:
            _print(result, service, None)
        else:
            _say(f"No memory says anything like “{' '.join(text)}”. Is everything indexed? See `mom status`.")


@click.command()
@click.argument("id")
@click.option("--episode", is_flag=True, help="Show the memories that belong to the same piece of work, oldest first.")
@AS_JSON
def show(id: str, episode: bool, as_json: bool) -> None:
    """Show a memory whole, and why it is or is not suggested."""
    with connect() as service:
        result = service.call("episode" if episode else "show", id=id)
        if as_json:
            echo_json(result)
        elif episode and not result["episode"]:
            _say("This memory stands alone.")
        elif episode:
            click.echo(f"{one_line(result['phrases']['episode'])}\n")
            _print({"suggestions": result["members"]}, service, None)
        else:
            _print_memory(result, service)


def _print(result: dict[str, Any], service: Connection, path: str | None) -> None:
    from mom_lsp.cli.output import LinkRoot, print_suggestions

    print_suggestions(result["suggestions"], LinkRoot(service.location.root, path))


def _print_memory(memory: dict[str, Any], service: Connection) -> None:
    from rich.text import Text

    from mom_lsp.cli.console import stdout, table
    from mom_lsp.cli.output import LinkRoot, identity, source_line, title_line
    from mom_lsp.redact import clean

    console, view = stdout(), LinkRoot(service.location.root)
    console.print(title_line(memory))
    console.print(source_line(memory, view))
    if memory.get("body"):
        console.print(Text("\n" + clean(memory["body"]).strip("\n")))
    console.print()
    console.print(table(_facts(memory)))
    if memory.get("history"):
        console.print(Text("\nWhat happened to it", "bold"))
        console.print(
            table(
                (event["phrases"]["age"], event["phrases"]["event"], event["path"] or event["reason"])
                for event in memory["history"]
            )
        )
    if memory.get("related"):
        console.print(Text("\nRelated", "bold"))
        for other in memory["related"]:
            console.print(Text("  ").join([identity(other["id"]), title_line(other)]))


def _facts(memory: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return what is known about a memory, as (name, value), without what is empty."""
    from mom_lsp.cli.output import shares

    phrases = memory["phrases"]
    facts: list[tuple[str, Any]] = [
        ("id", memory["id"]),
        ("state", phrases["state"]),
        ("because", memory["life"]["reason"]),
        ("strength", phrases["strength"]),
        ("evidence", phrases["evidence"]),
        ("domain", memory["domain"]),
        ("surprise", f"{memory['surprise']} of 5" if memory["surprise"] else ""),
        ("episode", phrases["episode"]),
        ("failure", phrases["failure"]),
        ("replaced by", memory["replacement"] or ""),
        ("suggested" if memory["suggested"] else "not suggested", memory["because"]),
        ("score", shares(memory["terms"], phrases["shares"])),
    ]
    return [(name, value) for name, value in facts if str(value)]


def _say(text: str) -> None:
    click.echo(one_line(text), err=True)
