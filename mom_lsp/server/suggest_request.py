"""Requests beyond the standard: what an editor's view of memories shows. Suggestions are those of `mom suggest --json`.

mom/suggest {textDocument: {uri}, position?: {line, character}} -> {"suggestions": […]}: what matters for a line;
    without a position, for the whole file. Nothing for a document that is not open or that we do not look at.
mom/pinned {textDocument?: {uri}} -> {"suggestions": […]}: what is pinned in a document's (or the first) folder.
mom/review {textDocument?: {uri}} -> {"fading": […], "promoted": […], "drifted": […], "archived": […]}: what deserves a
    look, each with its "reason"; and "forgotten": [{"id", "time"}], the newest first.
mom/show {id, textDocument?: {uri}} -> one suggestion with "related", "history", and why it is not "suggested".
mom/episode {id, textDocument?: {uri}} -> {"episode": {"kind", "title", "count"} or null, "members": [suggestion…]}: the
    memories of the same branch, issue or session of work, oldest first. A suggestion's own "episode" has the same form.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from mom_lsp.server.app import MomServer
from mom_lsp.server.execute_command import _place

MAX_PINNED = 50


async def suggest(ls: MomServer, params: Any) -> dict[str, Any]:
    """Answer mom/suggest."""
    document = await ls.document(params.textDocument.uri)
    if document is None:
        return {"suggestions": []}
    position = getattr(params, "position", None)
    if position:
        return {"suggestions": await ls.about_line(document, position.line)}
    return {"suggestions": await ls.suggest(document, 0, ls.text(document).count("\n"))}


async def pinned(ls: MomServer, params: Any) -> dict[str, Any]:
    """Answer mom/pinned."""
    place = await _place(ls, _uri(params))
    ids = await asyncio.to_thread(_pinned, place.data / "journal.sqlite")
    asked = (ls.ask(place, "show", id=id) for id in ids[:MAX_PINNED])
    found = await asyncio.gather(*asked, return_exceptions=True)  # one that is gone from the history is left out
    return {"suggestions": [memory for memory in found if isinstance(memory, dict)]}


async def review(ls: MomServer, params: Any) -> Any:
    """Answer mom/review."""
    return await ls.ask(await _place(ls, _uri(params)), "review")


async def show(ls: MomServer, params: Any) -> Any:
    """Answer mom/show."""
    return await ls.ask(await _place(ls, _uri(params)), "show", id=str(params.id))


async def episode(ls: MomServer, params: Any) -> Any:
    """Answer mom/episode."""
    return await ls.ask(await _place(ls, _uri(params)), "episode", id=str(params.id))


FEATURES = {
    "mom/suggest": suggest,
    "mom/pinned": pinned,
    "mom/review": review,
    "mom/show": show,
    "mom/episode": episode,
}


def _uri(params: Any) -> str | None:
    document = getattr(params, "textDocument", None)
    return document.uri if document else None


def _pinned(journal: Path) -> list[str]:
    from mom_lsp.journal import Journal  # here: the first answer need not wait for SQLite
    from mom_lsp.tiers.lifecycle import fold

    with Journal(journal) as opened:
        return sorted(fold(opened.events()).pinned)
