"""Hover, code actions and commands: what is known about a line, and the user's feedback on it."""

from __future__ import annotations

import os
import re
import signal

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mom_lsp.journal import Journal
from mom_lsp.process.address import read_record

from .conftest import FILE, FIX, HISTORY, LINE, Editor, mom

ABOUT_A_MEMORY = {"mom.useful", "mom.inserted", "mom.dismiss", "mom.never", "mom.forget", "mom.open"}
GROUP = len(ABOUT_A_MEMORY) + 1  # and Pin


async def test_a_hover_shows_the_memory_and_its_relevance(editor: Editor) -> None:
    text = await editor.hover(editor.open(), LINE)
    assert text
    assert f"**{FIX}**" in text
    assert "The server bans a client after 50 attempts" in text
    assert "Ann Author" in text
    assert "% useful: wrote this line" in text
    assert "strength" not in text and "score" not in text


async def test_a_line_without_history_is_quiet(writer: Editor) -> None:
    uri = writer.open()
    assert await writer.hover(uri, 1) is None  # blank
    writer.edit(uri, (LINE, 0), (LINE, 0), "    return MAX_ATTEMPTS\n")
    assert await writer.hover(uri, LINE) is None
    assert set(await writer.actions(uri, LINE)) == {"mom.why", "mom.remember"}
    assert FIX in str(await writer.hover(uri, LINE + 1))


async def test_an_intent_can_be_sent_with_or_without_a_line(editor: Editor) -> None:
    place = {"textDocument": {"uri": editor.open()}, "position": {"line": LINE, "character": 0}}
    for where in (place, {"textDocument": place["textDocument"]}, {}):
        asked = {**where, "intent": "limit the retries"}
        found = await editor.client.protocol.send_request_async("mom/suggest", asked)
        assert FIX in [one.title for one in found.suggestions]
    with pytest.raises(JsonRpcException, match="intent"):
        await editor.client.protocol.send_request_async("mom/suggest", {})


async def test_a_commit_message_cannot_inject_markup(editor: Editor) -> None:
    text = await editor.hover(editor.open(), LINE)
    assert text
    inside = False  # of a code block, where nothing is markup
    for line in text.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            assert not re.search(r"(?<!\\)[<\[\]]", line) and "https://" not in line
    assert r"\[click\](command:evil) \<b\>bold" in text
    assert not inside


async def test_a_line_without_a_memory_has_no_hover(editor: Editor) -> None:
    uri = editor.open("notes.txt", "nothing\n", "plaintext")
    assert await editor.hover(uri, 0) is None
    assert await editor.hints(uri) == []


async def test_a_line_has_its_code_actions(editor: Editor) -> None:
    actions = await editor.all_actions(editor.open(), LINE)
    commands = [str(action.command and action.command.command) for action in actions]
    assert set(commands[:GROUP]) == ABOUT_A_MEMORY | {"mom.pin"}
    assert commands[GROUP : GROUP + 2] == ["mom.why", "mom.remember"]
    assert [action.kind for action in actions] == [f"quickfix.{command}" for command in commands]
    assert actions[0].title == "Pin “Fix endless retries by limiting them to…”"
    assert "endless" not in "".join(action.title for action in actions[1:GROUP])  # named once


async def test_each_memory_of_a_line_has_a_group_of_actions(editor: Editor) -> None:
    actions = await editor.all_actions(editor.open(), LINE)
    groups = [str(action.data["arguments"][0]) for action in actions if action.data]
    groups = [*groups[:GROUP], *groups[GROUP + 2 :]]
    assert len(set(groups)) == len(groups) // GROUP > 1
    assert groups == sorted(groups, key=groups.index)


@pytest.mark.parametrize(
    ("only", "some"),
    [
        ([""], True),
        (["quickfix"], True),
        (["quickfix.mom"], True),
        (["quickfix.mom.pin"], True),
        (["refactor"], False),
        (["quickfix.other"], False),
    ],
)
async def test_only_the_requested_kinds_are_returned(editor: Editor, only: list[str], some: bool) -> None:
    assert bool(await editor.actions(editor.open(), LINE, only=only)) == some


async def test_an_automatic_light_bulb_appears_only_on_hints(editor: Editor) -> None:
    uri = editor.open()
    await editor.hints(uri)
    automatic = types.CodeActionTriggerKind.Automatic
    assert "mom.remember" not in await editor.actions(uri, 0, trigger_kind=automatic)
    assert "mom.pin" in await editor.actions(uri, LINE, trigger_kind=automatic)


async def test_pinning_is_visible_and_can_be_undone(writer: Editor) -> None:
    uri = writer.open()
    await writer.run_action((await writer.actions(uri, LINE))["mom.pin"])
    await writer.nothing_unread()  # the hint shows it
    actions = await writer.actions(uri, LINE)
    assert actions["mom.unpin"].title.startswith("Unpin “Fix endless")
    assert "pinned" in str(await writer.hover(uri, LINE))
    await writer.run_action(actions["mom.unpin"])
    assert "mom.unpin" not in await writer.actions(uri, LINE)


async def test_a_forgotten_memory_is_gone_at_once_and_undo_restores_it(writer: Editor) -> None:
    uri = writer.open()
    assert FIX in str(await writer.hover(uri, LINE))
    await writer.run_action((await writer.actions(uri, LINE))["mom.forget"])
    assert FIX not in str(await writer.hover(uri, LINE))
    assert not [hint for hint in await writer.hints(uri) if "endless" in str(hint.label)]
    await writer.expect_message("Forgotten")
    undo = (await writer.actions(uri, LINE))["mom.undo"]
    assert undo.title == "Undo “Forget”"
    assert (await writer.run_action(undo))["ok"]
    assert "mom.undo" not in await writer.actions(uri, LINE)
    if writer.refreshes:
        await writer.hints_become(uri, lambda hints: any("endless" in str(hint.label) for hint in hints))
        assert FIX in str(await writer.hover(uri, LINE))


