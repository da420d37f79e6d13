"""Client capabilities: command links, its own notices, the state; and settings for each folder."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

from lsprotocol import types

from .conftest import FIX, LINE, TIMEOUT, Editor, Start, end_engine

OURS = {"mom": {"commands": True, "notices": True, "state": True, "undo": "“Memories: Undo”"}}


async def settled(editor: Editor) -> Any:
    """Return the state that is sent once the index is built."""
    async with asyncio.timeout(TIMEOUT):
        while not (editor.states and editor.states[-1].indexed and not editor.states[-1].indexing):
            editor.state_received.clear()
            await editor.state_received.wait()
    return editor.states[-1]


async def test_a_client_that_supports_command_links_gets_them(start_editor: Start) -> None:
    editor = await start_editor("visual-studio-code", experimental=OURS)
    text = str(await editor.hover(editor.open(), LINE))
    assert "](command:mom.pin?" in text and FIX in text


async def test_a_client_with_its_own_notices_gets_no_duplicates(start_editor: Start) -> None:
    editor = await start_editor("visual-studio-code", experimental=OURS)
    forget = (await editor.actions(editor.open(), LINE))["mom.forget"]
    assert (await editor.run_action(forget))["message"] == f"Forgotten: “{FIX}”; “Memories: Undo” restores it"
    await editor.nothing_unread()


async def test_the_state_is_sent_while_the_first_index_is_built(start_editor: Start, repo: Path) -> None:
    shutil.rmtree(repo / ".git" / "mom")
    editor = await start_editor("visual-studio-code", experimental=OURS)
    state = await settled(editor)
    assert (state.uri, state.git, state.memories, state.problems) == (repo.as_uri(), True, 3, [])


async def test_a_folder_without_git_has_the_memories_of_its_files(start_editor: Start, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    code = "# Never retry more often than 42 times, because the server bans clients after 50.\nLIMIT = 42\n"
    (folder / "limit.py").write_text(code, "utf-8")
    editor = await start_editor("visual-studio-code", folder=folder, experimental=OURS)
    state = await settled(editor)
    assert (state.git, state.memories) == (False, 1)
    uri = editor.open("limit.py")
    assert await editor.hints(uri) == []
    (found,) = (await editor.run("mom.search", "server bans"))["suggestions"]
    assert found["source"]["path"] == "limit.py"


async def test_other_clients_are_not_sent_the_state(editor: Editor) -> None:
    await editor.run("mom.status")
    assert editor.states == []


async def test_each_folder_has_its_own_settings(start_editor: Start, repo: Path, tmp_path: Path) -> None:
    quiet = tmp_path / "quiet"
    shutil.copytree(repo, quiet, ignore=shutil.ignore_patterns("engine.*"))
    editor = await start_editor("neovim", more_folders=(quiet,))
    settings = {"hints": {"delay": 50, "minimumSurprise": 1}}
    editor.client.set_configuration({"mom": settings | {"enable": False}}, scope_uri=quiet.as_uri())
    editor.client.set_configuration({"mom": settings}, scope_uri=repo.as_uri())
    editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings={}))
    await editor.run("mom.status", repo.as_uri())  # answered after the settings were read
    try:
        assert await editor.hints(editor.open())
        assert await editor.hints(editor.open("../quiet/src/client.py")) == []
    finally:
        end_engine(quiet / ".git" / "mom")
