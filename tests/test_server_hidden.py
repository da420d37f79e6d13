"""A memory that was dismissed or forgotten is hidden at once; soon after, the engine alone says what is shown."""

from __future__ import annotations

import asyncio

import pytest
from editor_here import EditorHere, talk_here
from repositories import Mom, indexed_fixtures
from three_commits import ALPHA, FIRST, mom_id, write_three_commits

from mom_lsp.errors import ChildError, DataFolderError
from mom_lsp.server import execute_command

FILE, LINE = "src/a.py", 2
GAMMA, DELTA = 14, 20  # lines of two functions that one commit wrote
Titles = tuple[list[str], list[str]]

template, project, mom = indexed_fixtures(write_three_commits)


@pytest.fixture
def alpha(mom: Mom) -> str:
    return mom_id(mom, ALPHA)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the time pass that an answer may take."""
    monkeypatch.setattr(execute_command, "HIDDEN", 0.0)


@pytest.mark.usefixtures("soon")
def test_a_memory_forgotten_here_and_restored_elsewhere_is_shown(mom: Mom, alpha: str) -> None:
    async def talk(editor: EditorHere) -> Titles:
        uri = editor.open(mom, FILE)
        await editor.run("mom.forget", alpha, uri)
        forgotten = await editor.titles(uri, LINE)
        mom.call("undo")
        mom.index()
        editor.engines.notified("changed", {})
        return forgotten, await editor.titles(uri, LINE)

    forgotten, restored = talk_here(talk, mom)
    assert ALPHA not in forgotten and ALPHA in restored


@pytest.mark.usefixtures("soon")
def test_a_memory_dismissed_in_one_function_is_shown_in_another(mom: Mom) -> None:
    async def talk(editor: EditorHere) -> Titles:
        uri = editor.open(mom, FILE)
        await editor.run("mom.dismiss", mom_id(mom, FIRST), uri, GAMMA)
        return await editor.titles(uri, GAMMA), await editor.titles(uri, DELTA)

    here, there = talk_here(talk, mom)
    assert FIRST not in here and FIRST in there


def test_a_memory_that_is_pinned_is_shown_at_once_in_a_file_where_it_was_dismissed(mom: Mom) -> None:
    async def talk(editor: EditorHere) -> Titles:
        uri, memory = editor.open(mom, FILE), mom_id(mom, FIRST)
        await editor.run("mom.dismiss", memory, uri, GAMMA)
        dismissed = await editor.titles(uri, DELTA)
        await editor.run("mom.pin", memory, uri, DELTA)
        return dismissed, await editor.titles(uri, DELTA)

    dismissed, pinned = talk_here(talk, mom)
    assert FIRST not in dismissed and FIRST in pinned


@pytest.mark.parametrize("event", ["dismiss", "forget"])
def test_a_memory_is_shown_again_if_the_engine_refuses(mom: Mom, alpha: str, event: str) -> None:
    async def talk(editor: EditorHere) -> list[str]:
        uri = editor.open(mom, FILE)
        editor.engines.fails = lambda method: DataFolderError("it is read-only") if method == event else None
        with pytest.raises(AssertionError, match="read-only"):
            await editor.run(f"mom.{event}", alpha, uri, *([LINE] if event == "dismiss" else []))
        return await editor.titles(uri, LINE)

    assert ALPHA in talk_here(talk, mom)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("event", ["dismiss", "forget"])
def test_a_memory_stays_hidden_if_the_engine_learns_of_it_later(mom: Mom, alpha: str, event: str) -> None:
    async def talk(editor: EditorHere) -> list[str]:
        uri, engines = editor.open(mom, FILE), editor.engines
        await editor.titles(uri, LINE)
        engines.fails = lambda method: ChildError("the engine exited")
        await editor.run(f"mom.{event}", alpha, uri, *([LINE] if event == "dismiss" else []))
        engines.fails = lambda method: None
        return await editor.titles(uri, LINE)

    assert ALPHA not in talk_here(talk, mom)


@pytest.mark.parametrize("event", ["dismiss", "forget"])
def test_an_answer_that_was_under_way_does_not_bring_it_back(mom: Mom, alpha: str, event: str) -> None:
    async def talk(editor: EditorHere) -> list[str]:
        uri, engines = editor.open(mom, FILE), editor.engines
        engines.held = "suggest"
        asked = asyncio.ensure_future(editor.titles(uri, LINE))
        await engines.holds.wait()
        await editor.run(f"mom.{event}", alpha, uri, *([LINE] if event == "dismiss" else []))
        engines.released.set()
        return await asked

    assert ALPHA not in talk_here(talk, mom)
