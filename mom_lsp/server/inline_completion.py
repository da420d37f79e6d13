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
    if document.edits != edit:
        return []
    lines = ls.workspace.opened[document.uri].lines
    position = ls.workspace.position_codec.position_from_client_units(lines, params.position)
    place = document.place
    cursor = {"path": place.path, "line": position.line + 1, "column": position.character}
    answer = await ls.engines.ask(place, "complete", TIMEOUT, text=ls.text(document), **cursor)
    if not answer["text"] or document.edits != edit:
        return []
    item = types.InlineCompletionItem(answer["text"], range=types.Range(params.position, params.position))
    if answer["led_by"]:  # accepting the completion counts as a use of that memory
        at = [answer["led_by"], document.uri, position.line + 1]
        item.command = types.Command("Used", "mom.inserted", arguments=at)
    return [item]
