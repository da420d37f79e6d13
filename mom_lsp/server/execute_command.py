"""workspace/executeCommand: feedback on a memory, and questions about the whole repository.

Most commands show no message, since the hint shows their effect. `mom.forget` shows one, unless the client does, and so
does feedback that has no effect yet, since no engine answers.

Arguments are positional: `id` of a memory, `uri` of a document or folder (default: the first folder), `line` from 1.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from lsprotocol import types

from mom_lsp import datafolder
from mom_lsp.errors import ChildError, ChildTimeout, MomError, UsageError
from mom_lsp.process.address import read_record
from mom_lsp.route.lines import open_lines
from mom_lsp.server.app import MomServer
from mom_lsp.server.arguments import check_types, open_text, place_of
from mom_lsp.server.document_place import DocumentPlace
from mom_lsp.server.engine_link import ANSWER_TIMEOUT
from mom_lsp.server.labels import plain

HIDDEN = ANSWER_TIMEOUT  # seconds after feedback; what was asked before it has been answered by then
USED_AFTER = 10.0  # seconds after which a memory that was opened, and not dismissed, counts as used
TITLES = {
    "dismiss": "Not useful here",
    "useful": "Mark as useful",
    "inserted": "Insert as comment",
}  # of actions that differ from their events
Command = Callable[..., Awaitable[Any]]


async def pin(ls: MomServer, id: str, uri: str | None = None, line: int | None = None) -> Any:
    """mom.pin: always include this memory."""
    result = await _feedback_at(ls, "pin", id, uri, line)
    ls.show_again(id)
    return result


async def unpin(ls: MomServer, id: str, uri: str | None = None) -> Any:
    """mom.unpin: remove a pin."""
    return await _feedback(ls, "unpin", id, uri)


async def useful(ls: MomServer, id: str, uri: str | None = None, line: int | None = None) -> Any:
    """mom.useful: mark a memory as useful here."""
    return await _feedback_at(ls, "useful", id, uri, line)


async def inserted(ls: MomServer, id: str, uri: str | None = None, line: int | None = None) -> Any:
    """mom.inserted: record that text from a memory was accepted here, as a comment or an inline completion."""
    return await _feedback_at(ls, "inserted", id, uri, line)


async def forget(ls: MomServer, id: str, uri: str | None = None) -> Any:
    """mom.forget: never show a memory again, and erase its text."""
    check_types(id=(id, str))
    ls.forget([id])
    return await _hiding(ls, id, None, _feedback(ls, "forget", id, uri, undo=ls.client.undo))


async def restore(ls: MomServer, id: str, uri: str | None = None) -> Any:
    """mom.restore: restore a forgotten memory."""
    result = await _feedback(ls, "restore", id, uri)
    ls.show_again(id)
    return result


async def dismiss(ls: MomServer, id: str, uri: str, line: int) -> Any:
    """mom.dismiss: mark a memory as not useful at this place."""
    check_types(id=(id, str), line=(line, int))
    place = await place_of(ls, uri)
    at: dict[str, Any] = {"path": place.path, "line": line, "code": open_text(ls, uri)}
    return await _hiding(ls, id, place, _feedback(ls, "dismiss", id, uri, **at))


async def never(ls: MomServer, id: str, uri: str | None = None) -> Any:
    """mom.never: never suggest a memory again; search still finds it."""
    check_types(id=(id, str))
    return await _hiding(ls, id, None, _feedback(ls, "dismiss", id, uri, never=True))


async def undo(ls: MomServer, uri: str | None = None, id: str | None = None) -> Any:
    """mom.undo: undo the last action, of one memory if it is named."""
    place = await place_of(ls, uri)
    if id is None:
        result = await _ask_patiently(ls, place, "undo")
        ls.hidden.clear()
        _action_done(ls, place)
    else:
        check_types(id=(id, str))
        result = await _ask_patiently(ls, place, "undo", id=id)
        ls.show_again(id)
        _action_done(ls, place, ls.last_actions.get(place.data, ""))
    return result


async def remember(ls: MomServer, text: str, uri: str, line: int, generated: bool = False) -> Any:
    """mom.remember: write a note about a line; `generated` marks a model's text."""
    check_types(text=(text, str), line=(line, int))
    place = await place_of(ls, uri)
    if not text.strip():
        raise UsageError("the note is empty")
    about: dict[str, Any] = {"path": place.path, "line": line, "generated": generated is True}
    result = await _ask_patiently(ls, place, "note", text=text, code=open_text(ls, uri), **about)
    _action_done(ls, place, "Save as note")
    return result


