"""Requests beyond LSP, for an editor's view of memories. Suggestions have the format of `mom suggest --json`.

mom/suggest {textDocument?: {uri}, position?: {line, character}, intent?} -> {"suggestions": […]}: the suggestions for a
    line; without a position, for the whole file. None for a document that is not open or is disabled, nor for a blank
    line. Those for a line that is not committed are about the line that it replaces; a new one has none. With `intent`,
    for the task that the user describes; then, without a document, anywhere in the first folder.
mom/view {textDocument?: {uri}, position?} -> {"line": […], "file": […]} and what mom/kept answers: all that a view of
    memories shows as a cursor rests. It does not count as shown.
mom/seen {textDocument: {uri}, position}: what mom/view answered was on the screen long enough to be read.
mom/domains {textDocument?: {uri}} -> {"domains": [{"name", "memories"}]}: the groups of memories by place and topic, in
    alphabetical order; `mom.search` takes a name.
mom/kept {textDocument?: {uri}} -> {"pinned": […], "promoted": […], "useful": […], "forgotten": […]}: the memories that
    are pinned, were recently promoted or accepted, or are forgotten (only {"id", "time", "commit", "path"}) in the
    folder of a document (or the first folder).
mom/review {textDocument?: {uri}} -> {"fading": […], "promoted": […], "drifted": […], "archived": […]}: the memories to
    review, each with its "reason"; and "forgotten": [{"id", "time"}], newest first.
mom/opened {id, textDocument: {uri}, position}: the user has had a memory's source open for ten seconds.
mom/show {id, textDocument?: {uri}} -> one suggestion with "related", "history", and whether and why it is "suggested".
mom/source {id, textDocument?: {uri}, position?} -> {"title", "commit", "name", "text", "line", "change": {"path",
    "old_path", "before", "after", "line"} or null}, or null: the commit of a memory as a document, and the file that it
    changed, each with the line (from 1) where it changed the line of the position.
mom/episode {id, textDocument?: {uri}} -> {"episode": {"kind", "title", "count"} or null, "members": [suggestion…]}: the
    memories of the same branch, issue or work session, oldest first. A suggestion's own "episode" has the same form.
"""

from __future__ import annotations

import asyncio
from typing import Any

from mom_lsp.errors import UsageError
from mom_lsp.route.lines import open_lines
from mom_lsp.server.app import MomServer, OpenDocument
from mom_lsp.server.arguments import open_text, place_of
from mom_lsp.server.execute_command import asked_from

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
        return {"suggestions": (await ls.suggest_for_line(document, line)).suggestions}
    return {"suggestions": await _of_file(ls, document)}


async def view(ls: MomServer, params: Any) -> dict[str, Any]:
    """Answer mom/view."""
    uri, line = _uri(params), _line(params)
    asked = ls.engines.ask(await place_of(ls, uri), "kept")
    kept, (on_line, in_file) = await asyncio.gather(asked, _shown(ls, uri, line, counted=False))
    return {**kept, "line": on_line, "file": in_file}


async def seen(ls: MomServer, params: Any) -> dict[str, Any]:
    """Answer mom/seen."""
    uri, line = _uri(params), _line(params)
    if uri is None or line is None:
        raise UsageError("mom/seen needs a textDocument and a position")
    await _shown(ls, uri, line, counted=True)
    return {}


async def _shown(
    ls: MomServer, uri: str | None, line: int | None, *, counted: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the suggestions for a line and for its whole file; none for a document that is not open."""
    document = await ls.document(uri) if uri is not None else None
    if document is None:
        return [], []
    on_line = (await ls.suggest_for_line(document, line, counted=counted)).suggestions if line is not None else []
    return on_line, await _of_file(ls, document, counted=counted)


async def _of_file(ls: MomServer, document: OpenDocument, *, counted: bool = True) -> list[dict[str, Any]]:
    last = max(0, len(open_lines(ls.text(document))) - 1)
    return await ls.suggest(document, 0, last, counted=counted)


async def domains(ls: MomServer, params: Any) -> Any:
    """Answer mom/domains."""
    return await ls.engines.ask(await place_of(ls, _uri(params)), "domains")


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


async def source(ls: MomServer, params: Any) -> Any:
    """Answer mom/source."""
    id, uri, line = _id(params), _uri(params), _line(params)
    place = await place_of(ls, uri)
    lines = None if line is None else line + 1
    return await ls.engines.ask(place, "source", **asked_from(place, id, lines, open_text(ls, uri)))


async def episode(ls: MomServer, params: Any) -> Any:
    """Answer mom/episode."""
    id = _id(params)
    return await ls.engines.ask(await place_of(ls, _uri(params)), "episode", id=id)


async def opened(ls: MomServer, params: Any) -> Any:
    """Answer mom/opened."""
    id, uri, line = _id(params), _uri(params), _line(params)
    if uri is None or line is None:
        raise UsageError("mom/opened needs a textDocument and a position")
    place = await place_of(ls, uri)
    if ls.is_hidden(id, place):  # it was sent away meanwhile
        return {}
    return await ls.engines.ask(place, "opened", id=id, path=place.path, line=line + 1, code=open_text(ls, uri))


FEATURES = {
    "mom/suggest": suggest,
    "mom/view": view,
    "mom/seen": seen,
    "mom/domains": domains,
    "mom/kept": kept,
    "mom/opened": opened,
    "mom/review": review,
    "mom/show": show,
    "mom/source": source,
    "mom/episode": episode,
}


def _uri(params: Any) -> str | None:
    document = _member(params, "textDocument")
    if document is None:
        return None
    if not isinstance(uri := _member(document, "uri"), str):
        raise UsageError("textDocument needs a uri")
    return uri


def _line(params: Any) -> int | None:
    """Return the line of the position, from 0."""
    position = _member(params, "position")
    if position is None:
        return None
    line = _member(position, "line")
    if not isinstance(line, int | float) or isinstance(line, bool) or not 0 <= line < MAX_LINE:
        raise UsageError("position needs a line, counted from 0")
    return int(line)


def _id(params: Any) -> str:
    if not isinstance(id := _member(params, "id"), str | int):
        raise UsageError("the id of a memory is missing")
    return str(id)


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
