"""Feedback is recorded once, and at the same place whether or not an engine runs."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from editor_here import EditorHere, talk_here
from repositories import Mom, indexed_fixtures
from three_commits import ALPHA, BETA, mom_id, text, write_three_commits

from mom_lsp import datafolder
from mom_lsp.errors import ChildError, ChildTimeout
from mom_lsp.journal import Journal
from mom_lsp.process import EngineServer
from mom_lsp.server import execute_command

FILE, LINE = "src/a.py", 4  # of the open text
EVENTS = ["pin", "useful", "inserted", "dismiss"]

template, project, mom = indexed_fixtures(write_three_commits)


def recorded(mom: Mom, event: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return where feedback was recorded."""
    with Journal(mom.location.data / datafolder.JOURNAL) as journal:
        return [(one.path, one.symbol, one.data) for one in journal.events() if one.type == event]


async def shown(editor: EditorHere) -> str:
    """Wait for the first message that the user sees."""
    return str((await editor.message("window/showMessage"))["params"]["message"])


def no_engine(method: str) -> ChildError:
    return ChildError("the engine exited and will restart soon")


@pytest.mark.parametrize("stopped", [False, True])
@pytest.mark.parametrize("event", EVENTS)
def test_feedback_that_the_engine_answers_late_is_recorded_once(mom: Mom, event: str, stopped: bool) -> None:
    async def talk(editor: EditorHere) -> None:
        editor.engines.seconds, editor.engines.stopped = 60.0, stopped
        await editor.run(f"mom.{event}", mom_id(mom, ALPHA), editor.open(mom, FILE), LINE)
        editor.engines.wake()

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
        assert await shown(editor) == "Saved; takes effect when the engine restarts"

    talk_here(talk, mom)
    assert recorded(mom, "dismiss") == [("", "", {"never": True})]


@pytest.mark.parametrize("event", [*EVENTS, "forget"])
def test_feedback_that_the_engine_does_not_answer_is_recorded_and_says_what_to_do(mom: Mom, event: str) -> None:
    async def talk(editor: EditorHere) -> str:
        editor.engines.fails = lambda method: ChildTimeout("the engine hangs")
        uri = editor.open(mom, FILE)
        await editor.run(f"mom.{event}", mom_id(mom, ALPHA), uri, *([LINE] if event in EVENTS else []))
        assert len([one for one in editor.received if one.get("method") == "window/showMessage"]) == 1
        return await shown(editor)

    assert talk_here(talk, mom) == "Saved, but mom's engine does not answer: if it never does, see `mom doctor`"
    assert len(recorded(mom, event)) == 1


@pytest.mark.parametrize("command", ["undo", "remember"])
def test_what_only_the_engine_records_waits_for_it_and_says_so(
    mom: Mom, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execute_command, "ANSWER_TIMEOUT", 0.0)

    async def talk(editor: EditorHere) -> str:
        uri = editor.open(mom, FILE)
        await editor.run("mom.pin", mom_id(mom, ALPHA), uri, LINE)
        editor.engines.held = "note" if command == "remember" else command
        arguments = ["Because of the firewall", uri, LINE] if command == "remember" else [uri]
        asked = asyncio.ensure_future(editor.run(f"mom.{command}", *arguments))
        message = await shown(editor)
        editor.engines.released.set()
        assert (await asked)["ok"]
        return message

    assert "does not answer: if it never does, see `mom doctor`, then retry" in talk_here(talk, mom)
    assert len(recorded(mom, "note" if command == "remember" else command)) == 1


def test_the_process_to_end_is_that_of_the_engine(mom: Mom) -> None:
    server = EngineServer(mom.location.data, lambda method, params: None)
    assert server.start()

    async def talk(editor: EditorHere) -> str:
        editor.engines.fails = lambda method: ChildTimeout("the engine hangs")
        await editor.run("mom.unpin", mom_id(mom, ALPHA), editor.open(mom, FILE))
        return await shown(editor)

    try:
        assert f"end its process {os.getpid()}, and another one starts" in talk_here(talk, mom)
    finally:
        server.close()


def test_feedback_that_waits_while_the_editor_quits_is_recorded_once(mom: Mom) -> None:
    async def talk(editor: EditorHere) -> None:
        editor.engines.held = "pin"
        pin = {"command": "mom.pin", "arguments": [mom_id(mom, ALPHA), editor.open(mom, FILE), LINE]}
        editor.send({"jsonrpc": "2.0", "id": "pin", "method": "workspace/executeCommand", "params": pin})
        await editor.engines.holds.wait()
        await editor.request("shutdown", None)
        await editor.answer("pin")

    talk_here(talk, mom)
    assert len(recorded(mom, "pin")) == 1


@pytest.mark.parametrize("command", ["mom.never", "mom.dismiss"])
@pytest.mark.parametrize("reported", ["by the editor", "by the server"])
def test_what_was_sent_away_within_ten_seconds_does_not_count_as_opened(mom: Mom, command: str, reported: str) -> None:
    async def talk(editor: EditorHere) -> None:
        uri, memory = editor.open(mom, FILE), mom_id(mom, ALPHA)
        await editor.run(command, memory, uri, *([2] if command == "mom.dismiss" else []))
        if reported == "by the editor":
            place = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 0}}
            await editor.request("mom/opened", {"id": memory, **place})
        else:
            execute_command.count_opened(editor.server, editor.server.documents[uri].place, memory, 2, text(mom))
            await editor.request("mom/domains", {})  # after which it would be recorded

    talk_here(talk, mom)
    assert recorded(mom, "opened") == []


def test_the_undo_of_one_memory_leaves_later_actions_on_others(mom: Mom) -> None:
    async def talk(editor: EditorHere) -> list[str]:
        uri, forgotten, pinned = editor.open(mom, FILE), mom_id(mom, ALPHA), mom_id(mom, BETA)
        await editor.run("mom.forget", forgotten, uri)
        await editor.run("mom.pin", pinned, uri, 9)
        await editor.run("mom.undo", uri, forgotten)
        return [action["title"] for action in await editor.actions(uri, 1, "mom.undo")]

    assert talk_here(talk, mom) == ["Undo “Pin”"]
    kept = mom.call("kept")
    assert ([one["title"] for one in kept["pinned"]], kept["forgotten"]) == ([BETA], [])


def test_a_comment_above_a_function_is_a_use_in_that_function(mom: Mom) -> None:
    async def talk(editor: EditorHere) -> None:
        uri, line = editor.open(mom, FILE), text(mom).split("\n").index("def beta():") + 1
        action = (await editor.actions(uri, line, "mom.inserted"))[0]
        (edit,) = action["edit"]["changes"][uri]
        change = {"range": edit["range"], "text": edit["newText"]}
        document = {"uri": uri, "version": 2}
        editor.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        await editor.run(action["command"]["command"], *action["command"]["arguments"])

    talk_here(talk, mom)
    assert [(path, symbol) for path, symbol, _ in recorded(mom, "inserted")] == [(FILE, "beta")]
