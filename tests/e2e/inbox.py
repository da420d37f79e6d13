"""A client that keeps unsolicited messages of the server, so that a test that does not expect them fails."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient
from pytest_lsp.client import register_lsp_features
from pytest_lsp.protocol import LanguageClientProtocol

LOUD = (types.MessageType.Error, types.MessageType.Warning)
NEVER_SENT = {  # by mom; pytest-lsp answers them all the same
    types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS,
    types.WORKSPACE_DIAGNOSTIC_REFRESH,
}
MESSAGE, LOG, ERROR, METHOD = "message", "log", "error", "method"


class Inbox:
    """Messages to the user, warnings in the log, errors and unknown methods, until the test takes them out."""

    def __init__(self) -> None:
        self.unread: list[tuple[str, str]] = []  # (kind, text)
        self._came = asyncio.Event()

    def put(self, kind: str, text: str) -> None:
        self.unread.append((kind, text))
        self._came.set()

    async def take(self, kind: str, part: str, timeout: float) -> str:
        """Wait for a message that contains some text, and return its whole text."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    found = next((one for one in self.unread if one[0] == kind and part in one[1]), None)
                    if found is not None:
                        self.unread.remove(found)
                        return found[1]
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise AssertionError(f"no {kind} with {part!r} came; unread: {self.unread}") from None

    def take_all(self, kind: str, part: str) -> list[str]:
        """Return the messages so far that contain some text: any number of them."""
        found = [text for one, text in self.unread if one == kind and part in text]
        self.unread = [one for one in self.unread if one[0] != kind or part not in one[1]]
        return found

    def check(self) -> None:
        """Fail if there is anything that the test did not take out."""
        unread, self.unread = self.unread, []
        assert not unread, f"the server sent what no test read: {unread}"


class Protocol(LanguageClientProtocol):
    """Puts each message into the inbox before it is handled."""

    inbox: Inbox

    def handle_message(self, message: Any) -> None:
        method, params = getattr(message, "method", ""), getattr(message, "params", None)
        if method == types.WINDOW_SHOW_MESSAGE:
            self.inbox.put(MESSAGE, params.message)
        elif method == types.WINDOW_LOG_MESSAGE and params.type in LOUD:
            self.inbox.put(LOG, params.message)
        elif method and (method in NEVER_SENT or method not in self.fm.features | self.fm.builtin_features):
            self.inbox.put(METHOD, f"{method} {params}")
        elif error := getattr(message, "error", None):
            self.inbox.put(ERROR, f"{message.id} {error.message}")
        super().handle_message(message)

    async def send_request_async(self, method: str, params: Any = None, msg_id: Any = None) -> Any:
        number = msg_id or str(uuid.uuid4())
        try:
            return await super().send_request_async(method, params, number)
        except JsonRpcException as error:  # the test has it
            await self.inbox.take(ERROR, f"{number} {error.message}", 0.0)
            raise


def make_client() -> tuple[LanguageClient, Inbox]:
    client = LanguageClient(converter_factory=default_converter, protocol_cls=Protocol)
    register_lsp_features(client)
    inbox = client.protocol.inbox = Inbox()  # type: ignore[attr-defined]
    return client, inbox
