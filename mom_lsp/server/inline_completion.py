"""textDocument/inlineCompletion: the rest of a line, by the local model with the memories of the place. Opt-in."""

from __future__ import annotations

import asyncio

from lsprotocol import types

from mom_lsp.server.app import MomServer

OPTIONS = types.InlineCompletionOptions()  # without any, pygls tells no editor that there is such a thing
PAUSE = 0.3  # seconds that typing rests before the model is asked by itself; the client cancels what is outdated
TIMEOUT = 20.0  # seconds; nobody waits longer for the rest of a line


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
    asked = {"path": place.path, "line": position.line + 1, "column": position.character, "text": ls.text(document)}
    answer = await ls.engines.ask(place, "complete", TIMEOUT, **asked)
    if not answer["text"] or document.edits != edit:
        return []
    item = types.InlineCompletionItem(answer["text"], range=types.Range(params.position, params.position))
    if answer["led_by"]:  # to accept it is to use that memory
        at = [answer["led_by"], document.uri, position.line + 1]
        item.command = types.Command("Used", "mom.inserted", arguments=at)
    return [item]
