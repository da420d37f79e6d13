"""mom.why: why a line is so, in two or three sentences with citations."""

from __future__ import annotations

from typing import Any

from mom_lsp.errors import UsageError
from mom_lsp.server.app import MomServer
from mom_lsp.server.convert import plain
from mom_lsp.server.execute_command import Command, _check, _place, _tell


async def why(ls: MomServer, uri: str, line: int, show: bool = True) -> Any:
    """mom.why: answer from the memories of a line (from 1), as `mom why --json` does.

    With `show` the answer is also shown as a message: for an editor that does nothing with a command's result.
    """
    _check(uri=(uri, str), line=(line, int))
    place, document = await _place(ls, uri), ls.documents.get(uri)
    if not place.path:
        raise UsageError("ask about a line of a file: mom.why takes uri, line")
    answer = await ls.ask(place, "why", path=place.path, line=line, text=ls.text(document) if document else None)
    if show:
        _tell(ls, in_words(answer))
    return answer


def in_words(answer: dict[str, Any]) -> str:
    """Return an answer as plain text: the sentences, and a line for each memory that they cite."""
    sources = [f"[{number}] {_source(one)}" for number, one in enumerate(answer["citations"], 1)]
    return "\n".join([plain(answer["answer"]), *sources])


def _source(memory: dict[str, Any]) -> str:
    source = memory["source"]
    parts = [(source.get("commit") or "")[:9], (source.get("time") or "")[:10], plain(memory["title"])]
    return " ".join(part for part in parts if part)


COMMANDS: dict[str, Command] = {"mom.why": why}
