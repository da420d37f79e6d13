"""Every handler with its method; an exception in one becomes an LSP error."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError, JsonRpcInvalidParams

from mom_lsp.errors import MomError, UsageError
from mom_lsp.server import (
    code_action,
    configuration,
    execute_command,
    hover,
    inlay_hint,
    inline_completion,
    lifecycle,
    mom_requests,
    more_command,
    text_sync,
    why_command,
)
from mom_lsp.server.app import MomServer

log = logging.getLogger(__name__)

Feature = Callable[[MomServer, Any], Awaitable[Any]]

REQUEST_FAILED = -32803

# Requests with their empty answers, given on errors: an editor must not report one on every move of the cursor.
SILENT: dict[str, tuple[Feature, Any, Any]] = {
    types.TEXT_DOCUMENT_INLAY_HINT: (inlay_hint.inlay_hint, inlay_hint.OPTIONS, []),
    types.TEXT_DOCUMENT_HOVER: (hover.hover, None, None),
    types.TEXT_DOCUMENT_INLINE_COMPLETION: (inline_completion.inline_completion, inline_completion.OPTIONS, []),
    types.TEXT_DOCUMENT_CODE_ACTION: (code_action.code_action, code_action.OPTIONS, []),
}
FEATURES: dict[str, Feature] = {
    types.INITIALIZE: lifecycle.initialize,
    types.INITIALIZED: lifecycle.initialized,
    types.SHUTDOWN: lifecycle.shutdown,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: lifecycle.did_change_workspace_folders,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: configuration.did_change_configuration,
    types.TEXT_DOCUMENT_DID_OPEN: text_sync.did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: text_sync.did_change,
    types.TEXT_DOCUMENT_DID_SAVE: text_sync.did_save,
    types.TEXT_DOCUMENT_DID_CLOSE: text_sync.did_close,
    types.INLAY_HINT_RESOLVE: inlay_hint.inlay_hint_resolve,
    types.CODE_ACTION_RESOLVE: code_action.code_action_resolve,
    **mom_requests.FEATURES,
}


def create_server(engine_command: Sequence[str] = ("-m", "mom_lsp")) -> MomServer:
    """Return the server with every handler registered; `engine_command` are the Python arguments to start an engine."""
    server = MomServer(engine_command)
    server.reload_settings = partial(configuration.configure, server)
    for method, feature in FEATURES.items():
        server.feature(method)(_guarded(method, feature))
    for method, (feature, options, empty) in SILENT.items():
        server.feature(method, options)(_silent(method, feature, empty))
    for name, command in (execute_command.COMMANDS | why_command.COMMANDS | more_command.COMMANDS).items():
        server.command(name)(_command(name, command))
    server.feature(types.EXIT)(lifecycle.exit_now)
    return server


def _guarded(method: str, feature: Feature) -> Any:
    async def handle(ls: Any, params: Any = None) -> Any:
        with _LspErrors(method):
            return await feature(ls, params)

    return handle


def _silent(method: str, feature: Feature, empty: Any) -> Any:
    async def handle(ls: Any, params: Any) -> Any:
        try:
            return await feature(ls, params)
        except MomError as error:
            log.info("%s: %s", method, error)
        except Exception:  # the boundary: logged here, and the editor only misses a suggestion
            log.exception("%s failed", method)
        return empty

    return handle


def _command(name: str, command: execute_command.Command) -> Any:
    expected = inspect.signature(command)

    async def handle(ls: Any, *arguments: Any) -> Any:
        with _LspErrors(name):
            try:
                expected.bind(ls, *arguments)
            except TypeError:
                takes = ", ".join(list(expected.parameters)[1:]) or "no arguments"
                raise UsageError(f"{name} takes {takes}") from None
            return await command(ls, *arguments)

    return handle


class _LspErrors:
    """Converts exceptions to LSP errors: ours with their message, others without the traceback that pygls sends."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, UsageError):
            raise JsonRpcInvalidParams(str(error)) from None
        if isinstance(error, MomError):
            raise JsonRpcException(str(error), REQUEST_FAILED) from None
        if isinstance(error, Exception) and not isinstance(error, JsonRpcException):
            log.error("%s failed", self._name, exc_info=error)
            raise JsonRpcInternalError(f"{self._name} failed ({type(error).__name__}); see the server's log") from None
