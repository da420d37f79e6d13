"""Inlay hints: one memory at the end of the line it belongs to, quiet while typing."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from .conftest import FILE, LINE, Editor


def on_line(hints: list[types.InlayHint], line: int) -> list[types.InlayHint]:
    return [hint for hint in hints if hint.position.line == line]


async def test_a_hint_stands_at_the_end_of_the_line_that_the_fix_wrote(editor: Editor) -> None:
    uri = editor.open()
    (hint,) = on_line(await editor.hints(uri), LINE)
    text = "    for attempt in range(42):  # 🍎 tries"
    width = {"utf-8": len(text.encode()), "utf-16": len(text.encode("utf-16-le")) // 2}[editor.encoding]
    assert hint.position.character == width
    assert isinstance(hint.label, str)
    assert hint.label.startswith("← Fix endless retries")
    assert len(hint.label) <= 40
    assert hint.padding_left


async def test_the_tooltip_says_everything(editor: Editor) -> None:
    uri = editor.open()
    (hint,) = on_line(await editor.hints(uri), LINE)
    if hint.tooltip is None:
        hint = await editor.client.inlay_hint_resolve_async(hint)
    assert isinstance(hint.tooltip, types.MarkupContent)
    assert "The server bans a client after 50 attempts" in hint.tooltip.value
    assert "Ann Author" in hint.tooltip.value


async def test_at_most_one_hint_a_line(editor: Editor) -> None:
    lines = [hint.position.line for hint in await editor.hints(editor.open())]
    assert lines
    assert len(lines) == len(set(lines))


async def test_hints_move_with_their_lines_while_typing_and_vanish_from_a_changed_one(editor: Editor) -> None:
    uri = editor.open()
    assert on_line(await editor.hints(uri), LINE)
    editor.edit(uri, (0, 0), (0, 0), "# one\n# two\n")
    moved = await editor.hints(uri)
    assert on_line(moved, LINE + 2) and not on_line(moved, LINE)
    editor.edit(uri, (LINE + 2, 0), (LINE + 3, 0), "    for attempt in other():\n")
    assert not any("endless" in str(hint.label) for hint in on_line(await editor.hints(uri), LINE + 2))


async def test_a_client_that_refreshes_gets_fresh_hints_when_typing_rests(editor: Editor) -> None:
    if not editor.refreshes:
        pytest.skip("asks again by itself")
    text = (editor.folder / FILE).read_text("utf-8")
    line = "    for attempt in range(42):  # 🍎 tries\n"
    uri = editor.open(text=text.replace(line, "    pass\n"))
    assert not on_line(await editor.hints(uri), LINE)
    editor.edit(uri, (LINE, 0), (LINE + 1, 0), line)
    hints = await editor.hints_become(uri, lambda hints: bool(on_line(hints, LINE)))
    assert "endless" in str(on_line(hints, LINE)[0].label)


async def test_files_outside_the_folder_are_left_alone(writer: Editor, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    text = (writer.folder / FILE).read_text("utf-8")
    outside.write_text(text, "utf-8")
    (writer.folder / "link.py").symlink_to(outside)
    assert await writer.hints(writer.open("../outside.py", text)) == []
    assert await writer.hints(writer.open("link.py")) == []
    assert await writer.hover(writer.uri("link.py"), LINE) is None
    assert set(await writer.actions(writer.uri("link.py"), LINE)) <= {""}


async def test_binary_and_huge_documents_are_left_alone(editor: Editor) -> None:
    text = (editor.folder / FILE).read_text("utf-8")
    assert await editor.hints(editor.open("binary.py", text + "\0")) == []
    assert await editor.hints(editor.open("huge.py", text + "#" * 1_000_000)) == []


async def test_settings_apply_live(editor: Editor) -> None:
    uri = editor.open()
    assert await editor.hints(uri)
    for settings, expected in ({"enable": False}, False), (None, True):
        await editor.configure(settings)
        await editor.hints_become(uri, lambda hints, expected=expected: bool(hints) == expected)
