"""textDocument/inlayHint: at most one memory at the end of a line, chosen by the engine; updates wait for typing."""

from __future__ import annotations

import asyncio
from typing import Any

from lsprotocol import types

from mom_lsp.errors import MomError
from mom_lsp.route.lines import open_lines
from mom_lsp.server.app import MomServer, OpenDocument, log
from mom_lsp.server.client_capabilities import resolves
from mom_lsp.server.hint_shift import Hint
from mom_lsp.server.hover import hovered
from mom_lsp.server.hover_text import hover_text
from mom_lsp.server.labels import lsp_hint
from mom_lsp.server.visible_hints import LARGEST, SCREEN, watch

OPTIONS = types.InlayHintOptions(resolve_provider=True)


async def inlay_hint(ls: MomServer, params: types.InlayHintParams) -> list[types.InlayHint]:
    """Return the present hints while the user types, and new ones of the engine after a pause."""
    document = await ls.document(params.text_document.uri)
    if document is None or not ls.settings_of(document.place.folder).hints.enable:
        return []
    document.requested = range(params.range.start.line, params.range.end.line + 1)
    if _lacks_hints(ls, document) and (_delay_left(ls, document) <= 0 or not ls.can_refresh):
        await update_hints(ls, document)
        if _lacks_hints(ls, document) and ls.usable(document.uri) is document:  # that update was for other lines
            await update_hints(ls, document)
    watch(ls, document, params.range)
    shown = {hint["id"] for hint in ls.without_dismissed(document, [hint.suggestion for hint in document.hints])}
    return [
        _lsp_hint(ls, document, hint)
        for hint in document.hints
        if params.range.start.line <= hint.line <= params.range.end.line and hint.suggestion["id"] in shown
    ]


async def inlay_hint_resolve(ls: MomServer, params: types.InlayHint) -> types.InlayHint:
    """Add the tooltip: the hover's text about that memory."""
    data = params.data if isinstance(params.data, dict) else {}
    document = await ls.document(str(data.get("uri")))
    for hint in document.hints if document else []:
        if document and hint.suggestion["id"] == data.get("id"):
            params.tooltip = hover_text([hint.suggestion], hovered(ls, document, hint.line))
    return params


async def update_hints(ls: MomServer, document: OpenDocument) -> None:
    """Request the hints of the document after a pause in typing; concurrent callers share one request."""
    if document.hint_update is None or document.hint_update.done():
        document.hint_update = asyncio.get_running_loop().create_task(_update_hints(ls, document))
    update = document.hint_update
    try:
        await asyncio.shield(update)
    except asyncio.CancelledError:
        if not update.cancelled():  # else the document was closed
            raise


def update_hints_soon(ls: MomServer, document: OpenDocument) -> None:
    """Update the hints after a pause in typing, and refresh the client if they changed."""

    async def run() -> None:
        before = document.hints
        await update_hints(ls, document)
        if document.hints != before:
            ls.refresh()

    if document.hint_update is None or document.hint_update.done():
        ls.start_task(run())


async def _update_hints(ls: MomServer, document: OpenDocument) -> None:
    while not await _request_hints(ls, document):
        pass


async def _request_hints(ls: MomServer, document: OpenDocument) -> bool:
    """Request the hints of the document after a pause in typing; return False if they are stale already."""
    while (left := _delay_left(ls, document)) > 0:
        await asyncio.sleep(left)
    state, text = document.state, ls.text(document)
    count = max(1, len(open_lines(text)))
    params: dict[str, Any] = {"path": document.place.path, "text": text, "start": 1, "end": count}
    try:
        answer = await ls.engines.ask(document.place, "hints", **params, first=_first_lines(ls, document, count))
    except MomError as error:
        log.info("no hints: %s", error)
        return state[0] == document.edits
    if state[0] != document.edits:  # this update was under way, so that edit has scheduled none
        return False
    found = [Hint(one["line"] - 1, one["suggestion"]) for one in answer["hints"]]
    lines = range(answer["lines"][0] - 1, answer["lines"][1]) if "lines" in answer else range(count)
    document.hints = [*found, *(hint for hint in document.hints if "lines" in answer and hint.line not in lines)]
    document.hinted_lines = lines if "lines" in answer else None
    document.hinted_edit, document.hinted_text = document.edits, text
    return state == document.state  # a client that was asked to refresh may be waiting for this update


def _first_lines(ls: MomServer, document: OpenDocument, count: int) -> tuple[int, int] | None:
    """Return the lines (from 1, inclusive) that get their hints before the rest, None for all lines at once.

    Those are the lines that the editor requests; where it requests a whole long document, the first screen.
    """
    start, stop = max(0, document.requested.start), min(document.requested.stop, count)
    if count <= LARGEST or start >= stop or not ls.can_refresh:
        return None
    return start + 1, min(stop, start + SCREEN) if stop - start > 3 * LARGEST else stop


def _lacks_hints(ls: MomServer, document: OpenDocument) -> bool:
    """Whether the hints are of an earlier text, or not about the lines that get theirs first."""
    if document.hinted_edit != document.edits:
        return True
    if (hinted := document.hinted_lines) is None:
        return False
    first = _first_lines(ls, document, len(open_lines(ls.text(document))))
    return first is None or not (hinted.start < first[0] and first[1] <= hinted.stop)


def _delay_left(ls: MomServer, document: OpenDocument) -> float:
    """Return the seconds left of `mom.hints.delay` since the last edit."""
    delay = ls.settings_of(document.place.folder).hints.delay / 1000
    return document.edited_at + delay - asyncio.get_running_loop().time()


def _lsp_hint(ls: MomServer, document: OpenDocument, hint: Hint) -> types.InlayHint:
    data: dict[str, Any] = {"uri": document.uri, "id": hint.suggestion["id"]}
    shown = lsp_hint(ls.line_end(document.uri, hint.line), hint.suggestion, data)
    if not resolves(ls.client_capabilities, "inlay_hint", "tooltip"):
        shown.tooltip = hover_text([hint.suggestion], hovered(ls, document, hint.line))
    return shown
