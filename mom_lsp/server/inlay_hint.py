"""textDocument/inlayHint: at most one memory at the end of a line; the engine chooses, this keeps typing quiet."""

from __future__ import annotations

import asyncio
from typing import Any

from lsprotocol import types

from mom_lsp.errors import MomError
from mom_lsp.route.lines import open_lines
from mom_lsp.server.app import Document, MomServer, log
from mom_lsp.server.client_capabilities import resolves
from mom_lsp.server.hint_shift import Hint
from mom_lsp.server.labels import lsp_hint
from mom_lsp.server.markdown import LinkTarget, hover_text, unscored
from mom_lsp.server.visible_hints import watch

OPTIONS = types.InlayHintOptions(resolve_provider=True)


async def inlay_hint(ls: MomServer, params: types.InlayHintParams) -> list[types.InlayHint]:
    """Answer from what is known while somebody types, and ask the engine once they rest."""
    document = await ls.document(params.text_document.uri)
    if document is None or not ls.settings_of(document.place.folder).hints.enable:
        return []
    if document.hints_of != document.edits and (_rest_left(ls, document) <= 0 or not ls.can_refresh):
        await renew(ls, document)
    watch(ls, document, params.range)
    shown = {hint["id"] for hint in ls.wanted(document, [hint.suggestion for hint in document.hints])}
    return [
        _lsp_hint(ls, document, hint)
        for hint in document.hints
        if params.range.start.line <= hint.line <= params.range.end.line and hint.suggestion["id"] in shown
    ]


async def inlay_hint_resolve(ls: MomServer, params: types.InlayHint) -> types.InlayHint:
    """Fill in the tooltip: what a hover says about that memory."""
    data = params.data if isinstance(params.data, dict) else {}
    document = await ls.document(str(data.get("uri")))
    for hint in document.hints if document else []:
        if document and hint.suggestion["id"] == data.get("id"):
            told = await _on_hover(ls, document, hint) or unscored(hint.suggestion)
            place = LinkTarget(document.uri, hint.line + 1) if ls.client.commands else None
            params.tooltip = hover_text([told], place)
    return params


async def _on_hover(ls: MomServer, document: Document, hint: Hint) -> dict[str, Any] | None:
    """Return a hint's memory as a question about its line has it: with the score of that question."""
    try:
        suggestions = await ls.about_line(document, hint.line, counted=False)
    except MomError as error:
        log.info("no score: %s", error)
        return None
    return next((one for one in suggestions if one["id"] == hint.suggestion["id"]), None)


async def renew(ls: MomServer, document: Document) -> None:
    """Wait until typing rests, then ask the engine for the hints of the whole document; one asks for all who wait."""
    if document.renewal is None or document.renewal.done():
        document.renewal = asyncio.get_running_loop().create_task(_renew(ls, document))
    await asyncio.shield(document.renewal)


def renew_soon(ls: MomServer, document: Document) -> None:
    """Renew once typing rests, and let the client know if that changes anything."""

    async def run() -> None:
        before = document.hints
        await renew(ls, document)
        if document.hints != before:
            ls.refresh()

    if document.renewal is None or document.renewal.done():
        ls.start_task(run())


async def _renew(ls: MomServer, document: Document) -> None:
    while (left := _rest_left(ls, document)) > 0:
        await asyncio.sleep(left)
    asked_at, text = document.state, ls.text(document)
    lines = {"start": 1, "end": max(1, len(open_lines(text)))}
    try:
        answer = await ls.engines.ask(document.place, "hints", path=document.place.path, text=text, **lines)
    except MomError as error:
        log.info("no hints: %s", error)
        return
    if asked_at[0] != document.edits:
        return  # an answer about a text that is no more; typing has asked for the next one
    document.hints = [Hint(found["line"] - 1, found["suggestion"]) for found in answer["hints"]]
    document.hints_of, document.hinted_text = document.edits, text
    if asked_at != document.state:  # old by now; who is told to ask again may be waiting for this very answer
        await _renew(ls, document)


def _rest_left(ls: MomServer, document: Document) -> float:
    """Seconds until typing has rested long enough."""
    delay = ls.settings_of(document.place.folder).hints.delay / 1000
    return document.edited_at + delay - asyncio.get_running_loop().time()


def _lsp_hint(ls: MomServer, document: Document, hint: Hint) -> types.InlayHint:
    data: dict[str, Any] = {"uri": document.uri, "id": hint.suggestion["id"]}
    shown = lsp_hint(ls.line_end(document.uri, hint.line), hint.suggestion, data)
    if not resolves(ls.client_capabilities, "inlay_hint", "tooltip"):
        shown.tooltip = hover_text([unscored(hint.suggestion)], None)
    return shown
