"""`mom rules`: rules for AGENTS.md or CONTRIBUTING.md, from what proved useful, as Markdown on standard output."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import click

from mom_lsp import phrases
from mom_lsp.cli.app import AS_JSON
from mom_lsp.cli.connect import connect
from mom_lsp.cli.text import echo_json, one_line

NONE = (
    "No memory has proved useful yet. One does when you accept it at one place on three days, or use it five times in"
    " several places."
)
EDIT = "<!-- Proposed by `mom rules`. Keep the real rules, in your own words. -->"
EVERYWHERE = "Everywhere"
_MARKUP = re.compile(r"([\\`*_\[\]<>#|~])")


@click.command()
@AS_JSON
def rules(as_json: bool) -> None:
    """Propose rules for AGENTS.md or CONTRIBUTING.md.

    The rules come from memories that proved useful, with the evidence and the commits. They are printed as Markdown for
    you to edit; no file is changed.
    """
    with connect() as service:
        found = service.call("rules")["rules"]
    if as_json:
        echo_json(found)
    elif found:
        click.echo("\n".join(markdown(found)))
    else:
        click.echo(NONE, err=True)


def markdown(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a Markdown section, one list for each file or folder."""
    yield from ("## What proved useful here", "", EDIT)
    for path, ruled in groupby(found, lambda one: one["path"]):
        yield from ("", f"### {_code(path) if path else EVERYWHERE}", "")
        for one in ruled:
            where = f"In {_code(one['symbol'])}: " if one["symbol"] else ""
            yield f"- {where}{'Avoid: ' * one['avoid']}{_escaped(one['rule'])}"
            yield f"  ({'; '.join(_citations(one))})"


def _citations(one: dict[str, Any]) -> Iterator[str]:
    """Yield the evidence for a rule and where it comes from."""
    source, proven = one["source"], one["proven"]
    yield _escaped(phrases.proven({**proven, "path": "", "symbol": ""}) if proven else phrases.life(one))
    name = (source.get("discussion") or {}).get("name") or (source.get("commit") or "")[:10]
    url = str(source.get("url") or "")
    if name:
        yield f"[{_escaped(name)}]({url})" if url.startswith("https://") else _escaped(name)
    made = " · ".join(part for part in (source.get("author"), (source.get("time") or "")[:10]) if part)
    if made:
        yield _escaped(made)


def _escaped(text: str) -> str:
    """Return text as one line of Markdown that renders literally."""
    return _MARKUP.sub(r"\\\1", one_line(text))


def _code(text: str) -> str:
    """Return text as inline code."""
    return f"`{one_line(text).replace('`', '')}`"
