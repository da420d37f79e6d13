"""mom.why: explains a line in one to three sentences with citations."""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mom_lsp.errors import UsageError
from mom_lsp.route.lines import open_lines
from mom_lsp.server.app import MomServer
from mom_lsp.server.arguments import check_types, open_text, place_of
from mom_lsp.server.document_place import DocumentPlace
from mom_lsp.server.execute_command import Command, remember
from mom_lsp.server.labels import plain
from mom_lsp.server.why_page import source_links, why_page

log = logging.getLogger(__name__)

MODEL_TIMEOUT = 300.0  # seconds; a large model on a small machine
REMEMBER = "Save answer as note"
TITLE = "Rephrasing with the local model"


async def why(ls: MomServer, uri: str, line: int, show: bool = True, generate: bool = False) -> Any:
    """mom.why: explain a line from its memories, like `mom why --json`.

    Args:
        ls: the server.
        uri: of the document.
        line: from 1.
        show: also open the answer as a document, then show the local model's (if there is one) when it is ready: for
            editors that ignore the result of a command.
        generate: wait for the local model's answer; cancelling the request stops the model.
    """
    check_types(uri=(uri, str), line=(line, int))
    place = await place_of(ls, uri)
    if not place.path:
        raise UsageError("mom.why takes uri, line: the line of a file")
    question: dict[str, Any] = {"path": place.path, "line": line, "text": open_text(ls, uri)}
    answer = await _ask(ls, place, question, generate is True)
    code = line_of(question["text"], line)
    answer["page"] = why_page(place.path, line, code, answer)
    if show is True:
        await _show(ls, place, question, answer)
        if answer["citations"] and not answer["generated"]:
            ls.start_task(_show_generated(ls, place, uri, question))
    return answer


async def _show(ls: MomServer, place: DocumentPlace, question: dict[str, Any], answer: dict[str, Any]) -> None:
    """Open an answer as a document, and write beside it the sources that it is linked to."""
    asked = {"path": place.path, "line": question["line"], "text": question["text"] or ""}
    for memory in source_links(answer):
        if found := await ls.engines.ask(place, "source", id=memory, **asked):
            ls.shown.write(found["name"], found["text"], [memory])
    name = f"why {place.file.name} {question['line']}.md"
    await ls.shown.show(ls.shown.write(name, answer["page"], [cited["id"] for cited in answer["citations"]]))


def line_of(text: str | None, line: int) -> str:
    """Return a line (1-based) of an open text without its indentation, "" if there is none."""
    found = open_lines(text or "")[line - 1 : line]
    return found[0].strip() if found else ""


def as_text(answer: dict[str, Any]) -> str:
    """Return an answer as plain text: the sentences, and a line for each cited memory."""
    sources = [f"[{number}] {_source(one)}" for number, one in enumerate(answer["citations"], 1)]
    return "\n".join([plain(answer["answer"]), *sources])


async def _ask(ls: MomServer, place: DocumentPlace, question: dict[str, Any], generate: bool) -> dict[str, Any]:
    params = question | {"generate": generate}
    if not generate:
        return dict(await ls.engines.ask(place, "why", **params))
    return dict(await ls.engines.ask(place, "why", MODEL_TIMEOUT, **params))


async def _show_generated(ls: MomServer, place: DocumentPlace, uri: str, question: dict[str, Any]) -> None:
    """Show the local model's answer when it is ready, with cancellable progress."""
    if not (await ls.engines.ask(place, "model"))["rephrases"]:
        return
    asking = asyncio.ensure_future(_ask(ls, place, question, generate=True))
    token = await _begin_progress(ls)
    try:
        pending: list[asyncio.Future[Any]] = [asking]
        if token:
            pending.append(asyncio.wrap_future(ls.work_done_progress.tokens[token]))
        await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        answer = asking.result() if asking.done() else {"generated": False}
    finally:
        asking.cancel()
        if token:
            ls.work_done_progress.end(token, types.WorkDoneProgressEnd())
            ls.work_done_progress.tokens.pop(token, None)  # pygls never removes them
    if answer["generated"] and not ls.client.notices:
        await _offer_to_remember(ls, uri, question["line"], answer)


async def _offer_to_remember(ls: MomServer, uri: str, line: int, answer: dict[str, Any]) -> None:
    """Show a model's answer, and save it as a memory if the user chooses to."""
    save = types.MessageActionItem(REMEMBER)
    request = types.ShowMessageRequestParams(types.MessageType.Info, as_text(answer), [save])
    chosen = await ls.window_show_message_request_async(request)
    if chosen is not None and chosen.title == REMEMBER:
        await remember(ls, answer["answer"], uri, line, True)


async def _begin_progress(ls: MomServer) -> str:
    """Begin progress for the model, and return its token, "" if the client does not support it."""
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
    name = (source.get("discussion") or {}).get("name") or (source.get("commit") or "")[:9]
    parts = [plain(name), (source.get("time") or "")[:10], plain(memory["title"])]
    return " ".join(part for part in parts if part)


COMMANDS: dict[str, Command] = {"mom.why": why}
