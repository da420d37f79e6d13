"""textDocument/hover: the best memory of a line in full, and one line for each of the others."""

from __future__ import annotations

from lsprotocol import types

from mom_lsp.server.app import MomServer
from mom_lsp.server.markdown import LinkTarget, hover_text


async def hover(ls: MomServer, params: types.HoverParams) -> types.Hover | None:
    """Return the line's suggestions as Markdown, None if there are none."""
    document = await ls.document(params.text_document.uri)
    if document is None:
        return None
    line = params.position.line
    suggestions = await ls.suggest_for_line(document, line)
    if not suggestions:
        return None
    line_range = types.Range(types.Position(line, 0), ls.line_end(document.uri, line))
    target = LinkTarget(document.uri, line + 1) if ls.client.commands else None
    return types.Hover(hover_text(suggestions, target), line_range)
