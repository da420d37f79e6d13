"""initialize, initialized, shutdown, exit, and the folders that come and go between them."""

from __future__ import annotations

import asyncio
import os

from lsprotocol import types

from mom_lsp.git.location import locate
from mom_lsp.process import is_alive
from mom_lsp.server.app import MomServer
from mom_lsp.server.client_capabilities import read_client
from mom_lsp.server.configuration import configure, register
from mom_lsp.server.text_sync import look_at

PARENT_CHECK = 1.0  # seconds


async def initialize(ls: MomServer, params: types.InitializeParams) -> None:
    """Keep what the client said; pygls answers. Nothing is read or started here: the editor waits."""
    ls.pushed = params.initialization_options
    ls.client = read_client(params.capabilities, params.client_info)
    ls.status.wanted = ls.client.state
    if params.process_id is not None and is_alive(params.process_id):
        ls.start_task(_end_with(ls, params.process_id))


async def initialized(ls: MomServer, params: types.InitializedParams) -> None:
    """Pull the settings, and have the engines open the folders."""
    ls.read_folders()
    try:
        await configure(ls)
    finally:
        ls.configured.set()
    await register(ls)


async def did_change_workspace_folders(ls: MomServer, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Configure and open the folders that came, and look anew at the documents: they may be inside now, or outside."""
    before = set(ls.folders.values())
    ls.read_folders()
    ls.configured.clear()  # questions that come from here on wait for the new settings, and for the new places
    ls.documents.clear()
    for opened in tuple(ls.workspace.opened.values()):
        ls.start_task(look_at(ls, opened.uri, opened.language_id or ""))
    try:
        for folder in before - set(ls.folders.values()):
            ls.engines.leave((await asyncio.to_thread(locate, folder)).root if folder.exists() else folder)
        await configure(ls)
    finally:
        ls.configured.set()


async def shutdown(ls: MomServer, params: None) -> None:
    """Hang up on the engines, and finish writing what the user said."""
    ls.engines.close()
    await asyncio.to_thread(ls.journal_thread.shutdown)


def exit_now(ls: MomServer, params: None) -> None:
    """End: code 0 after `shutdown`, else 1. At once, since pygls would wait for threads that read."""
    leave(ls, 0 if ls.protocol._shutdown else 1)


def leave(ls: MomServer, code: int) -> None:
    """End this process; the journal's thread finishes its last event."""
    ls.exit_code = code
    ls.engines.close()
    ls.journal_thread.shutdown(wait=True)
    os._exit(code)


async def _end_with(ls: MomServer, process_id: int) -> None:
    """End when the editor does, should its pipe outlive it."""
    while is_alive(process_id):
        await asyncio.sleep(PARENT_CHECK)
    leave(ls, 1)
