"""Frames, ids and the order of messages: over a real stream of bytes."""

from __future__ import annotations

import asyncio
import gc
from concurrent.futures import Future
from typing import Any

import pytest
from bare_client import INITIALIZE, JSON, NOTIFICATIONS, PLACE, TIMEOUT, Client, run
from lsprotocol import types

from mom_lsp.server.app import MomServer


@pytest.mark.parametrize("method", ["$/cancelRequest", "window/workDoneProgress/cancel"])
def test_an_error_in_a_handler_stops_nothing(method: str) -> None:
    async def talk(client: Client) -> JSON:
        await client.greet()
        client.notify(method, {"id": [], "token": {}})
        return await client.ask("textDocument/hover", PLACE)

    assert "result" in run(talk)


@pytest.mark.parametrize("number", [None, [], {}, True, float("nan")])
def test_an_invalid_id_is_answered_with_invalid_request(number: Any) -> None:
    async def talk(client: Client) -> JSON:
        await client.greet()
        return await client.ask("shutdown", None, number) if number is None else await _null_answer(client, number)

    assert run(talk)["error"]["code"] == types.ErrorCodes.InvalidRequest


async def _null_answer(client: Client, number: Any) -> JSON:
    client.send({"jsonrpc": "2.0", "id": number, "method": "shutdown"})
    return await client.answer(None)


def test_invalid_json_is_answered_with_a_parse_error() -> None:
    async def talk(client: Client) -> JSON:
        client.send(b"{")
        return await client.answer(None)

    assert run(talk)["error"]["code"] == types.ErrorCodes.ParseError


def test_requests_before_initialize_and_after_shutdown_are_refused() -> None:
    async def talk(client: Client) -> list[int]:
        early = await client.ask("textDocument/hover", PLACE, 1)
        await client.greet()
        await client.ask("shutdown", None, 2)
        late = await client.ask("textDocument/hover", PLACE, 3)
        return [early["error"]["code"], late["error"]["code"]]

    assert run(talk) == [types.ErrorCodes.ServerNotInitialized, types.ErrorCodes.InvalidRequest]


def test_no_task_is_kept_of_a_notification_that_was_handled() -> None:
    def tasks() -> int:
        gc.collect()
        return sum(isinstance(one, asyncio.Task) for one in gc.get_objects())

    async def talk(client: Client) -> int:
        await client.greet()
        await client.text()
        before = tasks()
        for _ in range(100):
            client.notify("textDocument/didChange", NOTIFICATIONS["textDocument/didChange"])
        assert await client.text() == "b" * 100 + "a\n"
        for _ in range(100):  # steps of the event loop, in which the handlers run
            await asyncio.sleep(0)
        return tasks() - before

    assert run(talk) < 10


def test_an_unreadable_response_of_the_client_leaves_no_request_pending() -> None:
    async def talk(client: Client) -> None:
        await client.greet()
        for answer in ({"result": 5}, {"error": "no"}, {"error": {"code": "x"}}, {}):
            asked = asyncio.ensure_future(_ask_client(client.server))
            await asyncio.sleep(0)
            number = client.received[-1]["id"]
            client.send({"jsonrpc": "2.0", "id": number, **answer})
            async with asyncio.timeout(TIMEOUT):
                await asyncio.wait([asked])
            assert asked.exception() is not None or asked.result() is None

    run(talk)


async def _ask_client(server: MomServer) -> Any:
    return await server.window_show_message_request_async(types.ShowMessageRequestParams(types.MessageType.Info, "?"))


@pytest.mark.parametrize(
    "header",
    ["content-length: ", "CONTENT-LENGTH:", "Content-Type: x\r\ncontent-length : ", "noise\r\nContent-Length: "],
)
def test_headers_are_case_insensitive(header: str) -> None:
    async def talk(client: Client) -> JSON:
        client.send(
            {"jsonrpc": "2.0", "id": 7, "method": "initialize", "params": INITIALIZE | {"trace": "off"}}, header
        )
        return await client.answer(7)

    assert "result" in run(talk)


def test_requests_may_end_while_shutdown_cancels_them() -> None:
    async def talk(client: Client) -> JSON:
        await client.greet()
        futures = client.server.protocol._request_futures
        for number in range(3):
            futures[f"pending {number}"] = future = Future[None]()
            future.add_done_callback(lambda _, number=number: futures.pop(f"pending {number}"))
        return await client.ask("shutdown", None)

    assert "result" in run(talk)
