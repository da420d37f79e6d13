"""textDocument/didOpen, didChange, didSave and didClose."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from lsprotocol import types

from mom_lsp.errors import MomError
from mom_lsp.process.free_memory import collect_garbage
from mom_lsp.server.app import MomServer, OpenDocument, log
from mom_lsp.server.document_place import find_place
from mom_lsp.server.hint_shift import shift
from mom_lsp.server.inlay_hint import update_hints_soon
from mom_lsp.server.open_text import TOO_LONG

SETTLED = 2.0  # seconds without an open document, as between two files
PREFETCH_AFTER = 1.0  # seconds; an editor that shows hints requests them sooner, and that blames what is on the screen


async def did_open(ls: MomServer, params: types.DidOpenTextDocumentParams) -> None:
    """Find the document's place, and have the engine prefetch for it."""
    await add_document(ls, params.text_document.uri, params.text_document.language_id)


async def add_document(ls: MomServer, uri: str, language: str) -> None:
    """Add a document if it is inside a folder; requests about it wait until that is known."""
    placed = ls.opening[uri] = asyncio.Event()
    try:
        place = await asyncio.to_thread(find_place, uri, tuple(ls.folders.values()))
        if place is None or uri not in ls.workspace.opened or ls.opening.get(uri) is not placed:
            return  # closed since, or opened again
        ls.documents[uri] = document = OpenDocument(uri, place, language)
        _report_too_long(ls, document)
    finally:
        placed.set()
        if ls.opening.get(uri) is placed:
            del ls.opening[uri]
    if await ls.document(uri):
        await asyncio.sleep(PREFETCH_AFTER)
        if ls.documents.get(uri) is not document or document.hint_update is not None:
            return
        try:
            await ls.engines.ask(place, "prefetch", path=place.path)
        except MomError as error:
            log.info("no prefetch: %s", error)


async def did_change(ls: MomServer, params: types.DidChangeTextDocumentParams) -> None:
    """Move the hints with their lines, and update them after a pause in typing."""
    document = ls.documents.get(params.text_document.uri)
    if document is None:
        return
    document.edits += 1
    document.edited_at = asyncio.get_running_loop().time()
    document.answers.clear()
    _report_too_long(ls, document)
    if document.hints:
        text = ls.text(document)
        document.hints, document.hinted_text = shift(document.hints, document.hinted_text, text), text
    if ls.usable(document.uri) and ls.settings_of(document.place.folder).hints.enable and ls.can_refresh:
        update_hints_soon(ls, document)


def _report_too_long(ls: MomServer, document: OpenDocument) -> None:
    """Log, once for each document, that it is too long for memories."""
    opened = ls.workspace.opened.get(document.uri)
    if opened is not None and opened.is_too_long and not document.reported_too_long:
        document.reported_too_long = True
        ls.log_message(f"{document.place.path} {TOO_LONG}: no memories are shown in it")


def _free_memory(ls: MomServer) -> None:
    if not ls.documents:
        collect_garbage()


async def did_save(ls: MomServer, params: types.DidSaveTextDocumentParams) -> None:
    """Report an active day to the engine, once a day: the strength of memories decays by active days."""
    document, today = ls.documents.get(params.text_document.uri), datetime.now(UTC).date()
    if document is None or ls.active.get(document.place.data) == today:
        return
    ls.active[document.place.data] = today  # first: a file that is saved meanwhile need not report it
    try:
        await ls.engines.ask(document.place, "active")
    except MomError as error:
        ls.active.pop(document.place.data, None)
        log.info("the active day was not recorded: %s", error)


async def did_close(ls: MomServer, params: types.DidCloseTextDocumentParams) -> None:
    """Remove the document, and end the work for it; with the last one, return the memory that texts have taken."""
    document = ls.documents.pop(params.text_document.uri, None)
    if not ls.documents:
        asyncio.get_running_loop().call_later(SETTLED, _free_memory, ls)
    if document is None:
        return
    if document.read_timer is not None:
        document.read_timer.cancel()
    if document.hint_update is not None:
        document.hint_update.cancel()
    ls.engines.tell(document.place, "closed", path=document.place.path)
