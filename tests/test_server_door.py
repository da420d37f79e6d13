"""What of a client's bytes is read at all, and what a message gets that is not."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import pytest
from bare_client import DOCUMENT, NOTIFICATIONS, PLACE, Client, run

from mom_lsp.server.door import MAX_DEPTH, MAX_ERROR, MAX_NAME, MAX_NUMBER, Refused, id_in, read_body, sentence
from mom_lsp.server.first_message import MAX_BODY


def test_numbers_are_finite_and_bounded() -> None:
    read = read_body(b'{"a": 1e999, "b": NaN, "c": -Infinity, "d": %s, "e": -%s, "f": 7}' % ((b"9" * 5000,) * 2))
    assert math.isfinite(read["a"])
    assert [read[name] for name in "bcdef"] == [None, None, MAX_NUMBER, -MAX_NUMBER, 7]


@pytest.mark.parametrize("number", [MAX_NUMBER - 1, 1 - MAX_NUMBER])
def test_the_largest_numbers_are_read_exactly(number: int) -> None:
    assert read_body(b'{"a": %d}' % number) == {"a": number}


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 2_000, 200_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"id":', "}")])
def test_a_deep_request_is_refused_by_its_id(levels: int, opening: str, closing: str) -> None:
    deep = opening * levels + "1" + closing * levels
    with pytest.raises(Refused) as refused:
        read_body(f'{{"params": [{deep}, "\\"id\\": 5"], "method": "a", "id": 8}}'.encode())
    assert refused.value.id == 8


def test_brackets_in_a_text_are_not_levels() -> None:
    assert read_body(json.dumps({"text": '["{\\' * 10_000}).encode())["text"] == '["{\\' * 10_000


def test_an_id_is_found_only_where_a_request_has_it() -> None:
    assert id_in('{"id": "a b", "method": "m", "params": {"id": 2') == "a b"
    assert id_in('{"method": "m", "params": {"id": 2}') is None
    assert id_in('{"id": 1, "result": {}') is None
    assert id_in('{"x": "id", "method": "m"}') is None


def test_a_long_error_is_one_short_line() -> None:
    assert sentence("no  memory\nwith\tid") == "no memory with id"
    assert len(sentence("x" * 10**6)) == MAX_ERROR


def test_a_body_that_is_too_large_is_answered_and_the_next_one_read() -> None:
    async def talk(client: Client) -> Any:
        await client.greet()
        big = b'{"id": 5, "method": "mom/kept", "params": "%s"}' % (b"x" * (2 * MAX_BODY))
        client.send(big)
        assert "larger than" in (await client.answer(5))["error"]["message"]
        return await client.ask("textDocument/hover", PLACE, 6)

    assert "result" in run(talk)


def test_a_change_that_is_too_large_makes_its_document_unreadable() -> None:
    async def talk(client: Client) -> Any:
        await client.greet()
        change = {"textDocument": DOCUMENT | {"version": 2}, "contentChanges": [{"text": "x" * MAX_BODY}]}
        client.notify("textDocument/didChange", change)
        await client.ask("textDocument/hover", PLACE)
        opened = client.server.workspace.opened[DOCUMENT["uri"]]
        return opened.is_lost

    assert run(talk) is True


async def _answers(client: Client, *messages: Any) -> list[Any]:
    """Return what comes back for messages, without what is answered to the request behind them."""
    await client.greet()
    client.received.clear()
    for message in messages:
        client.send(message)
    await client.ask("mom/unknown", {}, "last")
    while asyncio.all_tasks() - {asyncio.current_task(), client.reading}:
        await asyncio.sleep(0)
    return [one for one in client.received if "method" not in one and one.get("id") != "last"]


def test_a_notification_with_an_id_is_answered_with_an_error() -> None:
    sent = {"id": 1, "method": "textDocument/didOpen", "params": NOTIFICATIONS["textDocument/didOpen"]}
    (answer,) = run(lambda client: _answers(client, sent))
    assert (answer["id"], answer["error"]["code"]) == (1, -32600)


def test_a_request_without_an_id_gets_no_answer() -> None:
    sent = {"method": "codeAction/resolve", "params": {"title": "Pin"}}
    assert run(lambda client: _answers(client, sent)) == []


def test_a_second_initialize_is_refused_and_the_documents_stay() -> None:
    async def talk(client: Client) -> Any:
        await client.greet()
        again = await client.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        return again["error"]["code"], await client.text()

    assert run(talk) == (-32002, "a\n")


@pytest.mark.parametrize("id", [None, [], True, "x" * (MAX_NAME + 1), 10**18, 1e300])
def test_an_id_that_is_none_is_answered_with_null(id: Any) -> None:
    (answer,) = run(lambda client: _answers(client, {"id": id, "method": "textDocument/hover", "params": PLACE}))
    assert answer["id"] is None
    assert "error" in answer


def test_a_response_to_no_request_changes_nothing() -> None:
    async def talk(client: Client) -> Any:
        await client.greet()
        client.send({"id": 7, "method": "mom/unknown", "params": {}})
        client.send({"id": 7, "result": "forged"})
        client.send({"id": 7, "error": {"code": 1, "message": "forged"}})
        return await client.answer(7)

    assert run(talk)["error"]["code"] == -32601
