"""Unknown parts of a client's messages are ignored: over a real stream of bytes."""

from __future__ import annotations

from typing import Any

import pytest
from bare_client import CAPABILITIES, DOCUMENT, INITIALIZE, JSON, POSITION, RANGE, REQUESTS, URI, Client, run
from lsprotocol import types
from pygls.protocol import default_converter

from mom_lsp.server.lenient import LenientReader


@pytest.mark.parametrize(
    "changes",
    [
        {"trace": "compact"},
        {"capabilities": None},
        {"capabilities": {"textDocument": {"hover": {"contentFormat": ["markdown", "asciidoc"]}}}},
        {"capabilities": {"textDocument": {"publishDiagnostics": {"tagSupport": {"valueSet": [-1, 1]}}}}},
        {"capabilities": {"workspace": {"symbol": {"symbolKind": {"valueSet": [1, 99]}}}}},
        {"capabilities": {"workspace": {"workspaceEdit": {"failureHandling": "hope"}}}},
        {"clientInfo": {"version": "1"}},
        {"initializationOptions": {"jsonrpc": "2.0", "id": 3, "method": "initialize"}},
        {"processId": 2**40},
        {"workspaceFolders": [{"uri": 5}, None]},
    ],
    ids=lambda changes: str(changes)[:60],
)
def test_a_client_with_unknown_capabilities_is_accepted(changes: JSON) -> None:
    answer = run(lambda client: client.ask("initialize", INITIALIZE | changes))
    assert answer["result"]["capabilities"]["hoverProvider"]


def test_known_values_of_a_list_count_despite_unknown_ones() -> None:
    read = _lenient().read({"contentFormat": ["asciidoc", "markdown"]}, types.HoverClientCapabilities)
    assert read.content_format == (types.MarkupKind.Markdown,)


@pytest.mark.parametrize("capabilities", CAPABILITIES)
def test_valid_params_are_read_as_pygls_reads_them(capabilities: JSON) -> None:
    params = {"processId": 1, "rootUri": URI, "capabilities": capabilities, "initializationOptions": {"a": [None, 1.5]}}
    lenient, strict = (reader(params, types.InitializeParams) for reader in (_lenient().read, _strict))
    assert lenient == strict


def _lenient() -> LenientReader:
    return LenientReader(default_converter())


def _strict(value: Any, kind: Any) -> Any:
    return default_converter().structure(value, kind)


@pytest.mark.parametrize(
    ("method", "changes", "problem"),
    [
        ("textDocument/hover", {"position": None}, "textDocument/hover: params.position is missing"),
        (
            "textDocument/hover",
            {"textDocument": {"uri": 5}},
            "textDocument/hover: params.textDocument.uri is not a str",
        ),
        ("mom/suggest", {"position": {"line": "1"}}, "position needs a line, counted from 0"),
        ("mom/suggest", {"textDocument": None, "position": None}, "mom/suggest needs a textDocument or an intent"),
        ("mom/show", {"id": None}, "the id of a memory is missing"),
        ("mom/opened", {"position": None}, "mom/opened needs a textDocument and a position"),
        ("workspace/executeCommand", {"command": "mom.pin", "arguments": []}, "mom.pin takes id, uri, line"),
    ],
)
def test_meaningless_params_are_invalid(method: str, changes: JSON, problem: str) -> None:
    async def talk(client: Client) -> JSON:
        await client.greet()
        return await client.ask(method, REQUESTS[method] | changes)

    error = run(talk)["error"]
    assert (error["code"], error["message"]) == (types.ErrorCodes.InvalidParams, problem)


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        ("textDocument/inlayHint", {"range": {"start": POSITION, "end": {"line": 2**32 - 1, "character": 0}}}),
        ("textDocument/codeAction", {"range": {"start": POSITION, "end": {"line": 2**63, "character": -1}}}),
        ("textDocument/codeAction", {"context": {"diagnostics": [], "triggerKind": 3}}),
        ("textDocument/codeAction", {"context": {"only": ["quickfix"]}}),
        ("textDocument/hover", {"position": {"line": 1.0, "character": 0}}),
        ("shutdown", {}),
    ],
)
def test_an_unusual_but_understandable_request_is_answered(method: str, changes: JSON) -> None:
    async def talk(client: Client) -> JSON:
        await client.greet()
        return await client.ask(method, (REQUESTS.get(method, {})) | changes)

    assert "error" not in run(talk)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"range": {"start": POSITION, "end": {"line": 2**32 - 1, "character": 2**32 - 1}}, "text": "b"}, "b"),
        ({"range": {"start": {"line": 0, "character": 1}, "end": {"line": 2**63, "character": 0}}, "text": "b"}, "ab"),
        ({"range": None, "text": "b"}, "b"),
        ({"range": RANGE, "rangeLength": -1, "text": "b"}, "ba\n"),
    ],
)
def test_a_change_with_odd_numbers_is_applied_where_it_was_meant(change: JSON, text: str) -> None:
    async def talk(client: Client) -> str:
        await client.greet()
        document = DOCUMENT | {"version": None}
        client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        return await client.text()

    assert run(talk) == text


def test_after_an_unreadable_change_the_text_is_unknown_until_a_full_one() -> None:
    changes = [{"range": RANGE, "text": "b"}, {"range": {"start": POSITION}, "text": "c"}]

    async def talk(client: Client) -> None:
        await client.greet()
        client.notify("textDocument/didChange", {"textDocument": DOCUMENT | {"version": 2}, "contentChanges": changes})
        await client.ask("mom/unknown", {})
        logged = [message["params"]["message"] for message in client.received if message.get("method") == LOG]
        assert logged == ["A change to a.py could not be read: reopen it to see memories again"]
        assert await client.text() == "a\n"  # all or nothing
        assert client.server.workspace.opened[URI].is_lost
        client.notify("textDocument/didChange", {"textDocument": DOCUMENT, "contentChanges": [{"text": "d\n"}]})
        assert await client.text() == "d\n"
        assert not client.server.workspace.opened[URI].is_lost

    run(talk)


LOG = "window/logMessage"
