"""The actions that need no memory, and what asks the engine for those that do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from bare_client import JSON
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


@pytest.mark.parametrize("kind", ["source.organizeImports", "quickfix", "momentum"])
def test_a_request_for_actions_of_others_does_not_wait_for_the_engine(project: Repo, moms: Start, kind: str) -> None:
    async def actions(editor: EditorHere) -> list[JSON]:
        editor.engines.held = "suggest"
        return await asyncio.wait_for(editor.actions(editor.open(mom, FILE), 1, kind), 10)

    fill(project, 1)
    mom = moms(project)
    assert talk_here(actions, mom) == []


def test_a_file_that_is_closed_before_its_actions_arrive_is_no_failure(
    project: Repo, moms: Start, caplog: pytest.LogCaptureFixture
) -> None:
    async def actions(editor: EditorHere) -> list[JSON]:
        editor.engines.held = "suggest"
        uri = editor.open(mom, FILE)
        asked = asyncio.ensure_future(editor.actions(uri, 1))
        await editor.engines.holds.wait()
        editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        await editor.request("mom/domains", {})  # so that it is closed
        editor.engines.released.set()
        return await asked

    fill(project, 1)
    mom = moms(project)
    talk_here(actions, mom)
    assert [record for record in caplog.records if record.name.startswith("mom_lsp")] == []
