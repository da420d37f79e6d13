"""An editor that opens a damaged index: the user is told once, and the index is rebuilt while the editor is open."""

from __future__ import annotations

from pathlib import Path

from mom_lsp import datafolder

from .conftest import FIX, LINE, Start

DATA = Path(".git", "mom")


async def test_a_damaged_index_is_told_once_and_rebuilt(start_editor: Start, repo: Path) -> None:
    for file in (repo / DATA / datafolder.MEMORIES / "data").iterdir():
        file.write_bytes(b"junk")
    editor = await start_editor()
    uri = editor.open()
    await editor.hover(uri, LINE)
    await editor.expect_message("the index was damaged, and is being rebuilt in the background")
    await editor.hints_become(uri, bool)
    assert FIX in str(await editor.hover(uri, LINE))
    assert not (repo / DATA / datafolder.DAMAGED).exists()
