"""`mom status`, `mom doctor`."""

from __future__ import annotations

from typing import Any

import click

from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.connect import connect
from mom_lsp.cli.words import count, echo_json
from mom_lsp.errors import MomError

MARKS = {True: ("ok", "green"), False: ("failed", "bold red"), None: ("note", "yellow")}


@click.command()
@AS_JSON
def status(as_json: bool) -> None:
    """Show what is remembered, and what is still to be read."""
    with connect() as service:
        result = service.call("status")
    if as_json:
        echo_json(result)
    else:
        _print_status(result)


@click.command()
@AS_JSON
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check what mom needs; exit status 1 if something is broken."""
    checks = all_checks()
    if as_json:
        echo_json({"checks": checks})
    else:
        _print_checks(checks)
    if any(check["ok"] is False for check in checks):
        ctx.exit(1)


def all_checks() -> list[dict[str, Any]]:
    """Return the checks of the service and of this machine; a service that cannot be reached is one that failed."""
    from mom_lsp.cli import machine
    from mom_lsp.git.location import locate

    try:
        with connect() as service:
            found = service.call("doctor")["checks"]
    except MomError as error:
        found = machine.without_service(str(error))
    by_name = {check["name"]: check for check in [*found, *machine.checks(locate(folder()))]}
    return list(by_name.values())


def in_words(result: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a status as (name, value), without what says nothing."""
    engine, indexing, lately = result.get("engine"), result.get("indexing"), result.get("promoted_lately")
    kept = [
        count(result[name], noun) if noun else f"{result[name]:,} {name}"
        for name, noun in (("pinned", ""), ("notes", "note"), ("forgotten", ""))
        if result.get(name)
    ]
    rows = [
        ("folder", str(result["root"]) + ("" if result["git"] else " (no git repository)")),
        ("HEAD", str(result.get("head") or "")[:10]),
        ("memories", f"{result['memories']:,} from {count(result['commits'], 'commit')}" if result["indexed"] else ""),
        ("encoded", _part(result.get("encoded"), result.get("searchable") or 0)),
        ("encoder", str(result.get("encoder") or "none: searching by words alone")),
        ("model", _model(result.get("model") or {})),
        ("attention", _traces((result.get("model") or {}).get("traces"))),
        ("tiers", _counts(result.get("tiers") or {})),
        ("status", _counts(result.get("statuses") or {})),
        ("lately", f"{count(lately, 'memory', 'memories')} promoted, see `mom review`" if lately else ""),
        ("variety", _variety(result.get("variety") or {})),
        ("you said", ", ".join(kept)),
        ("indexing", _progress(indexing) if indexing else ""),
        ("engine", f"running, process {engine['pid']}{_held(engine)}" if engine else "not running"),
        ("data", f"{result['data']} · {_size(result.get('disk_bytes') or 0)}"),
    ]
    return [(name, value) for name, value in rows if value]


def _print_status(result: dict[str, Any]) -> None:
    from rich.text import Text

    from mom_lsp.cli.console import message, stdout, table

    problems = [(Text("problem", "yellow"), problem) for problem in result.get("problems") or ()]
    stdout().print(table([*in_words(result), *problems]))
    if not result["indexed"]:
        message("Nothing is indexed yet: run `mom index`.")


def _print_checks(checks: list[dict[str, Any]]) -> None:
    from rich.text import Text

    from mom_lsp.cli.console import stdout, table

    rows = []
    for check in checks:
        fix = check.get("fix") if check["ok"] is not True else ""
        words = check["message"] + (f" → {fix}" if fix else "")
        rows.append((Text(*MARKS[check["ok"]]), check["name"], words))
    stdout().print(table(rows))


def _progress(indexing: dict[str, Any]) -> str:
    done, total = indexing["done"], indexing["total"]
    return f"{indexing['phase']}, {done:,} of {total:,}" if total else str(indexing["phase"])


def _counts(numbers: dict[str, int]) -> str:
    """Return counts by name, without those that are 0."""
    return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in numbers.items() if number)


def _variety(variety: dict[str, Any]) -> str:
    """Return how varied the suggestions were, "" as long as few were shown."""
    if variety.get("value") is None:
        return ""
    return f"{variety['value']:.2f} of 1: {variety['memories']:,} memories in the last {variety['selections']:,} shown"


def _model(model: dict[str, Any]) -> str:
    if model.get("pid"):
        return f"{model['name']}, process {model['pid']}{_held(model)}"
    return str(model.get("problem") or "ready; it is started by the first question")


def _traces(traces: dict[str, Any] | None) -> str:
    """Return what the model's attention learned here, "" if nothing."""
    if not traces or not traces["texts"]:
        return ""
    return f"learned from {count(traces['texts'], 'text')}, strength {traces['strength']:g}, {_size(traces['bytes'])}"


def _held(process: dict[str, Any]) -> str:
    """Return the memory that a process holds, where the system says so."""
    return f", {_size(process['memory_bytes'])} of memory" if process.get("memory_bytes") else ""


def _part(number: int | bool | None, total: int) -> str:
    """Return a count with its share, or a yes or no as it is."""
    if isinstance(number, bool):
        return "yes" if number else "not yet"
    if not number or not total:
        return ""
    return f"{number:,} ({min(1.0, number / total):.0%})"


def _size(size: int) -> str:
    from rich.filesize import decimal

    return decimal(size)
