"""Whatever a client sends, the next request is answered: over a real stream of bytes."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from typing import Any

import pytest
from bare_client import (
    CAPABILITIES,
    INITIALIZE,
    JSON,
    NOTIFICATIONS,
    PLACE,
    REQUESTS,
    URI,
    Client,
    Conversation,
    Talk,
    run,
)
from hypothesis import given
from hypothesis import strategies as st

# Larger ones are answered with null, see test_server_door.py.
ids = st.integers(-(10**17), 10**17) | st.text() | st.floats(-1e17, 1e17)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([-1, 2**31, 2**32 - 1, 10**400])
    | st.floats()
    | st.text()
    | st.sampled_from([URI, "file:///r/%5Bid%5D.py", "file://[", "2.0", "jsonrpc", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["jsonrpc", "id", "uri", "line", "range", "type_name"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def mutated(params: Any, data: st.DataObject) -> Any:
    """Return parameters in which some value is changed, missing or superfluous."""
    message = copy.deepcopy({"params": params})
    for _ in range(data.draw(st.integers(1, 3))):
        containers = list(_containers(message))
        container = data.draw(st.sampled_from(containers))
        keys = list(container) if isinstance(container, dict) else list(range(len(container)))
        if not keys or data.draw(st.integers(0, 5)) == 0:
            if isinstance(container, dict):
                container[data.draw(st.sampled_from(["jsonrpc", "more", "trace"]))] = data.draw(values)
            else:
                container.append(data.draw(values))
            continue
        key = data.draw(st.sampled_from(keys))
        if data.draw(st.booleans()):
            container[key] = data.draw(values)
        else:
            del container[key]
    return message.get("params")


def _containers(value: Any) -> Any:
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _containers(inner)


@pytest.fixture(scope="module")
def talk() -> Iterator[Talk]:
    """Return a function that runs a conversation with a client that lives through all examples."""
    with asyncio.Runner() as runner:

        async def start() -> Client:
            client = Client()
            await client.greet()
            return client

        client = runner.run(start())

        def talk(conversation: Conversation) -> Any:
            client.received.clear()
            return runner.run(conversation(client))

        yield talk


@pytest.mark.hypothesis
@given(method=st.sampled_from(sorted(REQUESTS)), number=ids, data=st.data())
def test_any_request_is_answered(talk: Talk, method: str, number: Any, data: st.DataObject) -> None:
    params = mutated(REQUESTS[method], data)
    answer = talk(lambda client: client.ask(method, params, number))
    assert ("result" in answer) != ("error" in answer)


@pytest.mark.hypothesis
@given(data=st.data())
def test_any_initialize_is_answered(data: st.DataObject) -> None:
    params = mutated(INITIALIZE | {"capabilities": data.draw(st.sampled_from(CAPABILITIES))}, data)
    answer = run(lambda client: client.ask("initialize", params))
    assert ("result" in answer) != ("error" in answer)


@pytest.mark.hypothesis
@given(method=st.sampled_from(sorted(NOTIFICATIONS)), data=st.data())
def test_after_any_notification_a_request_is_answered(talk: Talk, method: str, data: st.DataObject) -> None:
    params = mutated(NOTIFICATIONS[method], data)

    async def conversation(client: Client) -> JSON:
        client.notify(method, params)
        return await client.ask("textDocument/hover", PLACE)

    assert "result" in talk(conversation)


@pytest.mark.hypothesis
@given(value=values.filter(lambda value: not isinstance(value, dict)) | st.binary())
def test_after_any_invalid_message_a_request_is_answered(talk: Talk, value: Any) -> None:
    async def conversation(client: Client) -> JSON:
        client.send(value)
        return await client.ask("textDocument/hover", PLACE)

    assert "result" in talk(conversation)
