"""The front's cache of the engine's answers: none that became stale in transit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from mom_lsp.server.app import MomServer, OpenDocument
from mom_lsp.server.document_place import DocumentPlace
from mom_lsp.server.inlay_hint import update_hints
from mom_lsp.settings import Settings

PLACE = DocumentPlace(Path("/repo"), Path("/repo/.git/mom"), "a.py", Path("/repo"))


class Front:
    """The part of the server that sends requests; its engine counts its answers, with an event before the first one."""

    def __init__(self, meanwhile: Callable[[OpenDocument], None]) -> None:
        self.document = OpenDocument("file:///repo/a.py", PLACE, "python")
        self.documents = {self.document.uri: self.document}
        self.meanwhile, self.asked = meanwhile, 0

    @property
    def engines(self) -> Front:
        return self

    async def ask(self, place: DocumentPlace, method: str, **params: Any) -> dict[str, Any]:
        self.asked += 1
        if self.asked == 1:
            self.meanwhile(self.document)
        return {"number": self.asked, "hints": [{"line": self.asked, "suggestion": {"id": "m"}}]}

    def settings_of(self, folder: Path) -> Settings:
        return Settings()

    def text(self, document: OpenDocument) -> str:
        return "x = 1\n"

    _ask_about = MomServer._ask_about

    @property
    def server(self) -> MomServer:
        return cast("MomServer", self)


def outdate(document: OpenDocument) -> None:
    front = Front(lambda _: None)
    front.documents = {document.uri: document}
    MomServer.invalidate(front.server)


def edit(document: OpenDocument) -> None:
    document.edits += 1


@pytest.mark.parametrize("meanwhile", [outdate, edit])
def test_a_stale_answer_is_not_cached(meanwhile: Callable[[OpenDocument], None]) -> None:
    front = Front(meanwhile)
    numbers = [asyncio.run(MomServer.answer(front.server, front.document, 0, 0))["number"] for _ in range(3)]
    assert numbers == [1, 2, 2]


@pytest.mark.parametrize("meanwhile", [outdate, edit])
def test_stale_hints_are_requested_again(meanwhile: Callable[[OpenDocument], None]) -> None:
    front = Front(meanwhile)
    asyncio.run(update_hints(front.server, front.document))
    assert [hint.line for hint in front.document.hints] == [1]
    assert front.document.hinted_edit == front.document.edits


def test_a_question_that_is_under_way_is_not_asked_again() -> None:
    front = Front(lambda _: None)

    async def ask_twice() -> list[dict[str, Any]]:
        return await asyncio.gather(*(MomServer.answer(front.server, front.document, 0, 0) for _ in range(2)))

    assert [answer["number"] for answer in asyncio.run(ask_twice())] == [1, 1]
