"""What is known of an open document, in whatever order that was found out."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest
from editor_here import EditorHere, talk_here
from processes import LONG
from repositories import Repo, Start, fill

from mom_lsp.server import text_sync
from mom_lsp.server.document_place import DocumentPlace, find_place

FILE = "src/worker_0.py"


def test_a_document_is_as_it_was_opened_last_however_slow_the_disk_was_before(
    project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, found, number = threading.Event(), threading.Event(), itertools.count()

    def find(uri: str, folders: Iterable[Path]) -> DocumentPlace | None:
        if next(number) == 0:
            begun.set()
            assert found.wait(LONG)
        return find_place(uri, folders)

    async def language(editor: EditorHere) -> str:
        uri = editor.open(mom, FILE)
        await editor.titles(uri, 1)
        monkeypatch.setattr(text_sync, "find_place", find)
        monkeypatch.setattr(text_sync, "PREFETCH_AFTER", 0.0)
        before = asyncio.ensure_future(text_sync.add_document(editor.server, uri, "plaintext"))
        await asyncio.to_thread(begun.wait, LONG)
        await text_sync.add_document(editor.server, uri, "python")
        found.set()
        await before
        return editor.server.documents[uri].language

    fill(project, 1)
    mom = moms(project)
    assert talk_here(language, mom) == "python"


def test_an_explanation_right_after_a_file_was_opened_is_about_its_text(
    project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = threading.Event()

    def find(uri: str, folders: Iterable[Path]) -> DocumentPlace | None:
        assert found.wait(LONG)
        return find_place(uri, folders)

    async def page(editor: EditorHere) -> str:
        uri = editor.open(mom, FILE, "unsaved = 1\n" + (mom.root / FILE).read_text())
        try:
            return str((await editor.run("mom.why", uri, 1, False))["page"])
        finally:
            found.set()

    monkeypatch.setattr(text_sync, "find_place", find)
    fill(project, 1)
    mom = moms(project)
    assert "unsaved = 1" in talk_here(page, mom)
