"""LSP with lenient reading: every request is answered, and messages are read as far as possible.

pygls rejects a message with any invalid part, and does not answer it.
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
    """The connection to one editor."""

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self._reader = LenientReader(converter)
        self.on_text_lost: Callable[[str | None], None] = lambda uri: None  # called for an unreadable change

    @property
    def workspace(self) -> OpenTexts:
        """The open texts and folders."""
        if not isinstance(self._workspace, OpenTexts):  # pygls makes its own at `initialize`
            self._workspace = OpenTexts(super().workspace)
        return self._workspace

    def handle_body(self, body: bytes) -> None:
        """Handle one message, given as its body."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            self._send_error(None, JsonRpcParseError(f"the message is not JSON: {error}"))
            return
        if not isinstance(message, dict):
            self._send_error(None, JsonRpcInvalidRequest("a message must be an object"))
            return
        try:
            self._dispatch(message)
        except BrokenPipeError:  # the editor is gone
            raise
        except Exception as error:  # the boundary: later messages are still read, and a request gets an answer
            log.exception("%s failed", message.get("method", "a response"))
            if "method" in message and "id" in message:
                reason = f"{message['method']} failed ({type(error).__name__}); see the server's log"
                self._send_error(message["id"], JsonRpcInternalError(reason))

    def _dispatch(self, message: JSON) -> None:
        if "id" not in message:
            self._dispatch_notification(message)
        elif "method" not in message:
            self._dispatch_response(message)
        elif not _is_id(message["id"]) or not isinstance(message["method"], str):
            self._send_error(message["id"], JsonRpcInvalidRequest("id must be a number or text, and method text"))
        else:
            self._dispatch_request(message)

    def _dispatch_request(self, message: JSON) -> None:
        """Dispatch a request, or respond with an error."""
        id, method = message["id"], message["method"]
        if self._shutdown:
            self._send_error(id, JsonRpcInvalidRequest("the server is shutting down"))
        elif self._workspace is None and method != types.INITIALIZE:
            self._send_error(id, JsonRpcServerNotInitialized("the first request must be initialize"))
        else:
            try:
                read = self._read(message, JsonRPCRequestMessage)
            except Unreadable as error:
                self._send_error(id, JsonRpcInvalidParams(f"{method}: {error}"))
            else:
                self.handle_message(read)

    def _dispatch_notification(self, message: JSON) -> None:
        method = message.get("method")
        if not isinstance(method, str) or (self._workspace is None and method != types.EXIT):
            return
        try:
            read = self._read(message, JsonRPCNotification)
        except Unreadable as error:
            log.warning("%s was ignored: %s", method, error)
            if method == types.TEXT_DOCUMENT_DID_CHANGE:
                self.on_text_lost(_document_uri(message))
            return
        self.handle_message(read)

    def _dispatch_response(self, message: JSON) -> None:
        """Dispatch the client's response to a request of ours; an unreadable one becomes an error."""
        id = message["id"]
        kind = self._result_types.pop(id, None) if _is_id(id) else None
        try:
            if message.get("error") is not None:
                read = self._reader.read({"jsonrpc": self.VERSION, **message}, types.ResponseErrorMessage)
            elif kind is None:
                read = JsonRPCResponseMessage(id, self.VERSION, message.get("result"))
            else:
                read = self._reader.read({"jsonrpc": self.VERSION, "result": None, **message}, kind)
        except Unreadable as error:
            problem = types.ResponseError(JsonRpcInternalError.CODE, f"a response cannot be read: {error}")
            read = types.ResponseErrorMessage(id if _is_id(id) else None, problem)
        self.handle_message(read)

    def _read(self, message: JSON, other: type[JsonRPCRequestMessage] | type[JsonRPCNotification]) -> Any:
        """Return a message as its method's type, or for methods beyond LSP as an `other` with JSON as `params`.

        Raises Unreadable.
        """
        message = {**message, "jsonrpc": self.VERSION}
        if (kind := self.get_message_type(message["method"])) is not None:
            return self._reader.read(message, kind)
        given = {name: message[name] for name in ("id", "method", "jsonrpc") if name in message}
        return other(**given, params=message.get("params"))

    def _send_error(self, id: Any, error: JsonRpcException) -> None:
        self._send_response(id if _is_id(id) else None, error=error.to_response_error())  # type: ignore[arg-type]


def _is_id(value: Any) -> bool:
    """Return whether a value is valid as the id of a request; JSON-RPC discourages fractions, but allows them."""
    return isinstance(value, str) or (type(value) in (int, float) and math.isfinite(value))


def _document_uri(message: JSON) -> str | None:
    """Return the URI of the document in a message, None if it cannot be read."""
    params = message.get("params")
    document = params.get("textDocument") if isinstance(params, dict) else None
    uri = document.get("uri") if isinstance(document, dict) else None
    return uri if isinstance(uri, str) else None
