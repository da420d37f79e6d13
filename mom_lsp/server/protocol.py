"""The protocol as it is spoken here: every request is answered, whatever it holds, and read as far as it can be.

pygls reads a message whole or not at all, and answers none that it cannot read.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcParseError,
    JsonRpcServerNotInitialized,
)
from pygls.lsp.server import LanguageServer
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, JsonRPCResponseMessage, LanguageServerProtocol

from mom_lsp.server.lenient import LenientReader, Unreadable
from mom_lsp.server.open_text import OpenTexts

if TYPE_CHECKING:
    from cattrs import Converter


log = logging.getLogger(__name__)

JSON = dict[str, Any]


class Protocol(LanguageServerProtocol):
    """Speaks with one editor."""

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self._reader = LenientReader(converter)
        self.when_text_is_lost: Callable[[str | None], None] = lambda uri: None  # a change that cannot be read

    @property
    def workspace(self) -> OpenTexts:
        """The open texts and folders."""
        if not isinstance(self._workspace, OpenTexts):  # pygls makes its own at `initialize`
            self._workspace = OpenTexts(super().workspace)
        return self._workspace

    def handle_body(self, body: bytes) -> None:
        """Take in one message as it came."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            self._refuse(None, JsonRpcParseError(f"this is no JSON: {error}"))
            return
        if not isinstance(message, dict):
            self._refuse(None, JsonRpcInvalidRequest("a message is an object"))
            return
        try:
            self._take(message)
        except BrokenPipeError:  # nobody reads any more
            raise
        except Exception as error:  # the border: the next message is read, and who waits for an answer gets one
            log.exception("%s failed", message.get("method", "an answer"))
            if "method" in message and "id" in message:
                reason = f"{message['method']} failed ({type(error).__name__}); the server's log says more"
                self._refuse(message["id"], JsonRpcInternalError(reason))

    def _take(self, message: JSON) -> None:
        if "id" not in message:
            self._take_notification(message)
        elif "method" not in message:
            self._take_response(message)
        elif not _is_id(message["id"]) or not isinstance(message["method"], str):
            self._refuse(message["id"], JsonRpcInvalidRequest("an id is a number or text, and a method text"))
        else:
            self._take_request(message)

    def _take_request(self, message: JSON) -> None:
        """Have a request answered, or answer why not."""
        number, method = message["id"], message["method"]
        if self._shutdown:
            self._refuse(number, JsonRpcInvalidRequest("the server is shutting down"))
        elif self._workspace is None and method != types.INITIALIZE:
            self._refuse(number, JsonRpcServerNotInitialized("the first request is initialize"))
        else:
            try:
                read = self._read(message, JsonRPCRequestMessage)
            except Unreadable as error:
                self._refuse(number, JsonRpcInvalidParams(f"{method}: {error}"))
            else:
                self.handle_message(read)

    def _take_notification(self, message: JSON) -> None:
        method = message.get("method")
        if not isinstance(method, str) or (self._workspace is None and method != types.EXIT):
            return
        try:
            read = self._read(message, JsonRPCNotification)
        except Unreadable as error:
            log.warning("%s was passed over: %s", method, error)
            if method == types.TEXT_DOCUMENT_DID_CHANGE:
                self.when_text_is_lost(_document_uri(message))
            return
        self.handle_message(read)

    def _take_response(self, message: JSON) -> None:
        """Hand over the client's answer to a request of ours; who waits for one that cannot be read gets an error."""
        number = message["id"]
        kind = self._result_types.pop(number, None) if _is_id(number) else None
        try:
            if message.get("error") is not None:
                read = self._reader.read({"jsonrpc": self.VERSION, **message}, types.ResponseErrorMessage)
            elif kind is None:
                read = JsonRPCResponseMessage(number, self.VERSION, message.get("result"))
            else:
                read = self._reader.read({"jsonrpc": self.VERSION, "result": None, **message}, kind)
        except Unreadable as error:
            problem = types.ResponseError(JsonRpcInternalError.CODE, f"an answer cannot be read: {error}")
            read = types.ResponseErrorMessage(number if _is_id(number) else None, problem)
        self.handle_message(read)

    def _read(self, message: JSON, other: type[JsonRPCRequestMessage] | type[JsonRPCNotification]) -> Any:
        """Return a message as its method's type; one beyond the standard is an `other`, its `params` JSON.

        Raises Unreadable.
        """
        message = {**message, "jsonrpc": self.VERSION}
        if (kind := self.get_message_type(message["method"])) is not None:
            return self._reader.read(message, kind)
        given = {name: message[name] for name in ("id", "method", "jsonrpc") if name in message}
        return other(**given, params=message.get("params"))

    def _refuse(self, number: Any, error: JsonRpcException) -> None:
        self._send_response(number if _is_id(number) else None, error=error.to_response_error())  # type: ignore[arg-type]


def _is_id(number: Any) -> bool:
    """Tell whether this can be the id of a request; a fraction can, though nobody should."""
    return isinstance(number, str) or (type(number) in (int, float) and math.isfinite(number))


def _document_uri(message: JSON) -> str | None:
    """Return the document that a message names, if that can be read at least."""
    params = message.get("params")
    document = params.get("textDocument") if isinstance(params, dict) else None
    uri = document.get("uri") if isinstance(document, dict) else None
    return uri if isinstance(uri, str) else None
