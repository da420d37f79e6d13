"""What is completed: the text before the cursor, wherever that is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from editor_here import EditorHere, talk_here
from repositories import Mom, indexed_fixtures
from three_commits import write_three_commits

from mom_lsp.engine.model import LocalModel

template, project, mom = indexed_fixtures(write_three_commits)


class Repeating(LocalModel):
    """A model that repeats the text before the cursor."""

    def complete(self, settings: Any, known: Any, before: str, cancelled: Any = None) -> str:
        return f"<{before}>"


@pytest.mark.parametrize(
    ("before", "after", "cursor"),
    [
        ("def f():\n    return 1\n", "", (2, 0)),
        ("def f():\n    return 1\r\n", "", (2, 0)),
        ("a = 1\rb = 2\r", "", (2, 0)),
        ("a = 1\rb =", " 2\r", (1, 3)),
        ("a = 1\n", "\nb = 2\n", (1, 0)),
        ("a = 1\nb = '🍎", "'\n", (1, 7)),
        ("a = 1", "", (9, 9)),
        ("", "", (0, 0)),
    ],
)
def test_the_text_before_the_cursor_is_completed(
    home: Path, mom: Mom, before: str, after: str, cursor: tuple[int, int]
) -> None:
    async def completed(editor: EditorHere) -> list[str]:
        position = dict(zip(("line", "character"), cursor, strict=True))
        document = {"uri": editor.open(mom, "src/a.py", before + after)}
        asked = {"textDocument": document, "position": position, "context": {"triggerKind": 1}}
        return [one["insertText"] for one in await editor.request("textDocument/inlineCompletion", asked)]

    with (home / "mom-lsp" / "settings.toml").open("a") as settings:
        settings.write("[completion]\nenable = true\n")
    mom.service.model = Repeating()
    assert talk_here(completed, mom) == [f"<{before}>"]


def test_a_file_that_is_closed_meanwhile_is_no_failure(home: Path, mom: Mom, caplog: pytest.LogCaptureFixture) -> None:
    async def completed(editor: EditorHere) -> Any:
        document = {"uri": editor.open(mom, "src/a.py")}
        where = {"textDocument": document, "position": {"line": 1, "character": 0}}
        asked = asyncio.ensure_future(
            editor.request("textDocument/inlineCompletion", where | {"context": {"triggerKind": 2}})
        )
        await editor.request("mom/suggest", where)
        editor.notify("textDocument/didClose", {"textDocument": document})
        return await asked

    with (home / "mom-lsp" / "settings.toml").open("a") as settings:
        settings.write("[completion]\nenable = true\n")
    mom.service.model = Repeating()
    assert talk_here(completed, mom) == []
    assert [record for record in caplog.records if record.name.startswith("mom_lsp")] == []
