"""mom.why and inline completion through real clients, and through the real model where there is one."""

from __future__ import annotations

from typing import Any

import pytest
from llama_models import needs_model
from lsprotocol import types

from .conftest import FIX, LINE, Editor, Start

KEYS = {"answer", "attention", "citations", "committed", "generated", "origin", "page", "replaces", "took_ms"}
WITH_MODEL = {"model": {"enable": True}, "completion": {"enable": True}}


async def complete(editor: Editor, uri: str, line: int, character: int) -> Any:
    invoked = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Invoked)
    params = types.InlineCompletionParams(invoked, types.TextDocumentIdentifier(uri), types.Position(line, character))
    return await editor.client.text_document_inline_completion_async(params)


async def test_an_editor_that_shows_the_answer_itself_gets_no_message(editor: Editor) -> None:
    uri = editor.open()
    answer = await editor.run("mom.why", uri, LINE + 1, False)
    assert set(answer) == KEYS
    assert answer["citations"][0]["title"] == FIX
    await editor.nothing_unread()


async def test_without_a_model_the_answer_quotes_the_memories(editor: Editor) -> None:
    answer = await editor.run("mom.why", editor.open(), LINE + 1, False, True)
    assert not answer["generated"]
    assert "The server bans a client" in answer["answer"]


async def test_inline_completion_is_announced(editor: Editor) -> None:
    assert editor.initialized and editor.initialized.capabilities.inline_completion_provider is not None


async def test_nothing_is_completed_unless_enabled(editor: Editor) -> None:
    assert not await complete(editor, editor.open(), LINE, 4)


async def test_nothing_is_completed_without_a_model(start_editor: Start) -> None:
    editor = await start_editor("visual-studio-code", settings={"completion": {"enable": True}})
    assert not await complete(editor, editor.open(), LINE, 4)


@pytest.mark.slow
@needs_model
async def test_the_model_completes_the_rest_of_a_line(start_editor: Start) -> None:
    editor = await start_editor("visual-studio-code", settings=WITH_MODEL)
    uri = editor.open()
    editor.edit(uri, (LINE + 2, 0), (LINE + 2, 0), "    for attempt in ")
    (item,) = await complete(editor, uri, LINE + 2, 19)
    assert item.insert_text and "\n" not in item.insert_text
    assert item.range.start == item.range.end == types.Position(LINE + 2, 19)
    answer = await editor.run("mom.why", uri, LINE + 1, False, True)
    assert set(answer) == KEYS
    status = await editor.run("mom.status")
    assert status["model"]["name"].startswith("SmolLM2")
