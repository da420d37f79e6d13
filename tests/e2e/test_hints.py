"""Inlay hints: one memory at the end of the line it belongs to, quiet while typing."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from mom_lsp.route.lines import MAX_TEXT

from .conftest import FILE, FIX, FIXED, LINE, SETTINGS, TWICE, TWICE_LINE, Editor, Start


def on_line(hints: list[types.InlayHint], line: int) -> list[types.InlayHint]:
    return [hint for hint in hints if hint.position.line == line]


async def test_a_hint_is_at_the_end_of_the_line_that_the_fix_wrote(editor: Editor) -> None:
    uri = editor.open()
    (hint,) = on_line(await editor.hints(uri), LINE)
    text = "    for attempt in range(42):  # 🍎 tries"
    width = {"utf-8": len(text.encode()), "utf-16": len(text.encode("utf-16-le")) // 2}[editor.encoding]
    assert hint.position.character == width
    assert isinstance(hint.label, str)
    assert hint.label.startswith("← The server bans a client")
    assert len(hint.label) <= 60
    assert hint.padding_left


async def test_the_tooltip_shows_the_whole_memory(editor: Editor) -> None:
    uri = editor.open()
    (hint,) = on_line(await editor.hints(uri), LINE)
    if hint.tooltip is None:
        hint = await editor.client.inlay_hint_resolve_async(hint)
    assert isinstance(hint.tooltip, types.MarkupContent)
    assert "The server bans a client after 50 attempts" in hint.tooltip.value
    assert "Ann Author" in hint.tooltip.value


async def test_a_line_has_at_most_one_hint(editor: Editor) -> None:
    lines = [hint.position.line for hint in await editor.hints(editor.open())]
    assert lines
    assert len(lines) == len(set(lines))


async def test_a_hinted_memory_leads_the_hover_and_actions_of_its_line(editor: Editor) -> None:
    """Whatever the threshold of suggestions is."""
    await editor.configure(SETTINGS | {"suggest": {"threshold": 0.99}})
    try:
        uri = editor.open()
        hints = await editor.hints_become(uri, bool)
        for hint in hints:
            title = str(hint.label).removeprefix("← ").rstrip("…")
            assert title in " ".join((await editor.hover(uri, hint.position.line) or "").replace("\\", "").split())
            first = (await editor.all_actions(uri, hint.position.line))[0]
            assert first.command and first.command.arguments
            assert first.command.arguments[0] == hint.data["id"]
    finally:
        await editor.configure()


async def test_hints_follow_their_lines_while_typing_and_leave_changed_lines(editor: Editor) -> None:
    uri = editor.open()
    assert on_line(await editor.hints(uri), LINE)
    editor.edit(uri, (0, 0), (0, 0), "# one\n# two\n")
    moved = await editor.hints(uri)
    assert on_line(moved, LINE + 2) and not on_line(moved, LINE)
    editor.edit(uri, (LINE + 2, 0), (LINE + 3, 0), "    for attempt in other():\n")
    assert not any("server bans" in str(hint.label) for hint in on_line(await editor.hints(uri), LINE + 2))


END = len(FIXED.split("\n")[TWICE_LINE])
OPENED = [  # the changes that editors send for a line opened below or above, or deleted; and where the hint is then
    ((TWICE_LINE, END), (TWICE_LINE, END), "\n    ", TWICE_LINE),
    ((TWICE_LINE + 1, 0), (TWICE_LINE + 1, 0), "    \n", TWICE_LINE),
    ((TWICE_LINE - 1, 16), (TWICE_LINE - 1, 16), "\n    ", TWICE_LINE + 1),
    ((TWICE_LINE, 0), (TWICE_LINE, 0), "\n", TWICE_LINE + 1),
    ((TWICE_LINE, 0), (TWICE_LINE + 1, 0), "", None),
    ((TWICE_LINE - 1, 16), (TWICE_LINE, END), "", None),
    ((TWICE_LINE, 4), (TWICE_LINE + 1, 4), "", None),  # text common to both lines is left out of the change
]


@pytest.mark.parametrize(("name", "delay"), [("neovim", 60_000), ("neovim", 0), ("visual-studio-code", 0)])
async def test_a_hint_stays_with_its_line_while_the_line_exists(
    twice: Path, start_editor: Start, name: str, delay: int
) -> None:
    """While typing, before the engine is asked again, and after that."""
    editor = await start_editor(name, twice, settings={"hints": {"delay": delay, "minimumSurprise": 1}})

    def lines(hints: list[types.InlayHint]) -> list[int]:
        return [hint.position.line for hint in hints if "server bans" in str(hint.label)]

    for start, end, text, line in OPENED:
        uri = editor.open(TWICE)
        assert lines(await editor.hints_become(uri, lambda hints: bool(lines(hints)))) == [TWICE_LINE]
        editor.edit(uri, start, end, text)
        assert lines(await editor.hints(uri)) == ([] if line is None else [line])
        editor.close_all()


async def test_a_client_that_refreshes_gets_new_hints_after_typing_pauses(editor: Editor) -> None:
    if not editor.refreshes:
        pytest.skip("asks again by itself")
    text = (editor.folder / FILE).read_text("utf-8")
    line = "    for attempt in range(42):  # 🍎 tries\n"
    uri = editor.open(text=text.replace(line, "    pass\n"))
    assert not on_line(await editor.hints(uri), LINE)
    editor.edit(uri, (LINE, 0), (LINE + 1, 0), line)
    hints = await editor.hints_become(uri, lambda hints: bool(on_line(hints, LINE)))
    assert "server bans" in str(on_line(hints, LINE)[0].label)


async def test_files_outside_the_folder_are_ignored(writer: Editor, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    text = (writer.folder / FILE).read_text("utf-8")
    outside.write_text(text, "utf-8")
    (writer.folder / "link.py").symlink_to(outside)
    assert await writer.hints(writer.open("../outside.py", text)) == []
    assert await writer.hints(writer.open("link.py")) == []
    assert await writer.hover(writer.uri("link.py"), LINE) is None
    assert set(await writer.actions(writer.uri("link.py"), LINE)) <= {""}


async def test_characters_that_end_no_line_shift_nothing(editor: Editor) -> None:
    text = (editor.folder / FILE).read_text("utf-8")
    uri = editor.open(text=text.replace("import time", "import time  # \f \v \x1c \x85 \u2028 \u2029"))
    (there,) = on_line(await editor.hints(editor.open()), LINE)
    (hint,) = on_line(await editor.hints(uri), LINE)
    assert hint.position == there.position
    editor.edit(uri, (LINE + 1, 0), (LINE + 1, 0), "    # typed\n")
    assert FIX in str(await editor.hover(uri, LINE))
    assert await editor.hover(uri, LINE + 1) is None  # too new to have a history


async def test_a_binary_document_is_ignored(editor: Editor) -> None:
    text = (editor.folder / FILE).read_text("utf-8")
    assert await editor.hints(editor.open(text=text + "\0")) == []


async def test_a_file_at_the_size_limit_has_hints_and_a_longer_one_says_why_not(editor: Editor) -> None:
    text = (editor.folder / FILE).read_text("utf-8")
    text += "\n".join(["", "#" * (MAX_TEXT - len(text.encode()) - 1)])
    uri = editor.open(text=text)
    assert on_line(await editor.hints(uri), LINE)
    editor.edit(uri, (0, 0), (0, 0), "#")
    assert await editor.hints(uri) == []
    warning = await editor.expect_warning("larger")
    assert warning == "src/client.py is larger than 4 MB: no memories are shown in it"
    reasons = [action.disabled.reason for action in await editor.all_actions(uri, LINE) if action.disabled]
    assert reasons == (["this file is larger than 4 MB"] if editor.name == "visual-studio-code" else [])


async def test_settings_apply_live(editor: Editor) -> None:
    uri = editor.open()
    assert await editor.hints(uri)
    for settings, expected in ({"enable": False}, False), (None, True):
        await editor.configure(settings)
        await editor.hints_become(uri, lambda hints, expected=expected: bool(hints) == expected)


async def test_the_cells_of_a_notebook_have_no_memories(editor: Editor) -> None:
    cell = editor.uri().replace("file:", "vscode-notebook-cell:") + "#W0sZmlsZQ"
    text = (editor.folder / FILE).read_text("utf-8")
    document = types.TextDocumentItem(cell, "python", 1, text)
    editor.client.text_document_did_open(types.DidOpenTextDocumentParams(document))
    assert await editor.hints(cell) == []
    assert await editor.hover(cell, LINE) is None
