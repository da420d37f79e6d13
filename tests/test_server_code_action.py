"""The actions that need no memory."""

from __future__ import annotations

from pathlib import Path

from editor_here import EditorHere, talk_here
from repositories import Repo, Start, fill, make_repository

FILE = "src/worker_0.py"


def test_an_action_is_undone_only_in_its_own_repository(project: Repo, tmp_path: Path, moms: Start) -> None:
    async def undos(editor: EditorHere) -> list[list[str]]:
        here, there = editor.open(first, FILE), editor.open(second, FILE)
        await editor.run("mom.remember", "Mind the order", here, 1)
        return [[one["title"] for one in await editor.actions(uri, 1, "mom.undo")] for uri in (here, there)]

    fill(project, 1)
    fill(other := make_repository(tmp_path / "other"), 1)
    first, second = moms(project), moms(other)
    assert talk_here(undos, first, second) == [["Undo “Save as note”"], []]
