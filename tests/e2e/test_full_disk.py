"""An editor on a repository whose disk is full: from the start, or later. A small disk of its own, really full."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from processes import full_disk
from pygls.exceptions import JsonRpcException

from .conftest import FILE, FIX, LINE, SERVER, Editor, Start, run_git

TOLD = "is full: free some space"
STATE = {"mom": {"state": True, "notices": True}}  # as VS Code: no messages about the first reading


async def on_its_disk(editor: Editor) -> Path:
    """Return the data folder as its engine sees it."""
    status = await editor.run("mom.status")
    return Path(f"/proc/{status['engine']['pid']}/root{status['data']}")


async def problems(editor: Editor) -> list[str]:
    return list((await editor.run("mom.status"))["problems"])


async def test_a_full_disk_is_told_once_and_the_index_still_read(
    start_editor: Start, repo: Path, environment: dict[str, str]
) -> None:
    note = ["-C", str(repo), "note", "Ask before you raise this", "--at", f"{FILE}:{LINE + 1}"]
    subprocess.run([sys.executable, "-P", "-m", "mom_lsp", *note], env=environment, cwd=repo, check=True)
    editor = await start_editor(server=[*full_disk(repo / ".git/mom"), *SERVER], experimental=STATE)
    uri = editor.open()
    await editor.expect_message(TOLD)
    assert FIX in str(await editor.hover(uri, LINE))
    await editor.hints_become(uri, lambda hints: "Ask before" in str(hints))
    for _ in range(2):
        with pytest.raises(JsonRpcException, match="the disk is full"):
            await editor.run_action((await editor.actions(uri, LINE))["mom.useful"])
    assert [TOLD in one for one in await problems(editor)] == [True]
    with pytest.raises(JsonRpcException, match=TOLD):
        await editor.run("mom.reindex")


@pytest.mark.parametrize("free", [0, 300_000])
async def test_a_history_is_read_once_there_is_space(start_editor: Start, repo: Path, free: int) -> None:
    data = repo / ".git/mom"
    shutil.rmtree(data)
    data.mkdir()
    editor = await start_editor(server=[*full_disk(data, free), *SERVER], experimental=STATE)
    uri = editor.open()
    await editor.expect_message(TOLD)
    assert TOLD in (await problems(editor))[0]
    (await on_its_disk(editor) / "filler").unlink()
    await editor.hints_become(uri, lambda hints: "The server bans" in str(hints))
    assert not await problems(editor)


async def test_a_disk_that_fills_while_mom_works_is_told_once(start_editor: Start, repo: Path) -> None:
    data = repo / ".git/mom"
    editor = await start_editor(server=[*full_disk(data, 40_000_000), *SERVER], experimental=STATE)
    uri = editor.open()
    await editor.hints_become(uri, bool)
    status = await editor.run("mom.status")
    assert not status["problems"]
    with pytest.raises(OSError, match="No space left"):
        (await on_its_disk(editor) / "more").write_bytes(bytes(64_000_000))
    run_git(repo, "commit", "--allow-empty", "--quiet", "-m", "Wait before each retry, since the server counts them")
    await editor.expect_message(TOLD)
    assert [TOLD in one for one in await problems(editor)] == [True]
    assert FIX in str(await editor.hover(uri, LINE))
