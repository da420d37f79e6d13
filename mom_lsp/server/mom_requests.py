"""Requests beyond LSP, for an editor's view of memories. Suggestions have the format of `mom suggest --json`.

mom/suggest {textDocument?: {uri}, position?: {line, character}, intent?} -> {"suggestions": […]}: the suggestions for a
    line; without a position, for the whole file. None for a document that is not open or is disabled, nor for a blank
    or uncommitted line. With `intent`, for the task that the user describes; then, without a document, anywhere in the
    first folder.
mom/kept {textDocument?: {uri}} -> {"pinned": […], "promoted": […], "useful": […], "forgotten": […]}: the memories that
    are pinned, were recently promoted or accepted, or are forgotten (only {"id", "time", "commit", "path"}) in the
    folder of a document (or the first folder).
mom/review {textDocument?: {uri}} -> {"fading": […], "promoted": […], "drifted": […], "archived": […]}: the memories to
    review, each with its "reason"; and "forgotten": [{"id", "time"}], newest first.
mom/opened {id, textDocument: {uri}, position}: the user has had a memory's source open for ten seconds.
mom/show {id, textDocument?: {uri}} -> one suggestion with "related", "history", and whether and why it is "suggested".
mom/episode {id, textDocument?: {uri}} -> {"episode": {"kind", "title", "count"} or null, "members": [suggestion…]}: the
    memories of the same branch, issue or work session, oldest first. A suggestion's own "episode" has the same form.
"""

from __future__ import annotations

from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from mom_lsp.errors import UsageError
from mom_lsp.route.lines import open_lines
from mom_lsp.server.app import MomServer
from mom_lsp.server.arguments import open_text, place_of

MAX_LINE = 2**31  # as in the protocol


async def suggest(ls: MomServer, params: Any) -> dict[str, Any]:
    """Answer mom/suggest."""
    uri, line, intent = _uri(params), _line(params), str(_member(params, "intent") or "")
    if uri is None and not intent:
        raise UsageError("mom/suggest needs a textDocument or an intent")
    if uri is None:
        answer = await ls.engines.ask(await place_of(ls, None), "suggest", intent=intent)
        return {"suggestions": answer["suggestions"]}
    document = await ls.document(uri)
    if document is None:
        return {"suggestions": []}
    if intent:
        return {"suggestions": await ls.suggest_for_task(document, line, intent)}
    if line is not None:
        return {"suggestions": await ls.suggest_for_line(document, line)}
    last = max(0, len(open_lines(ls.text(document))) - 1)
    return {"suggestions": await ls.suggest(document, 0, last)}


async def kept(ls: MomServer, params: Any) -> Any:
    """Answer mom/kept."""
    return await ls.engines.ask(await place_of(ls, _uri(params)), "kept")


async def review(ls: MomServer, params: Any) -> Any:
    """Answer mom/review."""
    return await ls.engines.ask(await place_of(ls, _uri(params)), "review")


async def show(ls: MomServer, params: Any) -> Any:
    """Answer mom/show."""
    id = _id(params)
    return await ls.engines.ask(await place_of(ls, _uri(params)), "show", id=id)


async def episode(ls: MomServer, params: Any) -> Any:
    """Answer mom/episode."""
    id = _id(params)
    return await ls.engines.ask(await place_of(ls, _uri(params)), "episode", id=id)


async def opened(ls: MomServer, params: Any) -> Any:
    """Answer mom/opened."""
    id, uri, line = _id(params), _uri(params), _line(params)
    if uri is None or line is None:
        raise JsonRpcInvalidParams("mom/opened needs a textDocument and a position")
    place = await place_of(ls, uri)
    return await ls.engines.ask(place, "opened", id=id, path=place.path, line=line + 1, code=open_text(ls, uri))


FEATURES = {
    "mom/suggest": suggest,
    "mom/kept": kept,
    "mom/opened": opened,
    "mom/review": review,
    "mom/show": show,
    "mom/episode": episode,
}


def _uri(params: Any) -> str | None:
    document = _member(params, "textDocument")
    if document is None:
        return None
    if not isinstance(uri := _member(document, "uri"), str):
        raise JsonRpcInvalidParams("textDocument needs a uri")
    return uri


def _line(params: Any) -> int | None:
    """Return the line of the position, from 0."""
    position = _member(params, "position")
    if position is None:
        return None
    line = _member(position, "line")
    if not isinstance(line, int | float) or isinstance(line, bool) or not 0 <= line < MAX_LINE:
        raise JsonRpcInvalidParams("position needs a line, counted from 0")
    return int(line)


def _id(params: Any) -> str:
    if not isinstance(id := _member(params, "id"), str | int):
        raise JsonRpcInvalidParams("the id of a memory is missing")
    return str(id)


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
