"""mom.why: why a line is so, in two or three sentences with citations."""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mom_lsp.errors import UsageError
from mom_lsp.server.app import MomServer
from mom_lsp.server.document_place import DocumentPlace
from mom_lsp.server.execute_command import Command, _check, _place, _tell, remember
from mom_lsp.server.labels import plain

log = logging.getLogger(__name__)

MODEL_TIMEOUT = 300.0  # seconds; a large model on a small machine
REMEMBER = "Remember this answer"
TITLE = "Asking the local model why"


async def why(ls: MomServer, uri: str, line: int, show: bool = True, generate: bool = False) -> Any:
    """mom.why: answer from the memories of a line (from 1), as `mom why --json` does.

    Args:
        ls: the server.
        uri: of the document.
        line: from 1.
        show: tell the answer as a message too, and the local model's (if there is one) when it is ready: for an editor
            that does nothing with a command's result.
        generate: wait for the local model's words; cancelling the request stops the model.
    """
    _check(uri=(uri, str), line=(line, int))
    place, document = await _place(ls, uri), ls.documents.get(uri)
    if not place.path:
        raise UsageError("ask about a line of a file: mom.why takes uri, line")
    question = {"path": place.path, "line": line, "text": ls.text(document) if document else None}
    answer = await _ask(ls, place, question, generate is True)
    if show is True:
        _tell(ls, in_words(answer))
        if answer["citations"] and not answer["generated"]:
            ls.start_task(_reword(ls, place, uri, question))
    return answer


def in_words(answer: dict[str, Any]) -> str:
    """Return an answer as plain text: the sentences, and a line for each memory that they cite."""
    sources = [f"[{number}] {_source(one)}" for number, one in enumerate(answer["citations"], 1)]
    return "\n".join([plain(answer["answer"]), *sources])


async def _ask(ls: MomServer, place: DocumentPlace, question: dict[str, Any], generate: bool) -> dict[str, Any]:
    params = question | {"generate": generate}
    if not generate:
        return dict(await ls.engines.ask(place, "why", **params))
    return dict(await ls.engines.ask(place, "why", MODEL_TIMEOUT, **params))


async def _reword(ls: MomServer, place: DocumentPlace, uri: str, question: dict[str, Any]) -> None:
    """Show the local model's answer when it is ready, with a progress that can be cancelled meanwhile."""
    if (await ls.engines.ask(place, "model"))["problem"]:
        return
    asked = asyncio.ensure_future(_ask(ls, place, question, generate=True))
    token = await _begin(ls)
    try:
        waited: list[asyncio.Future[Any]] = [asked]
        if token:
            waited.append(asyncio.wrap_future(ls.work_done_progress.tokens[token]))
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        answer = asked.result() if asked.done() else {"generated": False}
    finally:
        asked.cancel()
        if token:
            ls.work_done_progress.end(token, types.WorkDoneProgressEnd())
            ls.work_done_progress.tokens.pop(token, None)  # pygls keeps them for ever
    if answer["generated"] and not ls.client.notices:
        await _offer(ls, uri, question["line"], answer)


async def _offer(ls: MomServer, uri: str, line: int, answer: dict[str, Any]) -> None:
    """Show a model's answer; it becomes a memory only if the user says so."""
    keep = types.MessageActionItem(REMEMBER)
    request = types.ShowMessageRequestParams(types.MessageType.Info, in_words(answer), [keep])
    chosen = await ls.window_show_message_request_async(request)
    if chosen is not None and chosen.title == REMEMBER:
        await remember(ls, answer["answer"], uri, line, True)


async def _begin(ls: MomServer) -> str:
    """Show that the model is at work; "" for a client that does not show it."""
    window, token = ls.client_capabilities.window, str(uuid.uuid4())
    if not (window and window.work_done_progress):
        return ""
    try:
        await ls.work_done_progress.create_async(token)
    except JsonRpcException as error:
        log.info("no progress: %s", error)
        return ""
    ls.work_done_progress.begin(token, types.WorkDoneProgressBegin(title=TITLE, cancellable=True))
    return token


def _source(memory: dict[str, Any]) -> str:
    source = memory["source"]
    parts = [(source.get("commit") or "")[:9], (source.get("time") or "")[:10], plain(memory["title"])]
    return " ".join(part for part in parts if part)


COMMANDS: dict[str, Command] = {"mom.why": why}
