"""The harness itself: a message that no test reads is a failure."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pygls.exceptions import JsonRpcException

from .conftest import Editor, start, stop

# A server that, asked for a noise, makes it before it answers.
NOISY = """
from lsprotocol import types
from pygls.exceptions import JsonRpcInternalError
from pygls.lsp.server import LanguageServer

server = LanguageServer("noisy", "1")

def fail():
    raise JsonRpcInternalError("it broke")

def message(kind):
    server.window_show_message(types.ShowMessageParams(kind, "look here"))

def log(kind):
    server.window_log_message(types.LogMessageParams(kind, "look here"))

NOISES = {
    "message": lambda: message(types.MessageType.Info),
    "warning": lambda: log(types.MessageType.Warning),
    "error": lambda: log(types.MessageType.Error),
    "info": lambda: log(types.MessageType.Info),
    "notification": lambda: server.protocol.notify("mom/unheard", {}),
    "request": lambda: server.protocol.send_request("mom/unheard", {}),
    "diagnostics": lambda: server.text_document_publish_diagnostics(types.PublishDiagnosticsParams("file:///a", [])),
    "failure": fail,
}

@server.feature("mom/noise")
def noise(params):
    NOISES[params.kind]()

@server.feature("textDocument/hover")
def hover(params):
    return None

server.start_io()
"""


@pytest.fixture(scope="module")
async def noisy(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> AsyncIterator[Editor]:
    """An editor of that server, for all tests that leave it running."""
    editor = await start_noisy(tmp_path_factory.mktemp("noisy"), environment)
    yield editor
    await stop(editor)


async def start_noisy(folder: Path, environment: dict[str, str]) -> Editor:
    return await start("neovim", folder, environment, server=[sys.executable, "-c", NOISY])


async def make(editor: Editor, kind: str) -> None:
    await editor.client.protocol.send_request_async("mom/noise", {"kind": kind})


@pytest.mark.parametrize(
    ("kind", "unread"),
    [
        ("message", "('message', 'look here')"),
        ("warning", "('log', 'look here')"),
        ("error", "('log', 'look here')"),
        ("notification", "mom/unheard"),
        ("request", "mom/unheard"),
        ("diagnostics", "textDocument/publishDiagnostics"),
    ],
)
async def test_an_unread_message_fails_its_test(noisy: Editor, kind: str, unread: str) -> None:
    await make(noisy, kind)
    with pytest.raises(AssertionError, match=f"no test read.*{re.escape(unread)}"):
        await noisy.nothing_unread()
    await noisy.nothing_unread()  # the next test begins with nothing


async def test_messages_until_the_editor_stops_fail_its_test(tmp_path: Path, environment: dict[str, str]) -> None:
    editor = await start_noisy(tmp_path, environment)
    await make(editor, "message")
    editor.client.protocol.send_request("mom/noise", {"kind": "failure"})  # nobody waits for its answer
    with pytest.raises(AssertionError, match=r"no test read.*look here.*it broke"):
        await stop(editor)


async def test_an_expected_message_counts_as_read(noisy: Editor) -> None:
    waiting = asyncio.ensure_future(noisy.expect_message("look"))
    for kind in ("info", "message", "warning"):
        await make(noisy, kind)
    assert (await waiting, await noisy.expect_warning("here")) == ("look here", "look here")
    with pytest.raises(JsonRpcException, match="it broke"):
        await make(noisy, "failure")
    await noisy.nothing_unread()


async def test_a_missing_expected_message_fails_the_test(noisy: Editor) -> None:
    await make(noisy, "message")
    with pytest.raises(AssertionError, match=r"no message with 'other' came; unread: .*look here"):
        await noisy.inbox.take("message", "other", 0.1)
    await noisy.expect_message("look here")