async def search(ls: MomServer, text: str, uri: str | None = None, within: str | None = None) -> Any:
    """mom.search: return the memories that match a text, `within` a folder, a file or a domain if one is named.

    Without a text, those most worth reading there.
    """
    check_types(text=(text, str), **{} if within is None else {"within": (within, str)})
    asked: dict[str, Any] = {"text": text, "k": 10, "in": within or ""}
    return await ls.engines.ask(await place_of(ls, uri), "search", **asked)


async def reindex(ls: MomServer, uri: str | None = None) -> Any:
    """mom.reindex: update the index."""
    return await ls.engines.ask(await place_of(ls, uri), "reindex")


async def status(ls: MomServer, uri: str | None = None) -> Any:
    """mom.status: return the status of the repository's index and engine."""
    return await ls.engines.ask(await place_of(ls, uri), "status")


async def open_source(ls: MomServer, id: str, uri: str | None = None, line: int | None = None) -> Any:
    """mom.open: open the source of a memory: a comment or note at its line, a page, or a commit at the change."""
    check_types(id=(id, str), **{} if line is None else {"line": (line, int)})
    place = await place_of(ls, uri)
    memory = await ls.engines.ask(place, "show", id=id)
    loop, code = asyncio.get_running_loop(), open_text(ls, uri)
    loop.call_later(USED_AFTER, count_opened, ls, place, memory["id"], line or 0, code)
    source = memory.get("source") or {}
    if source.get("line") and source["type"] in ("file", "user") and _in_worktree(place, source["path"]):
        await ls.shown.show(place.root / source["path"], source["line"])
        return memory
    discussion, url = source.get("discussion"), str(source.get("url") or "")
    if discussion and url.startswith("https://") and await _show_page(ls, url):
        return memory
    if found := await ls.engines.ask(place, "source", **asked_from(place, id, line, code)):
        await ls.shown.show(ls.shown.write(found["name"], found["text"], [memory["id"]]), found["line"])
        return memory
    ls.show_info(" ".join(part for part in (plain(memory["title"]), url) if part))
    return memory


def asked_from(place: DocumentPlace, id: str, line: int | None, code: str | None) -> dict[str, Any]:
    """Return the parameters of the engine's request "source", for a memory shown at a line (from 1)."""
    return {"id": id, "path": place.path, "line": line or 0, "text": code or ""}


COMMANDS: dict[str, Command] = {
    "mom.pin": pin,
    "mom.unpin": unpin,
    "mom.useful": useful,
    "mom.inserted": inserted,
    "mom.forget": forget,
    "mom.restore": restore,
    "mom.undo": undo,
    "mom.dismiss": dismiss,
    "mom.never": never,
    "mom.remember": remember,
    "mom.search": search,
    "mom.reindex": reindex,
    "mom.status": status,
    "mom.open": open_source,
}


def count_opened(ls: MomServer, place: DocumentPlace, id: str, line: int, code: str | None) -> None:
    """Count an opened memory as used, unless it has been dismissed or forgotten."""
    if not ls.is_hidden(id, place):
        ls.start_task(ls.engines.ask(place, "opened", id=id, path=place.path, line=line, code=code))


async def _hiding(ls: MomServer, id: str, place: DocumentPlace | None, feedback: Awaitable[Any]) -> Any:
    """Hide a memory at once, and as long as there may be answers that the engine gave before this feedback."""
    ls.hide(id, place)
    try:
        return await feedback
    except MomError:
        ls.show_again(id)
        ls.invalidate()
        raise
    finally:
        asyncio.get_running_loop().call_later(HIDDEN, ls.show_again, id)


async def _feedback_at(ls: MomServer, event: str, id: str, uri: str | None, line: int | None) -> Any:
    """Send feedback with its location: a memory accepted in two places becomes validated."""
    if line is not None:
        check_types(line=(line, int))
    path = (await place_of(ls, uri)).path if uri is not None else ""
    return await _feedback(ls, event, id, uri, path=path, line=line or 0, code=open_text(ls, uri))


