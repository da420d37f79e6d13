"""LSP with lenient reading: every request is answered, and messages are read as far as possible.

pygls rejects a message with any invalid part, and does not answer it.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcServerNotInitialized,
)
from pygls.lsp.server import LanguageServer
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, JsonRPCResponseMessage, LanguageServerProtocol

from mom_lsp.server.door import Refused, is_id, is_method, read_body, sentence, too_long
from mom_lsp.server.lenient import LenientReader, Unreadable
from mom_lsp.server.open_text import OpenTexts

if TYPE_CHECKING:
    from cattrs import Converter


log = logging.getLogger(__name__)

JSON = dict[str, Any]
MAX_BEGINNING = 10_000  # bytes of a message in which its method and its document are, as editors write it
_URI = re.compile(r'"uri"\s*:\s*("(?:[^"\\]|\\.)*+")')


class _Requests(dict[Any, Any]):
    """The requests in progress. At `shutdown` pygls cancels them in a loop, and each leaves the dictionary at once."""

    def items(self) -> Any:
        """Return a copy of the items."""
        return list(super().items())


class Protocol(LanguageServerProtocol):
    """The connection to one editor."""

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self._reader = LenientReader(converter)
        self._request_futures = _Requests()
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
            message = read_body(body)
        except Refused as refused:
            self._refuse(refused, body)
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

    def refuse_body(self, head: bytes) -> None:
        """Refuse a message that is too long, given its beginning."""
        self._refuse(too_long(head), head)

    def _refuse(self, refused: Refused, body: bytes) -> None:
        self._send_error(refused.id, refused.error)
        beginning = body[:MAX_BEGINNING].decode("utf-8", "replace")
        if types.TEXT_DOCUMENT_DID_CHANGE in beginning and (uri := _URI.search(beginning)):
            self.on_text_lost(json.loads(uri[1]))

    def _dispatch(self, message: JSON) -> None:
        if "id" not in message:
            self._dispatch_notification(message)
        elif "method" not in message:
            self._dispatch_response(message)
        elif not is_id(message["id"]) or not is_method(message["method"]):
            self._send_error(message["id"], JsonRpcInvalidRequest("id must be a number or text, and method text"))
        else:
            self._dispatch_request(message)

    def _dispatch_request(self, message: JSON) -> None:
        """Dispatch a request, or respond with an error."""
        id, method = message["id"], message["method"]
        if self._shutdown:
            self._send_error(id, JsonRpcInvalidRequest("the server is shutting down"))
        elif (self._workspace is None) != (method == types.INITIALIZE):
            first = JsonRpcServerNotInitialized("the first request must be initialize, and no other one")
            self._send_error(id, first)
        elif id in self._request_futures:
            self._send_error(id, JsonRpcInvalidRequest("a request with this id is in progress"))
        elif self._is_request(method) is False:
            self._send_error(id, JsonRpcInvalidRequest(f"{method} is a notification and has no id"))
        else:
            try:
                read = self._read(message, JsonRPCRequestMessage)
            except Unreadable as error:
                self._send_error(id, JsonRpcInvalidParams(f"{method}: {error}"))
            else:
                self.handle_message(read)

    def _dispatch_notification(self, message: JSON) -> None:
        method = message.get("method")
        if not is_method(method) or (self._workspace is None and method != types.EXIT):
            return
        if self._is_request(method):
            log.info("a request without an id was ignored")
            return
        try:
            read = self._read(message, JsonRPCNotification)
        except Unreadable as error:
            log.warning("%s was ignored: %s", method, sentence(str(error)))
            if method == types.TEXT_DOCUMENT_DID_CHANGE:
                self.on_text_lost(_document_uri(message))
            return
        self.handle_message(read)

    def _execute_handler(self, msg_id: Any, *args: Any, **options: Any) -> None:
        """Execute a handler, and drop its task once it has ended: pygls keeps that of every notification."""
        super()._execute_handler(msg_id, *args, **options)
        if (future := self._request_futures.get(msg_id)) is not None:
            future.add_done_callback(partial(self._drop, msg_id))

    def _drop(self, msg_id: Any, future: Future[Any]) -> None:
        if self._request_futures.get(msg_id) is future:  # the id of a request may be used again
            del self._request_futures[msg_id]

    def _handle_cancel_notification(self, msg_id: Any) -> None:
        if is_id(msg_id):
            super()._handle_cancel_notification(msg_id)

    def _dispatch_response(self, message: JSON) -> None:
        """Dispatch the client's response to a request of ours; an unreadable one becomes an error."""
        id = message["id"]
        if not is_id(id) or id not in self._result_types:
            log.info("a response to no request was ignored")
            return
        kind = self._result_types.pop(id)
        try:
            if message.get("error") is not None:
                read = self._reader.read({"jsonrpc": self.VERSION, **message}, types.ResponseErrorMessage)
            elif kind is None:
                read = JsonRPCResponseMessage(id, self.VERSION, message.get("result"))
            else:
                read = self._reader.read({"jsonrpc": self.VERSION, "result": None, **message}, kind)
        except Unreadable as error:
            problem = types.ResponseError(JsonRpcInternalError.CODE, f"a response cannot be read: {error}")
            read = types.ResponseErrorMessage(id, problem)
        self.handle_message(read)

    def _read(self, message: JSON, other: type[JsonRPCRequestMessage] | type[JsonRPCNotification]) -> Any:
        """Return a message as its method's type, or for methods beyond LSP as an `other` with JSON as `params`.

        Raises Unreadable.
        """
        message = {**message, "jsonrpc": self.VERSION}
        if (kind := self.get_message_type(message["method"])) is not None:
            read = self._reader.read(message, kind)
            if isinstance(read, types.InitializeRequest):
                _prefer_utf16(read.params.capabilities)
            return read
        given = {name: message[name] for name in ("id", "method", "jsonrpc") if name in message}
        return other(**given, params=message.get("params"))

    def _is_request(self, method: Any) -> bool | None:
        """Return whether a method of LSP is a request, None for other methods."""
        kind = self.get_message_type(method)
        return None if kind is None else attrs.has(kind) and "id" in attrs.fields_dict(kind)

    def _send_error(self, id: Any, error: JsonRpcException) -> None:
        self._send_response(id if is_id(id) else None, error=error.to_response_error())

    def _send_response(self, msg_id: Any, result: Any = None, error: types.ResponseError | None = None) -> None:
        """Send an answer; an error as one sentence, without the traceback that pygls adds to its own."""
        if error is not None:
            internal = isinstance(error.data, dict) and "traceback" in error.data
            text = "the server failed to answer; see its log" if internal else sentence(error.message)
            error = types.ResponseError(error.code, text)
        if msg_id is None:  # pygls leaves out what is null
            shown = {"code": error.code, "message": error.message} if error is not None else None
            self._send_data({"jsonrpc": self.VERSION, "id": None, "error": shown})
        else:
            super()._send_response(msg_id, result, error)


def _prefer_utf16(capabilities: types.ClientCapabilities) -> None:
    """Choose UTF-16 positions where the client supports them, as most language servers do.

    pygls takes the client's first choice; Neovim warns about servers of one buffer that count columns differently.
    """
    general, utf16 = capabilities.general, types.PositionEncodingKind.Utf16
    if general is not None and utf16 in (general.position_encodings or ()):
        general.position_encodings = [utf16]


def _document_uri(message: JSON) -> str | None:
    """Return the URI of the document in a message, None if it cannot be read."""
    params = message.get("params")
    document = params.get("textDocument") if isinstance(params, dict) else None
    uri = document.get("uri") if isinstance(document, dict) else None
    return uri if isinstance(uri, str) else None
