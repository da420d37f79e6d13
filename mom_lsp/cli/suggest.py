"""`mom suggest`, `mom search`, `mom show`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from mom_lsp.cli import ask_fleet
from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.connect import Connection, asking
from mom_lsp.cli.domains import WITHIN, scope_of
from mom_lsp.cli.target import parse_target
from mom_lsp.cli.text import UNINDEXED, echo_json, one_line

COUNT = click.option("-k", type=click.IntRange(min=1), metavar="N", help="Show at most N memories.")
EXPLAIN = click.option("--explain", is_flag=True, help="Show the domain of each memory and the terms of its score.")


@click.command()
@click.argument("target", metavar="[FILE[:LINE[-LINE]]]", required=False)
@click.option("--rev", metavar="REV", help="Answer as of REV instead of HEAD.")
@click.option(
    "--intent",
    default="",
    metavar="TEXT",
    help="Suggest memories for this task, at FILE or in the whole repository.",
)
@COUNT
@EXPLAIN
@ask_fleet.FLEET
@AS_JSON
def suggest(
    target: str | None, rev: str | None, intent: str, k: int | None, explain: bool, fleet: bool, as_json: bool
) -> None:
    """Suggest memories for lines, a file or a task."""
    if fleet and rev is not None:
        raise click.UsageError("--fleet and --rev cannot be combined")
    if target is None and (rev is not None or not intent.strip()):
        raise click.UsageError("give a FILE or FILE:LINE, or describe a task with --intent TEXT")
    with asking() as service:
        asked: dict[str, Any] = {"k": k, "counted": not as_json, "patient": True} | (
            {"intent": intent} if intent else {}
        )
        if target is not None:
            place = parse_target(target, folder(), service.location.root, on_disk=rev is None)
            asked |= {"path": place.path, "start": place.start, "end": place.end, "text": None, "rev": rev}
        others = ask_fleet.open_fleet(service) if fleet else None
        result = service.call("suggest", **asked)
        if others is not None and target is not None:
            result = ask_fleet.with_lines(result, others, service, place)
        elif others is not None:
            result = ask_fleet.with_words(result, others, service, intent)
        if as_json:
            echo_json(result)
        elif result["suggestions"]:
            if preface := result["query"].get("preface"):
                _print_message(preface)
            _print(result["suggestions"], service, asked.get("path"), explain=explain)
        else:
            about = target or f"“{intent}”"
            nothing = f"No relevant memories for {about}. Search all memories with `mom search TEXT`."
            _print_message(UNINDEXED if result.get("unindexed") else nothing)
        if others is not None and not as_json:
            _print_message(ask_fleet.age(others))


@click.command()
@click.argument("text", nargs=-1)
@WITHIN
@COUNT
@EXPLAIN
@ask_fleet.FLEET
@AS_JSON
def search(text: tuple[str, ...], within: str | None, k: int | None, explain: bool, fleet: bool, as_json: bool) -> None:
    """Search memories by text.

    With --in and no TEXT, show what is most worth reading there.
    """
    if not text and not within:
        raise click.UsageError("give a TEXT to search for, or a place with --in NAME")
    with asking() as service:
        others = ask_fleet.open_fleet(service) if fleet and text else None
        scope = {"in": scope_of(within, service.location.root)} if within else {}
        result = service.call("search", text=" ".join(text), k=k, counted=not as_json, **scope)
        if others is not None:
            result = ask_fleet.with_words(result, others, service, " ".join(text))
        if as_json:
            echo_json(result)
        elif result["suggestions"]:
            _print(result["suggestions"], service, explain=explain)
            if result.get("weak"):
                _print_message("No result stands out: try other words.")
        else:
            about = f"No memories match “{' '.join(text)}”" if text else "No memories"
            where = f" in {within}" if within else ""
            nothing = f"{about}{where}. `mom status` shows whether indexing is complete."
            _print_message(UNINDEXED if result.get("unindexed") else nothing)
        if not as_json and result.get("words_only") and not result.get("unindexed"):
            _print_message("Searched by words only, not by meaning: `mom doctor` says why.")
        if others is not None and not as_json:
            _print_message(ask_fleet.age(others))


@click.command()
@click.argument("id")
@click.option("--episode", is_flag=True, help="List the memories of its episode (one piece of work), oldest first.")
@AS_JSON
def show(id: str, episode: bool, as_json: bool) -> None:
    """Show one memory in full, and why it is or isn't suggested."""
    with asking() as service:
        result = service.call("episode" if episode else "show", id=id)
        if as_json:
            echo_json(result)
        elif episode and not result["episode"]:
            _print_message("This memory is not part of an episode.")
        elif episode:
            click.echo(f"{one_line(result['phrases']['episode'])}\n")
            _print(result["members"], service)
        else:
            _print_memory(result, service)


def _print(
    memories: Sequence[dict[str, Any]],
    service: Connection,
    path: str | None = None,
    *,
    explain: bool = False,
) -> None:
    from mom_lsp.cli.output import LinkRoot, print_suggestions

    print_suggestions(memories, LinkRoot(service.location.root, path), explain=explain)


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
        console.print(Text("\nHistory", "bold"))
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
    """Return the facts about a memory as (name, value), without empty ones."""
    from mom_lsp.cli.output import shares

    phrases = memory["phrases"]
    facts: list[tuple[str, Any]] = [
        ("id", memory["id"]),
        ("status", phrases["state"]),
        ("reason", memory["life"]["reason"]),
        ("fading", phrases["strength"]),
        ("evidence", phrases["evidence"]),
        ("proven", phrases["proven"].removeprefix("proven: ")),
        ("domain", memory["domain"]),
        ("surprise", f"{memory['surprise']} of 5 (how unusual the change is here)" if memory["surprise"] else ""),
        ("episode", phrases["episode"]),
        ("failure", phrases["failure"]),
        ("replaced by", memory["replacement"] or ""),
        ("suggested" if memory["suggested"] else "not suggested", memory["because"]),
        ("relevance", phrases["relevance"]),
        ("score", shares(memory["terms"], phrases["shares"])),
    ]
    return [(name, value) for name, value in facts if str(value)]


def _print_message(text: str) -> None:
    click.echo(one_line(text), err=True)