async def _feedback(ls: MomServer, event: str, id: str, uri: str | None, **params: Any) -> Any:
    """Send feedback to the engine; if none answers, append it to the journal here, so that it is never lost.

    Only feedback on a line whose text is not open is left to the engine: here, it would count in the whole file.
    """
    check_types(id=(id, str))
    place = await place_of(ls, uri)
    if params.get("line") and params.get("code") is None:
        result = await _ask_patiently(ls, place, event, id=id, **params)
    else:
        result = await _ask_or_record(ls, place, event, id, params)
    _action_done(ls, place, "Never suggest" if params.get("never") else TITLES.get(event, event.capitalize()))
    return result


async def _ask_patiently(ls: MomServer, place: DocumentPlace, method: str, **params: Any) -> Any:
    """Send what only the engine can record, and wait for it: if it were given up, it might be recorded all the same."""

    def report() -> None:
        ls.warn(f"Waiting for mom's engine, which does not answer: if it never does, {_remedy(place)}, then retry")

    waiting = asyncio.get_running_loop().call_later(ANSWER_TIMEOUT, report)
    try:
        return await ls.engines.ask(place, method, timeout=None, **params)
    finally:
        waiting.cancel()


async def _ask_or_record(ls: MomServer, place: DocumentPlace, event: str, id: str, params: dict[str, Any]) -> Any:
    """Send feedback to the engine, or record it; an engine that answers later sees that by the time it was `given`."""
    given = time.time()
    try:
        result = await ls.engines.ask(place, event, id=id, given=given, **params)
    except asyncio.CancelledError:  # the editor is quitting
        await _append_to_journal(ls, place, event, id, params, given)
        raise
    except ChildError as error:
        await _append_to_journal(ls, place, event, id, params, given)
        result = {"ok": True, "message": "Saved; takes effect when the engine restarts"}
        if isinstance(error, ChildTimeout):
            ls.warn(f"Saved, but mom's engine does not answer: if it never does, {_remedy(place)}")
            return result
    else:
        if event != "forget":
            return result
    ls.show_info(result["message"])
    return result


def _remedy(place: DocumentPlace) -> str:
    """Return what the user can do about an engine that does not answer."""
    try:
        return f"end its process {read_record(place.data)['pid']}, and another one starts"
    except (OSError, ValueError, KeyError):
        return "see `mom doctor`"


async def _append_to_journal(
    ls: MomServer, place: DocumentPlace, event: Any, id: str, params: dict[str, Any], given: float
) -> None:
    """Append the event to the journal, in the server's one journal thread."""

    def append() -> None:
        from mom_lsp.extract.code import symbol_and_key  # not at the top: the first answer need not wait for these
        from mom_lsp.journal import Journal

        path, line = params.get("path", ""), params.get("line", 0)
        symbol, key = symbol_and_key(open_lines(params.get("code") or ""), line, path)
        data: dict[str, Any] = {"line": line, "key": key} if event == "pin" and line else {}
        if params.get("never"):
            data["never"] = True
        with Journal(place.data / datafolder.JOURNAL) as journal:
            journal.append(event, id, path=path, symbol=symbol, data=data, now=given, once=True)

    try:
        appended = asyncio.get_running_loop().run_in_executor(ls.journal_thread, append)
    except RuntimeError:  # the editor is quitting, and that thread has ended
        append()
    else:
        await appended


def _in_worktree(place: DocumentPlace, path: str) -> bool:
    """Whether a file of the worktree exists, and is not outside of it."""
    file = (place.root / path).resolve()
    return file.is_relative_to(place.root) and file.is_file()


async def _show_page(ls: MomServer, url: str) -> bool:
    """Have the client open a page in the user's browser; return False if it cannot."""
    window = ls.client_capabilities.window
    if not (window and window.show_document):
        return False
    return (await ls.window_show_document_async(types.ShowDocumentParams(url, external=True))).success


def _action_done(ls: MomServer, place: DocumentPlace, title: str = "") -> None:
    """Update the editor after an action; `title` names it for undo, "" if there is nothing to undo."""
    ls.last_actions[place.data] = title
    ls.invalidate()
    ls.refresh()
    ls.status.soon()
