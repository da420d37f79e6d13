"""initialize, initialized, shutdown, exit and workspace/didChangeWorkspaceFolders."""

from __future__ import annotations

import asyncio
import os

from lsprotocol import types

from mom_lsp.offline import collect_frozen
from mom_lsp.process import is_alive
from mom_lsp.process.free_memory import release_free_memory
from mom_lsp.server.app import MomServer
from mom_lsp.server.client_capabilities import read_client
from mom_lsp.server.configuration import configure, register
from mom_lsp.server.document_place import root_of
from mom_lsp.server.first_reading import KEYS
from mom_lsp.server.text_sync import add_document

PARENT_CHECK = 1.0  # seconds
SETTLED = 3.0  # seconds until the first hints are on the screen; freeing memory then pauses the server for a tenth


async def initialize(ls: MomServer, params: types.InitializeParams) -> None:
    """Store the client's capabilities; pygls answers. Nothing is read or started here, since the editor waits."""
    ls.pushed = params.initialization_options
    ls.client = read_client(params.capabilities, params.client_info)
    ls.status.wanted, ls.status.first_reading.keys = ls.client.state, KEYS.get(ls.client.name, "")
    if params.process_id is not None and is_alive(params.process_id):
        ls.start_task(_end_with(ls, params.process_id))


async def initialized(ls: MomServer, params: types.InitializedParams) -> None:
    """Pull the settings, and open the folders in their engines."""
    if ls.loop is not None:  # a client says it once
        return
    ls.loop = asyncio.get_running_loop()
    ls.update_folders()
    try:
        await configure(ls)
    finally:
        ls.configured.set()
    await register(ls)
    asyncio.get_running_loop().call_later(SETTLED, _free_memory)


async def did_change_workspace_folders(ls: MomServer, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Configure and open the new folders, and place all documents again: they may be inside or outside now."""
    before = set(ls.folders.values())
    ls.update_folders()
    ls.configured.clear()  # later requests wait for the new settings and places
    ls.documents.clear()
    for opened in tuple(ls.workspace.opened.values()):
        ls.start_task(add_document(ls, opened.uri, opened.language_id or ""))
    try:
        for folder in before - set(ls.folders.values()):
            ls.engines.leave(await asyncio.to_thread(root_of, folder))
        await configure(ls)
    finally:
        ls.configured.set()


async def shutdown(ls: MomServer, params: None) -> None:
    """Disconnect from the engines, and finish writing feedback to the journal."""
    ls.engines.close()
    await asyncio.to_thread(ls.journal_thread.shutdown)


def exit_now(ls: MomServer, params: None) -> None:
    """Exit with code 0 after `shutdown`, else 1; immediately, since pygls would wait for threads that read."""
    leave(ls, 0 if ls.protocol._shutdown else 1)


def leave(ls: MomServer, code: int) -> None:
    """Exit this process, after the journal thread has written its last event."""
    ls.exit_code = code
    ls.engines.close()
    ls.journal_thread.shutdown(wait=True)
    ls.shown.remove()
    os._exit(code)


def _free_memory() -> None:
    """Free what importing has left behind."""
    collect_frozen()
    release_free_memory()


async def _end_with(ls: MomServer, process_id: int) -> None:
    """Exit when the editor does, even if its pipe stays open."""
    while is_alive(process_id):
        await asyncio.sleep(PARENT_CHECK)
    leave(ls, 1)
