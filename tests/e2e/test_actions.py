"""Hover, code actions and commands: what is known about a line, and the user's feedback on it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.uris import to_fs_path

from mom_lsp.journal import Journal
from mom_lsp.process.address import read_record

from .conftest import (
    CONVERTER,
    FILE,
    FIX,
    HISTORY,
    LINE,
    RETRIES,
    SETTINGS,
    TIMEOUT,
    Editor,
    Start,
    end_engine,
    mom,
    run_git,
    start,
    stop,
)

SIX = ["mom.pin", "mom.useful", "mom.dismiss", "mom.forget", "mom.open", "mom.why"]


async def test_a_hover_says_in_a_few_lines_what_is_to_be_known(editor: Editor) -> None:
    text = str(await editor.hover(editor.open(), LINE))
    title, reason, *_ = text.splitlines()
    assert title == f"**{FIX}**  "
    assert reason.startswith("The server bans a client after 50 attempts, because its firewall")
    assert re.search(r"^Ann Author, [\w ]+ · `", text, re.MULTILINE)
    assert len(text.splitlines()) <= 5
    assert not [word for word in ("%", "strength", "score", FILE) if word in text]


@pytest.mark.parametrize(("hover", "lines"), [("off", []), ("hints", [LINE]), ("all", [LINE, LINE + 1])])
async def test_the_setting_says_which_lines_have_a_hover(editor: Editor, hover: str, lines: list[int]) -> None:
    uri = editor.open()
    await editor.configure({**SETTINGS, "hover": hover})
    await editor.hints(uri)
    assert [line for line in (LINE, LINE + 1) if FIX in str(await editor.hover(uri, line))] == lines
    await editor.configure()


async def test_a_resting_cursor_gets_the_earlier_changes_to_its_line(repo: Path, environment: dict[str, str]) -> None:
    text = (repo / FILE).read_text("utf-8").replace("range(42)", "range(40 + 2)")
    (repo / FILE).write_text(text, "utf-8")
    run_git(repo, "commit", "--quiet", "-am", "Say where the limit comes from")
    mom(repo, "index", env=environment)
    editor = await start("neovim", repo, environment)
    asked = {"textDocument": {"uri": editor.open()}, "position": {"line": LINE, "character": 0}}
    async with asyncio.timeout(TIMEOUT):
        why: dict[str, str] = {}
        while "made an earlier change to this line" not in why.get(FIX, ""):
            found = await editor.client.protocol.send_request_async("mom/suggest", asked)
            why = {one.title: one.why for one in found.suggestions}
    await stop(editor)


async def test_a_line_without_history_is_quiet(writer: Editor) -> None:
    uri = writer.open()
    assert await writer.hover(uri, 1) is None  # blank
    writer.edit(uri, (LINE, 0), (LINE, 0), "    return MAX_ATTEMPTS\n")
    assert await writer.hover(uri, LINE) is None
    assert set(await writer.actions(uri, LINE)) == {"mom.why"}
    assert FIX in str(await writer.hover(uri, LINE + 1))


async def test_an_edited_line_has_the_hover_of_the_line_that_it_replaces(editor: Editor) -> None:
    uri = editor.open()
    known = str(await editor.hover(uri, LINE))
    editor.edit(uri, (LINE, 29), (LINE, 31), "17")
    preface, *text = str(await editor.hover(uri, LINE)).splitlines()
    assert preface == "*This line is not committed. The line it replaces:*  "
    assert text == known.splitlines()
    assert "mom.pin" in await editor.actions(uri, LINE)


async def test_an_intent_can_be_sent_with_or_without_a_line(editor: Editor) -> None:
    place = {"textDocument": {"uri": editor.open()}, "position": {"line": LINE, "character": 0}}
    for where in (place, {"textDocument": place["textDocument"]}, {}):
        asked = {**where, "intent": "limit the retries"}
        found = await editor.client.protocol.send_request_async("mom/suggest", asked)
        assert FIX in [one.title for one in found.suggestions]
    with pytest.raises(JsonRpcException, match="intent"):
        await editor.client.protocol.send_request_async("mom/suggest", {})


async def test_a_line_without_a_memory_has_no_hover(editor: Editor) -> None:
    uri = editor.open("notes.txt", "nothing\n", "plaintext")
    assert await editor.hover(uri, 0) is None
    assert await editor.hints(uri) == []


async def test_the_light_bulb_has_six_actions_for_a_memory_and_the_rest_behind_more(editor: Editor) -> None:
    actions = await editor.all_actions(editor.open(), LINE)
    commands = [action.command.command for action in actions if action.command]
    assert commands == [*SIX, "mom.more"]
    assert [action.kind for action in actions] == commands
    assert actions[0].title == "Pin: Fix endless retries by limiting them to…"
    assert all("endless" in action.title for action in actions[:-1])


async def test_the_actions_of_every_memory_can_be_asked_for_by_kind(editor: Editor) -> None:
    uri = editor.open()
    every = await editor.all_actions(uri, LINE, only=["mom"])
    memories = [action.data["memory"] for action in every if action.data and action.data["memory"]]
    assert len(set(memories)) > 1
    assert memories == sorted(memories, key=memories.index)  # in groups
    assert {action.kind for action in every} >= {*SIX, "mom.never", "mom.inserted"}
    forgets = await editor.all_actions(uri, LINE, only=["mom.forget"])
    assert {action.kind for action in forgets} == {"mom.forget"} and len(forgets) == len(set(memories))


@pytest.mark.parametrize("writer", ["neovim"], indirect=True)
async def test_more_offers_what_the_light_bulb_leaves_out(writer: Editor) -> None:
    offered: list[str] = []

    @writer.client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)
    def choose(params: types.ShowMessageRequestParams) -> types.MessageActionItem:
        offered.extend(item.title for item in params.actions or [])
        return next(item for item in params.actions or [] if item.title.startswith("Never suggest: Fix endless"))

    uri = writer.open()
    (more,) = (one for one in await writer.all_actions(uri, LINE) if one.title == "More…")
    await writer.run_action(more)
    assert not [title for title in offered if title.startswith("Useful: Fix endless")]
    assert FIX not in str(await writer.hover(uri, LINE))


@pytest.mark.parametrize(
    ("only", "some"),
    [
        ([""], True),
        (["mom"], True),
        (["mom.pin"], True),
        (["quickfix"], False),
        (["refactor"], False),
        (["mom.other"], False),
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
    assert actions["mom.unpin"].title.startswith("Unpin: Fix endless")
    assert "pinned" in str(await writer.hover(uri, LINE))
    await writer.run_action(actions["mom.unpin"])
    assert "mom.unpin" not in await writer.actions(uri, LINE)


async def test_a_forgotten_memory_is_gone_at_once_and_undo_restores_it(writer: Editor) -> None:
    uri = writer.open()
    assert FIX in str(await writer.hover(uri, LINE))
    await writer.run_action((await writer.actions(uri, LINE))["mom.forget"])
    assert FIX not in str(await writer.hover(uri, LINE))
    assert not [hint for hint in await writer.hints(uri) if "server bans" in str(hint.label)]
    await writer.expect_message(f"Forgotten: “{FIX}”; the code action “Undo” restores it")
    undo = (await writer.actions(uri, LINE))["mom.undo"]
    assert undo.title == "Undo “Forget”"
    assert (await writer.run_action(undo))["ok"]
    assert "mom.undo" not in await writer.actions(uri, LINE)
    if writer.refreshes:
        await writer.hints_become(uri, lambda hints: any("server bans" in str(hint.label) for hint in hints))
        assert FIX in str(await writer.hover(uri, LINE))


@pytest.mark.parametrize("writer", ["neovim"], indirect=True)
async def test_a_memory_dismissed_here_is_not_shown_here(writer: Editor) -> None:
    uri = writer.open()
    await writer.run_action((await writer.actions(uri, LINE))["mom.dismiss"])
    assert FIX not in str(await writer.hover(uri, LINE))
    assert not [hint for hint in await writer.hints(uri) if "server bans" in str(hint.label)]


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
async def test_only_what_is_selected_can_be_saved_as_a_note(writer: Editor, environment: dict[str, str]) -> None:
    uri = writer.open()
    assert "mom.remember" not in await writer.actions(uri, 3)  # never the line itself
    selected = types.Range(types.Position(3, 4), types.Position(3, 9))
    params = types.CodeActionParams(types.TextDocumentIdentifier(uri), selected, types.CodeActionContext([]))
    params.context.only = ["mom.remember"]
    raw: Any = await writer.client.text_document_code_action_async(params)
    (save,) = (CONVERTER.structure(item, types.CodeAction) for item in raw)
    await writer.run_action(await writer.resolved(save))
    found = mom(writer.folder, "search", "fetch", env=environment)
    assert [one["title"] for one in found["suggestions"] if one["source"]["type"] == "user"] == ["fetch"]


async def test_the_source_is_a_read_only_document_at_the_change_of_the_line(editor: Editor) -> None:
    uri = editor.open()
    memory = await editor.run_action((await editor.actions(uri, LINE))["mom.open"])
    assert memory["title"] == FIX
    shown = editor.client.shown_documents[-1]
    text = Path(to_fs_path(shown.uri) or "").read_text("utf-8")
    assert text.startswith(f"commit {memory['source']['commit']}")
    assert shown.selection
    assert text.splitlines()[shown.selection.start.line] == f"+{RETRIES.splitlines()[0]}"


async def test_a_note_leads_to_its_line(writer: Editor) -> None:
    note = await writer.run("mom.remember", "Ask Ann", uri := writer.open(), LINE + 1)
    await writer.run("mom.open", note["id"], uri)
    shown = writer.client.shown_documents[-1]
    assert shown.selection and (shown.uri, shown.selection.start.line) == (uri, LINE)


async def test_an_editor_that_opens_no_documents_is_told_the_file(repo: Path, environment: dict[str, str]) -> None:
    editor = await start("neovim", repo, environment, opens=False)
    await editor.run_action((await editor.actions(editor.open(), LINE))["mom.open"])
    told = await editor.expect_message(".diff:")
    file = Path(told.rpartition(":")[0])
    assert FIX in file.read_text("utf-8")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o400, 0o700)
    await stop(editor)
    assert not file.parent.exists()


async def test_search_and_status_answer(editor: Editor) -> None:
    found = await editor.run("mom.search", "endless retries")
    assert found["query"]["text"] == "endless retries"
    assert (await editor.run("mom.status"))["memories"] >= len(HISTORY)


async def test_a_search_can_be_narrowed_to_a_folder_or_a_domain(editor: Editor) -> None:
    listed = await editor.client.protocol.send_request_async("mom/domains", {})
    names = [one.name for one in listed.domains]
    assert names and sum(one.memories for one in listed.domains) == len(HISTORY)
    for within in ("src", FILE, names[0]):
        found = await editor.run("mom.search", "endless retries", None, within)
        assert FIX in [one["title"] for one in found["suggestions"]], within
    assert (await editor.run("mom.search", "", editor.uri(), "src"))["suggestions"]
    with pytest.raises(JsonRpcException, match="no folder, file or domain is called nowhere"):
        await editor.run("mom.search", "endless retries", None, "nowhere")


async def test_what_a_view_shows_is_one_request(writer: Editor) -> None:
    async def view(**asked: Any) -> Any:
        return await writer.client.protocol.send_request_async("mom/view", asked)

    uri = writer.open()
    at = {"textDocument": {"uri": uri}, "position": {"line": LINE, "character": 0}}
    found = await view(**at)
    assert found.line[0].title == FIX and FIX in {one.title for one in found.file}
    assert found.pinned == found.promoted == found.useful == found.forgotten == []
    await writer.run("mom.pin", found.line[0].id, uri, LINE + 1)
    assert [one.title for one in (await view(**at)).pinned] == [FIX]
    elsewhere = await view()
    assert [one.title for one in elsewhere.pinned] == [FIX] and elsewhere.line == elsewhere.file == []


@pytest.mark.parametrize(("method", "times"), [("mom/view", 0), ("mom/seen", 1)])
async def test_what_a_view_shows_counts_only_once_it_was_read(
    start_editor: Start, repo: Path, environment: dict[str, str], method: str, times: int
) -> None:
    editor = await start_editor("visual-studio-code")
    at = {"textDocument": {"uri": editor.open()}, "position": {"line": LINE, "character": 0}}
    for _ in range(2):
        await editor.client.protocol.send_request_async(method, at)
    await stop(editor)
    end_engine(repo / ".git" / "mom")  # which writes what it counted
    found = mom(repo, "search", "endless retries", env=environment)["suggestions"]
    fix = next(one["id"] for one in found if one["title"] == FIX)
    assert mom(repo, "show", fix, env=environment)["life"]["shown"] == times


async def test_why_opens_the_answer_as_a_document_whose_links_lead_to_the_sources(editor: Editor) -> None:
    answer = await editor.run_action((await editor.actions(editor.open(), LINE))["mom.why"])
    assert "wrote this line: The server bans a client" in answer["answer"]
    page = Path(to_fs_path(editor.client.shown_documents[-1].uri) or "")
    text = page.read_text("utf-8")
    assert text == answer["page"] and page.suffix == ".md"
    assert text.startswith(
        f"# Why is line {LINE + 1} of {FILE} the way it is?\n\n```\n{RETRIES.split(chr(10))[0].strip()}\n```\n"
    )
    (link, *_) = re.findall(r"\]\(([0-9a-f]{9}\.diff)\)", text)
    assert FIX in (page.parent / link).read_text("utf-8")


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
    await writer.expect_warning("the engine exited; it restarts")
    await writer.expect_message("Saved; takes effect when the engine restarts")


def arguments_id(action: types.CodeAction) -> str:
    assert action.command and action.command.arguments
    return str(action.command.arguments[0])
