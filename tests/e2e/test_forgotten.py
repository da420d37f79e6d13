"""While a file is open, what is forgotten is served by the engine and by the language server no more."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pygls.exceptions import JsonRpcException
from pygls.uris import to_fs_path

from .conftest import FIX, LINE, Editor

SAID = "because its firewall counts"


async def _learn(editor: Editor) -> tuple[str, str, Any, list[Path]]:
    """Have every feature read the memory; return the document, the id, the hint and the documents that show it."""
    uri = editor.open()
    await editor.hints_become(uri, bool)
    hint = next(one for one in await editor.hints(uri) if one.position.line == LINE)
    assert SAID in (await editor.hover(uri, LINE) or "")
    (known, *_) = (await editor.run("mom.search", "firewall", uri))["suggestions"]
    await editor.run("mom.why", uri, LINE + 1)
    await editor.run("mom.open", known["id"], uri, LINE + 1)
    shown = [Path(to_fs_path(one.uri) or "") for one in editor.client.shown_documents]
    return uri, known["id"], hint, shown


async def _nothing_left(editor: Editor, uri: str, id: str, hint: Any, shown: list[Path]) -> None:
    assert [one for one in await editor.hints(uri) if one.position.line == LINE] == []
    assert FIX not in (await editor.hover(uri, LINE) or "")
    assert id not in [one["id"] for one in (await editor.run("mom.search", "firewall", uri))["suggestions"]]
    assert SAID not in str(await editor.run("mom.why", uri, LINE + 1, False))
    hint.tooltip = None  # the editor may have got it with the hint
    assert SAID not in str((await editor.client.inlay_hint_resolve_async(hint)).tooltip)
    for method in ("mom/show", "mom/source", "mom/episode"):
        try:
            answer = await editor.client.protocol.send_request_async(method, {"id": id, "textDocument": {"uri": uri}})
        except JsonRpcException as error:
            answer = str(error)
        assert SAID not in str(answer)
        assert FIX not in str(answer)
    assert not [file for file in shown if file.exists()]


@pytest.mark.parametrize("by", ["editor", "terminal"])
async def test_a_forgotten_memory_is_served_no_more(writer: Editor, by: str, environment: dict[str, str]) -> None:
    uri, id, hint, shown = await _learn(writer)
    assert shown and all(file.exists() for file in shown)
    if by == "editor":
        await writer.run("mom.forget", id, uri)
        await writer.expect_message("Forgotten")
    else:
        command = [sys.executable, "-P", "-m", "mom_lsp", "-C", str(writer.folder), "forget", id]
        await asyncio.to_thread(subprocess.run, command, env=environment, check=True, capture_output=True)
        await writer.hints_become(uri, lambda hints: LINE not in [one.position.line for one in hints])
    await _nothing_left(writer, uri, id, hint, shown)
