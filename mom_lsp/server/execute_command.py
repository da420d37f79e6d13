"""workspace/executeCommand: what the user says about a memory, and questions about the whole repository.

Done is silent: the hint shows it. Only what takes something away is told, unless the client tells it in its own way.

Arguments are positional: `id` of a memory, `uri` of a document or folder (default: the first folder), `line` from 1.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from lsprotocol import types
from pygls.uris import from_fs_path

from mom_lsp import datafolder
from mom_lsp.errors import ChildError, MomError, UsageError
from mom_lsp.git.location import locate
from mom_lsp.server.app import MomServer
from mom_lsp.server.document_place import DocumentPlace, find_place
from mom_lsp.server.labels import plain

KEPT_OPEN = 10.0  # seconds after which a memory that was opened, and not sent away, counts as used
SAID = {"dismiss": "Not useful here", "inserted": "Insert as comment"}  # where an action is not named like its event
Command = Callable[..., Awaitable[Any]]


async def pin(ls: MomServer, id: str, uri: str | None = None, line: int | None = None) -> Any:
    """mom.pin: this memory always counts."""
    return await _say_here(ls, "pin", id, uri, line)


async def unpin(ls: MomServer, id: str, uri: str | None = None) -> Any:
    """mom.unpin: take a pin back."""
    return await _say(ls, "unpin", id, uri)


async def useful(ls: MomServer, id: str, uri: str | None = None, line: int | None = None) -> Any:
    """mom.useful: it helped here."""
    return await _say_here(ls, "useful", id, uri, line)


async def inserted(ls: MomServer, id: str, uri: str | None = None, line: int | None = None) -> Any:
    """mom.inserted: text that it led to was accepted here, as a comment or as the rest of a line."""
    return await _say_here(ls, "inserted", id, uri, line)


async def forget(ls: MomServer, id: str, uri: str | None = None) -> Any:
    """mom.forget: never show it again, and erase its text."""
    _check(id=(id, str))
    ls.forgotten.add(id)
    ls.refresh()
    try:
        result = await _say(ls, "forget", id, uri)
    except MomError:
        ls.forgotten.discard(id)
        raise
    _tell(ls, result["message"])
    return result


async def restore(ls: MomServer, id: str, uri: str | None = None) -> Any:
    """mom.restore: bring a forgotten memory back."""
    result = await _say(ls, "restore", id, uri)
    ls.forgotten.discard(id)
    return result


async def dismiss(ls: MomServer, id: str, uri: str, line: int) -> Any:
    """mom.dismiss: not useful at this place."""
    _check(id=(id, str), line=(line, int))
    place = await _place(ls, uri)
    ls.dismissed.add((id, place))
    ls.refresh()
    return await _say(ls, "dismiss", id, uri, path=place.path, line=line, code=_code(ls, uri))


async def never(ls: MomServer, id: str, uri: str | None = None) -> Any:
    """mom.never: suggest it nowhere any more; search still finds it."""
    return await _say(ls, "dismiss", id, uri, never=True)


async def undo(ls: MomServer, uri: str | None = None) -> Any:
    """mom.undo: take back the last thing said."""
    result = await ls.engines.ask(await _place(ls, uri), "undo")
    ls.forgotten.clear()
    ls.dismissed.clear()
    _renewed(ls)
    return result


async def remember(ls: MomServer, text: str, uri: str, line: int, generated: bool = False) -> Any:
    """mom.remember: write a note about a line; `generated` marks one that a model worded."""
    _check(text=(text, str), line=(line, int))
    place = await _place(ls, uri)
    if not text.strip():
        raise UsageError("there is nothing to remember: the text is empty")
    about: dict[str, Any] = {"path": place.path, "line": line, "generated": generated is True, "code": _code(ls, uri)}
    result = await ls.engines.ask(place, "note", text=text, **about)
    _renewed(ls, "Remember")
    return result


async def search(ls: MomServer, text: str, uri: str | None = None) -> Any:
    """mom.search: return the memories about a text."""
    _check(text=(text, str))
    return await ls.engines.ask(await _place(ls, uri), "search", text=text, k=10)


async def reindex(ls: MomServer, uri: str | None = None) -> Any:
    """mom.reindex: read what is new in the repository."""
    return await ls.engines.ask(await _place(ls, uri), "reindex")


async def status(ls: MomServer, uri: str | None = None) -> Any:
    """mom.status: return what is known about the repository."""
    return await ls.engines.ask(await _place(ls, uri), "status")


async def open_source(ls: MomServer, id: str, uri: str | None = None, line: int | None = None) -> Any:
    """mom.open: show where a memory was read; of a commit, name it and return everything about it."""
    _check(id=(id, str), **{} if line is None else {"line": (line, int)})
    place = await _place(ls, uri)
    memory = await ls.engines.ask(place, "show", id=id)
    asyncio.get_running_loop().call_later(KEPT_OPEN, _kept_open, ls, place, memory["id"], line or 0, _code(ls, uri))
    source = memory.get("source") or {}
    if source.get("line") and await _show_file(ls, place, source["path"], source["line"]):  # a commit has no line
        return memory
    commit = str(source.get("commit") or "")[:12]
    _tell(ls, " ".join(part for part in (commit, plain(memory["title"])) if part))
    return memory


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


def _kept_open(ls: MomServer, place: DocumentPlace, id: str, line: int, code: str | None) -> None:
    """Count a memory that was opened as used, unless it was sent away meanwhile."""
    if id not in ls.forgotten and (id, place) not in ls.dismissed:
        ls.start_task(ls.engines.ask(place, "opened", id=id, path=place.path, line=line, code=code))


async def _say_here(ls: MomServer, event: str, id: str, uri: str | None, line: int | None) -> Any:
    """Tell the engine where a memory helped: two different places prove it."""
    if line is not None:
        _check(line=(line, int))
    here = (await _place(ls, uri)).path if uri is not None else ""
    return await _say(ls, event, id, uri, path=here, line=line or 0, code=_code(ls, uri))


def _code(ls: MomServer, uri: str | None) -> str | None:
    """Return the open text of a document, whose lines the user means; None if it is not open."""
    document = ls.documents.get(uri) if uri is not None else None
    return ls.text(document) if document else None


async def _say(ls: MomServer, event: str, id: str, uri: str | None, **params: Any) -> Any:
    """Tell the engine what the user said; if there is none, write it down ourselves: it must never be lost."""
    _check(id=(id, str))
    place = await _place(ls, uri)
    try:
        result = await ls.engines.ask(place, event, id=id, **params)
    except ChildError:
        result = await _write_down(ls, place, event, id, params)
    _renewed(ls, "Never suggest" if params.get("never") else SAID.get(event, event.capitalize()))
    return result


async def _write_down(
    ls: MomServer, place: DocumentPlace, event: Any, id: str, params: dict[str, Any]
) -> dict[str, Any]:
    """Append the event to the journal, in the one thread that writes it."""

    def append() -> None:
        from mom_lsp.journal import Journal  # here: the first answer need not wait for SQLite

        with Journal(place.data / datafolder.JOURNAL) as journal:
            data = {"never": True} if params.get("never") else {}
            journal.append(event, id, path=params.get("path", ""), data=data, now=time.time())

    await asyncio.get_running_loop().run_in_executor(ls.journal_thread, append)
    return {"ok": True, "message": "Noted; it counts as soon as the engine is back"}


async def _place(ls: MomServer, uri: str | None) -> DocumentPlace:
    """Return the place of a document or folder, without a URI that of the first folder. Raises UsageError."""
    if uri is not None:
        _check(uri=(uri, str))
        document = ls.documents.get(uri)
        place = document.place if document else await asyncio.to_thread(find_place, uri, ls.folders.values())
        if place is None:
            raise UsageError("this document is outside of the open folders; open its folder first")
        return place
    for folder in ls.folders.values():
        location = await asyncio.to_thread(locate, folder)
        return DocumentPlace(location.root, location.data, "", folder)
    raise UsageError("no folder is open; open the folder of a repository first")


async def _show_file(ls: MomServer, place: DocumentPlace, path: str, line: int) -> bool:
    """Open a file of the worktree at a line; False if the client cannot, or there is no such file."""
    window = ls.client_capabilities.window
    file = (place.root / path).resolve()
    if not (window and window.show_document and file.is_relative_to(place.root) and file.is_file()):
        return False
    start = types.Position(line - 1, 0)
    shown = await ls.window_show_document_async(
        types.ShowDocumentParams(from_fs_path(str(file)) or "", take_focus=True, selection=types.Range(start, start))
    )
    return shown.success


def _renewed(ls: MomServer, said: str = "") -> None:
    ls.last_said = said
    ls.outdate()
    ls.refresh()
    ls.status.soon()


def _tell(ls: MomServer, message: str) -> None:
    if not ls.client.notices:
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, message))


def _check(**values: tuple[Any, type]) -> None:
    """Raise UsageError for an argument of another type: they come from outside."""
    for name, (value, wanted) in values.items():
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise UsageError(f"{name} must be {'a number' if wanted is int else 'text'}")