@pytest.mark.parametrize("writer", ["neovim"], indirect=True)
async def test_a_memory_dismissed_here_is_not_shown_here(writer: Editor) -> None:
    uri = writer.open()
    await writer.run_action((await writer.actions(uri, LINE))["mom.dismiss"])
    assert FIX not in str(await writer.hover(uri, LINE))
    assert not [hint for hint in await writer.hints(uri) if "endless" in str(hint.label)]


@pytest.mark.parametrize("writer", ["visual-studio-code"], indirect=True)
async def test_a_memory_is_inserted_as_a_comment_and_counts_as_used(writer: Editor) -> None:
    insert = (await writer.actions(writer.open(), LINE))["mom.inserted"]
    assert insert.edit and insert.edit.changes
    ((edit,),) = insert.edit.changes.values()
    assert edit.range.start == edit.range.end == types.Position(LINE, 0)
    comment = [line.removeprefix("    # ") for line in edit.new_text.splitlines()]
    assert re.fullmatch(r"The server bans .* counts them\..*\([0-9a-f]{10}\)", " ".join(comment))
    await writer.run_action(insert)
    with Journal(writer.folder / ".git" / "mom" / "journal.sqlite") as journal:
        (event,) = (event for event in journal.events() if event.type == "inserted")
    assert (event.path, event.symbol) == (FILE, "fetch")


@pytest.mark.parametrize("writer", ["neovim"], indirect=True)
async def test_a_never_suggested_memory_is_found_only_by_search(writer: Editor) -> None:
    uri = writer.open()
    await writer.run_action((await writer.actions(uri, LINE))["mom.never"])
    assert FIX not in str(await writer.hover(uri, LINE))
    assert FIX in str(await writer.run("mom.search", "endless retries"))
    assert (await writer.actions(uri, LINE))["mom.undo"].title == "Undo “Never suggest”"


@pytest.mark.parametrize("writer", ["visual-studio-code"], indirect=True)
async def test_a_line_can_be_saved_as_a_note(writer: Editor, environment: dict[str, str]) -> None:
    uri = writer.open()
    await writer.run_action((await writer.actions(uri, 3))["mom.remember"])
    found = mom(writer.folder, "search", "def fetch(url):", env=environment)
    assert "note" in [suggestion["kind"] for suggestion in found["suggestions"]]


async def test_opening_a_memory_names_its_source_commit(editor: Editor) -> None:
    uri = editor.open()
    shown = await editor.run_action((await editor.actions(uri, LINE))["mom.open"])
    assert shown["title"] == FIX
    assert shown["source"]["commit"][:12] in await editor.expect_message(FIX)


async def test_search_and_status_answer(editor: Editor) -> None:
    found = await editor.run("mom.search", "endless retries")
    assert found["query"]["text"] == "endless retries"
    assert (await editor.run("mom.status"))["memories"] >= len(HISTORY)


async def test_why_answers_and_shows_the_answer(editor: Editor) -> None:
    answer = await editor.run_action((await editor.actions(editor.open(), LINE))["mom.why"])
    assert set(answer) == {"answer", "attention", "citations", "generated", "origin", "took_ms"}
    assert "wrote this line: The server bans a client" in answer["answer"]
    assert answer["citations"][0]["title"] == FIX
    shown = (await editor.expect_message(FIX)).splitlines()
    assert (shown[0], FIX in shown[1]) == (answer["answer"], True)


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("mom.why", ["file:///etc/passwd", 1], "outside"),
        ("mom.why", ["untitled:1"], "takes uri, line"),
        ("mom.pin", [], "takes id, uri"),
        ("mom.pin", [7], "id must be text"),
        ("mom.forget", [{}], "id must be text"),
        ("mom.dismiss", ["id", "file:///etc/passwd", 1], "outside"),
        ("mom.remember", ["text", "file:///etc/passwd", 1], "outside"),
        ("mom.remember", ["text", "untitled:1", True], "line must be a number"),
        ("mom.pin", ["no such id"], ""),
    ],
)
async def test_an_invalid_argument_is_explained_without_internal_paths(
    editor: Editor, command: str, arguments: list[object], message: str
) -> None:
    with pytest.raises(JsonRpcException) as caught:
        await editor.run(command, *arguments)
    assert message in caught.value.message
    assert "Traceback" not in caught.value.message and ".py" not in caught.value.message
    assert caught.value.data is None


@pytest.mark.parametrize("writer", ["neovim"], indirect=True)
async def test_feedback_is_kept_while_no_engine_runs(writer: Editor) -> None:
    uri = writer.open()
    pin = (await writer.actions(uri, LINE))["mom.pin"]
    data = writer.folder / ".git" / "mom"
    os.kill(read_record(data)["pid"], signal.SIGKILL)
    await writer.run_action(pin)  # the next engine waits a second before it starts
    with Journal(data / "journal.sqlite") as journal:
        events = [(event.type, event.memory) for event in journal.events() if event.type != "shown"]
    assert events == [("pin", arguments_id(pin))]


def arguments_id(action: types.CodeAction) -> str:
    assert action.command and action.command.arguments
    return str(action.command.arguments[0])
