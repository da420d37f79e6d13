"""textDocument/hover: the whole story of the memories that belong to a line."""

from __future__ import annotations

from datetime import UTC, datetime

from lsprotocol import types

from mom_lsp.server.app import MomServer
from mom_lsp.server.convert import lsp_markup


async def hover(ls: MomServer, params: types.HoverParams) -> types.Hover | None:
    """Return the line's suggestions as Markdown, nothing if there is none worth showing."""
    document = await ls.document(params.text_document.uri)
    if document is None:
        return None
    line = params.position.line
    suggestions = await ls.suggest(document, line, line)
    if not suggestions:
        return None
    line_range = types.Range(types.Position(line, 0), ls.line_end(document.uri, line))
    return types.Hover(lsp_markup(suggestions, datetime.now(UTC)), line_range)
