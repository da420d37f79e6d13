"""textDocument/inlineCompletion: the rest of a line by the local model, using memories of the location. Opt-in."""

from __future__ import annotations

import asyncio

from lsprotocol import types

from mom_lsp.server.app import MomServer

OPTIONS = types.InlineCompletionOptions()  # without options, pygls does not announce the capability
PAUSE = 0.3  # seconds without typing before an automatic request; the client cancels outdated ones
TIMEOUT = 20.0  # seconds; a later completion is useless


async def inline_completion(ls: MomServer, params: types.InlineCompletionParams) -> list[types.InlineCompletionItem]:
    """Return at most one line to insert at the cursor; cancelling the request stops the model."""
    document = await ls.document(params.text_document.uri)
    if document is None or not ls.settings_of(document.place.folder).completion.enable:
        return []
    edit = document.edits
    if params.context.trigger_kind != types.InlineCompletionTriggerKind.Invoked:
        await asyncio.sleep(PAUSE)
    if document.edits != edit or ls.usable(document.uri) is not document:  # edited or closed meanwhile
        return []
    opened, cursor = ls.workspace.opened[document.uri], params.position
    line = min(cursor.line + 1, max(1, len(opened.lines)))  # after the last line break there is no line to ask about
    where = {"path": document.place.path, "line": line, "offset": opened.offset_at_position(cursor)}
    answer = await ls.engines.ask(document.place, "complete", TIMEOUT, text=opened.source, **where)
    if not answer["text"] or document.edits != edit:
        return []
    item = types.InlineCompletionItem(answer["text"], range=types.Range(cursor, cursor))
    if answer["led_by"]:  # accepting the completion counts as a use of that memory
        at = [answer["led_by"], document.uri, cursor.line + 1]
        item.command = types.Command("Used", "mom.inserted", arguments=at)
    return [item]
