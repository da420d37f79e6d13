"""Usage that the editor reports by itself: a file was saved, a memory was opened and not dismissed."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

from lsprotocol import types
from repositories import Repo

from mom_lsp.errors import ChildError
from mom_lsp.journal import Journal
from mom_lsp.server.app import MomServer, OpenDocument
from mom_lsp.server.document_place import DocumentPlace
from mom_lsp.server.execute_command import count_opened, unpin
from mom_lsp.server.text_sync import did_save

URI = "file:///repo/a.py"
PLACE = DocumentPlace(Path("/repo"), Path("/repo/.git/mom"), "a.py", Path("/repo"))


class Front:
    """The part of the server that these handlers use; its engine records its requests."""

    def __init__(self, *, broken: bool = False) -> None:
        self.documents = {URI: OpenDocument(URI, PLACE, "python")}
        self.active: dict[Path, Any] = {}
        self.hidden = set[tuple[str, DocumentPlace | None]]()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.broken = broken

    is_hidden = MomServer.is_hidden

    @property
    def engines(self) -> Front:
        return self

    async def ask(self, place: DocumentPlace, method: str, **params: Any) -> None:
        assert place == PLACE
        self.asked.append((method, params))
        if self.broken:
            raise ChildError("the engine died")

    def start_task(self, coroutine: Any) -> None:
        asyncio.run(coroutine)


def save(front: Front, uri: str = URI) -> None:
    params = types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri))
    asyncio.run(did_save(cast("MomServer", front), params))


def test_an_active_day_is_reported_once() -> None:
    front = Front()
    save(front, "file:///elsewhere/b.py")
    assert front.asked == []
    save(front)
    save(front)
    assert front.asked == [("active", {})]


def test_an_active_day_that_was_not_recorded_is_reported_with_the_next_save() -> None:
    front = Front(broken=True)
    save(front)  # shows no error
    front.broken = False
    for _ in range(3):
        save(front)
    assert front.asked == [("active", {})] * 2


def test_an_opened_memory_counts_as_used_unless_dismissed() -> None:
    front = Front()
    front.hidden |= {("gone", None), ("wrong", PLACE)}
    for memory in ("gone", "wrong", "kept"):
        count_opened(cast("MomServer", front), PLACE, memory, 7, "a = 1\n")
    assert front.asked == [("opened", {"id": "kept", "path": "a.py", "line": 7, "code": "a = 1\n"})]


class Quitting(Front):
    """A server whose editor is quitting: its engine is gone, and its journal thread has ended."""

    def __init__(self, place: DocumentPlace) -> None:
        super().__init__()
        self.last_actions: dict[Path, str] = {}
        self.documents = {URI: OpenDocument(URI, place, "python")}
        self.journal_thread = ThreadPoolExecutor(1)
        self.journal_thread.shutdown()

    @property
    def status(self) -> Quitting:
        return self

    async def ask(self, place: DocumentPlace, method: str, **params: Any) -> None:
        raise ChildError("the engine was disconnected")

    def invalidate(self, message: str = "") -> None:
        """There is nothing to show any more."""

    refresh = soon = show_info = invalidate


def test_feedback_given_while_the_editor_quits_is_not_lost(project: Repo) -> None:
    data = project.root / ".git" / "mom"
    server = Quitting(DocumentPlace(project.root, data, "a.py", project.root))
    asyncio.run(unpin(cast("MomServer", server), "abcd", URI))
    with Journal(data / "journal.sqlite") as journal:
        assert [(event.type, event.memory) for event in journal.events()] == [("unpin", "abcd")]
