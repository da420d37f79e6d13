"""textDocument/hover: what is to be known of a line, in five lines."""

from __future__ import annotations

import asyncio
from typing import Any

from lsprotocol import types

from mom_lsp import phrases
from mom_lsp.server.app import AboutLine, MomServer, OpenDocument
from mom_lsp.server.hover_text import HoveredLine, hover_text

PATIENCE = 0.3  # seconds; many editors show no hover before the last server has answered
NOTHING = AboutLine([])


async def hover(ls: MomServer, params: types.HoverParams) -> types.Hover | None:
    """Return the line's memories as Markdown; None if there are none, or not in time."""
    document = await ls.document(params.text_document.uri)
    if document is None or ls.settings_of(document.place.folder).hover == "off":
        return None
    line = params.position.line
    asking = ls.start_task(_memories(ls, document, line))  # goes on when we give up: the next hover waits for it, too
    try:
        await asyncio.wait([asking], timeout=PATIENCE)
    except asyncio.CancelledError:  # the editor has moved on: nobody wants the answer
        asking.cancel()
        raise
    found = asking.result() if asking.done() else NOTHING
    if not found.suggestions:
        return None
    line_range = types.Range(types.Position(line, 0), ls.line_end(document.uri, line))
    at = hovered(ls, document, line, found.preface)
    return types.Hover(hover_text(found.suggestions, at), line_range)


def hovered(ls: MomServer, document: OpenDocument, line: int, preface: str = "") -> HoveredLine:
    """Return what a hover of a line (from 0) refers to."""
    return HoveredLine(document.uri, document.place.path, line + 1, ls.client.commands, preface)


async def _memories(ls: MomServer, document: OpenDocument, line: int) -> AboutLine:
    """Return the memories of a line that say something about it, none if only hinted lines have a hover."""
    settings = ls.settings_of(document.place.folder)
    found = await ls.suggest_for_line(document, line)
    if settings.hover == "hints" and settings.hints.enable and not _has_hint(document, line, found.suggestions):
        return NOTHING
    return found._replace(suggestions=[one for one in found.suggestions if phrases.is_about_the_line(one)])


def _has_hint(document: OpenDocument, line: int, found: list[dict[str, Any]]) -> bool:
    """Whether a line (from 0) has a hint; in an editor that shows none, whether it could have one."""
    if document.requested:
        return any(hint.line == line for hint in document.hints)
    return any(one["hinted"] for one in found)
