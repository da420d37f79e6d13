"""An editor on a read-only repository, and one whose folder is moved away while it runs."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from processes import read_only
from pygls.exceptions import JsonRpcException

from mom_lsp.process.address import read_record

from .conftest import FIX, LINE, SERVER, TIMEOUT, Start


def arguments_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # it has just ended
        return []


async def test_a_read_only_repository_is_reported_once_and_still_read(start_editor: Start, repo: Path) -> None:
    editor = await start_editor(server=[*read_only(repo), *SERVER])
    uri = editor.open()
    assert FIX in str(await editor.hover(uri, LINE))
    await editor.hints_become(uri, bool)
    engine = read_record(repo / ".git" / "mom")["pid"]
    with pytest.raises(JsonRpcException, match="cannot be written: its file system is mounted read-only"):
        await editor.run_action((await editor.actions(uri, LINE))["mom.pin"])
    status = await editor.run("mom.status")
    assert status["engine"]["pid"] == engine and status["indexing"] is None
    children = [arguments_of(child) for child in psutil.Process(engine).children()]  # git may be among them
    assert not [one for one in children if "index" in one], "no indexer is started that could only fail"
    await editor.expect_message("read-only")


async def test_after_a_move_the_editor_is_warned_and_the_old_path_stays_empty(start_editor: Start, repo: Path) -> None:
    editor = await start_editor()
    uri = editor.open()
    pin = (await editor.actions(uri, LINE))["mom.pin"]
    engine = read_record(repo / ".git" / "mom")["pid"]
    moved = repo.rename(repo.with_name("renamed"))
    with pytest.raises(JsonRpcException, match="moved or deleted"):
        await editor.run_action(pin)
    psutil.wait_procs([psutil.Process(engine)] if psutil.pid_exists(engine) else [], TIMEOUT)
    assert await editor.hover(uri, LINE) is None
    await editor.expect_message("moved or deleted")
    assert not repo.exists()
    moved.rename(repo)
    await editor.run_action(pin)
    assert "pinned" in str(await editor.hover(uri, LINE)).lower()
