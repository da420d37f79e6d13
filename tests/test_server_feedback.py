"""Feedback is recorded once, and at the same place whether or not an engine runs."""

from __future__ import annotations

from typing import Any

import pytest
from editor_here import EditorHere, talk_here
from repositories import Mom, indexed_fixtures
from three_commits import ALPHA, mom_id, text, write_three_commits

from mom_lsp import datafolder
from mom_lsp.errors import ChildError
from mom_lsp.journal import Journal

FILE, LINE = "src/a.py", 4  # of the open text
EVENTS = ["pin", "useful", "inserted", "dismiss"]

template, project, mom = indexed_fixtures(write_three_commits)


def recorded(mom: Mom, event: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return where feedback was recorded."""
    with Journal(mom.location.data / datafolder.JOURNAL) as journal:
        return [(one.path, one.symbol, one.data) for one in journal.events() if one.type == event]


def no_engine(method: str) -> ChildError:
    return ChildError("the engine exited and will restart soon")


@pytest.mark.parametrize("event", EVENTS)
def test_feedback_that_the_engine_answers_late_is_recorded_once(mom: Mom, event: str) -> None:
    async def talk(editor: EditorHere) -> None:
        editor.engines.seconds = 60.0
        await editor.run(f"mom.{event}", mom_id(mom, ALPHA), editor.open(mom, FILE), LINE)

    talk_here(talk, mom)
    assert len(recorded(mom, event)) == 1


@pytest.mark.parametrize("event", EVENTS)
def test_feedback_without_an_engine_is_as_narrow_as_with_one(mom: Mom, event: str) -> None:
    async def talk(editor: EditorHere) -> None:
        uri = editor.open(mom, FILE, f"import time\n\n{text(mom)}")
        for fails in (lambda method: None, no_engine):
            editor.engines.fails = fails
            await editor.run(f"mom.{event}", mom_id(mom, ALPHA), uri, LINE)

    talk_here(talk, mom)
    with_engine, without = recorded(mom, event)
    assert with_engine == without
    assert without[:2] == (FILE, "alpha")


@pytest.mark.parametrize("event", EVENTS)
def test_feedback_on_a_line_of_an_unknown_text_is_refused_without_an_engine(mom: Mom, event: str) -> None:
    async def talk(editor: EditorHere) -> None:
        editor.engines.fails = no_engine
        with pytest.raises(AssertionError, match="will restart soon"):
            await editor.run(f"mom.{event}", mom_id(mom, ALPHA), (mom.root / FILE).as_uri(), LINE)

    talk_here(talk, mom)
    assert recorded(mom, event) == []


def test_never_suggesting_a_memory_needs_no_engine(mom: Mom) -> None:
    async def talk(editor: EditorHere) -> None:
        editor.engines.fails = no_engine
        await editor.run("mom.never", mom_id(mom, ALPHA), editor.open(mom, FILE))

    talk_here(talk, mom)
    assert recorded(mom, "dismiss") == [("", "", {"never": True})]
