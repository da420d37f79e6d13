"""Settings as an editor changes them: each takes effect, or the user is told why not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from mom_lsp.process import EngineClient
from mom_lsp.settings import describe

from .conftest import LINE, TIMEOUT, Editor, Start, copied, start, stop
from .inbox import LOG, MESSAGE

SCOPES = {"mom": {"scopes": True}}  # the capability that VS Code's client announces
TRUST = "mom.trustEditor"  # read by mom_lsp.settings alone: it decides which other settings are accepted
# No editor may set the others, which the commands of `mom fleet` read: see test_cli_fleet.py.
KNOWN = {info.name: info for info in describe() if info.scope != "file" or info.name == TRUST}
LATER = ("mom.hints.enable", "mom.enable")  # they turn off what reads the others, so they are changed after them
CHOSEN = {
    "mom.encoder.enable": True,  # the tests' own file turns it off
    "mom.model.enable": True,
    "mom.encoder.model": "/no/encoder",
    "mom.model.path": "/no/model.gguf",
    "mom.hover": "hints",
}


def other_value(name: str) -> Any:
    """Return a value that only this test gives a setting."""
    info = KNOWN[name]
    if name in CHOSEN:
        return CHOSEN[name]
    match info.type:
        case "boolean":
            return not info.default
        case "integer":
            return info.default + 1 if info.default != info.maximum else info.default - 1
        case "number":
            return info.default / 2 or 0.25
        case _:
            return ["no/such/**"]


async def until(condition: Callable[[], object], timeout: float = TIMEOUT) -> None:
    """Poll for what another process writes, as it sends no notification."""
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.02)


# Every setting is read


@pytest.fixture(scope="module")
def copy(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the repository whose every setting is changed."""
    yield from copied(template, tmp_path_factory.mktemp("changed") / "repository")


@pytest.fixture(scope="module")
def quiet(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy in which little is indexed during the test."""
    yield from copied(template, tmp_path_factory.mktemp("quiet") / "repository")


@pytest.fixture(scope="module")
async def read(
    copy: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[set[tuple[str, str]], list[str]]:
    """Change every setting from an editor and use every feature; return the settings read and the messages shown."""
    log = tmp_path_factory.mktemp("log") / "read"
    command = [sys.executable, "-P", str(Path(__file__).parents[1] / "recording.py"), str(log), "serve"]
    editor = await start("neovim", copy, environment, experimental=SCOPES, server=command)
    machine = {name: other_value(name) for name, info in KNOWN.items() if info.scope == "machine"}
    values = {name: other_value(name) for name in KNOWN if name not in LATER and name not in machine}

    def found() -> set[tuple[str, str]]:
        return {(name, json.dumps(value)) for name, value, _ in map(json.loads, log.read_text().splitlines())}

    await editor.configure({"user": machine, "workspace": values})
    uri = editor.open()
    await editor.hints(uri)
    await editor.client.protocol.send_request_async("mom/suggest", {"textDocument": {"uri": uri}})
    at = types.TextDocumentIdentifier(uri), types.Position(LINE, 4)
    await editor.client.text_document_hover_async(types.HoverParams(*at))
    asked = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Invoked)
    await editor.client.text_document_inline_completion_async(types.InlineCompletionParams(asked, *at))
    editor.edit(uri, (0, 0), (0, 0), "#")
    await ask_engine(editor, "doctor")
    for name in LATER:
        values |= {name: other_value(name)}
        await editor.configure({"user": machine, "workspace": values})
        await editor.hints(uri)
    wanted = {(name, json.dumps(value)) for name, value in (values | machine).items() if name != TRUST}
    with contextlib.suppress(TimeoutError):  # each setting has a test of its own, which says what is missing
        await until(lambda: wanted <= found(), TIMEOUT / 4)
    shown = [text for kind, text in editor.inbox.unread if kind == MESSAGE]
    editor.inbox.unread.clear()  # each setting has a test that looks for it in these
    await stop(editor)
    return found(), shown


@pytest.mark.parametrize("name", KNOWN)
async def test_an_editor_setting_takes_effect(read: tuple[set[tuple[str, str]], list[str]], name: str) -> None:
    values, shown = read
    if name == TRUST:
        assert [message for message in shown if TRUST in message]
    else:
        assert (name, json.dumps(other_value(name))) in values
        assert not [message for message in shown if name in message]


# Effects


async def answers(editor: Editor, uri: str) -> list[Any]:
    """Return what the editor shows of a file."""
    hints = [hint.position.line for hint in await editor.hints(uri)]
    found = await editor.client.protocol.send_request_async("mom/suggest", {"textDocument": {"uri": uri}})
    return [hints, [(one.id, one.score) for one in found.suggestions], await editor.hover(uri, LINE)]


@pytest.fixture(scope="module")
async def plain(quiet: Path, environment: dict[str, str]) -> AsyncIterator[Editor]:
    """An editor that does not tell scopes apart."""
    editor = await start("neovim", quiet, environment)
    yield editor
    await stop(editor)


async def settled_answers(editor: Editor, uri: str) -> Any:
    """Return the answers once they stay the same and nothing is indexed: an engine finds more in the background."""
    found, same = await answers(editor, uri), 0
    async with asyncio.timeout(TIMEOUT):
        while same < 8:
            await asyncio.sleep(0.05)
            again, status = await answers(editor, uri), await editor.run("mom.status")
            found, same = again, same + 1 if again == found and not status["indexing"] else 0
    return found


@pytest.mark.parametrize(
    "options",
    [
        {"enable": False},
        {"exclude": ["src/"]},
        {"languagesDisabled": ["python"]},
        {"hints.enable": False},
        {"hints.threshold": 1},
        {"suggest.count": 1},
        {"suggest.threshold": 1},
        {"weights.place": 2},
        {"weights.lex": 2},
        {"weights.temp": 2},
    ],
    ids=str,
)
async def test_a_changed_setting_changes_what_is_shown_and_reverting_restores_it(
    plain: Editor, options: dict[str, Any]
) -> None:
    shown = {"hints.minimumSurprise": 1, "hints.threshold": 0, "suggest.threshold": 0}
    await plain.configure(shown)
    uri = plain.open()
    before = await settled_answers(plain, uri)
    assert all(before)
    await plain.configure(shown | options)
    assert await answers(plain, uri) != before
    await plain.configure(shown)
    async with asyncio.timeout(TIMEOUT):
        while await answers(plain, uri) != before:  # the excluded files are reindexed in the background
            await asyncio.sleep(0.02)
    plain.close_all()


async def ask_engine(editor: Editor, method: str) -> Any:
    """Ask the engine, as a command of the terminal does."""
    engine = EngineClient.connect(editor.folder / ".git" / "mom", TIMEOUT)
    assert engine is not None
    try:
        return await asyncio.wrap_future(engine.submit(method, {"root": str(editor.folder)}))
    finally:
        engine.close()


async def test_a_model_from_an_editor_without_scopes_is_refused_once_with_advice(
    plain: Editor, environment: dict[str, str]
) -> None:
    user_file = str(Path(environment["XDG_CONFIG_HOME"]) / "mom-lsp" / "settings.toml")
    for count in (1, 2):
        await plain.configure({"model": {"path": "/evil.gguf"}, "suggest": {"count": count}})
    message = await plain.expect_message("mom.model.path")
    assert user_file in message and "trustEditor = true" in message
    (check,) = [check for check in (await ask_engine(plain, "doctor"))["checks"] if check["name"] == "settings"]
    assert not check["ok"] and "mom.model.path" in check["message"]
    assert "mom.model.path" in (await ask_engine(plain, "status"))["problems"][0]
    await plain.configure()
    async with asyncio.timeout(TIMEOUT):
        while (await ask_engine(plain, "status"))["problems"]:  # the server sends the settings on
            await asyncio.sleep(0.02)
    assert plain.inbox.take_all(LOG, "mom.model.path")  # whenever the settings were read


async def test_settings_files_are_followed_while_the_editor_is_open(plain: Editor) -> None:
    await plain.configure({"hints": {"minimumSurprise": 1}})
    uri = plain.open()
    assert await plain.hints_become(uri, bool)
    file = plain.folder / ".mom.toml"
    try:
        file.write_text("hints.enable = false\n")
        assert await plain.hints_become(uri, lambda hints: not hints) == []
    finally:
        file.unlink()
    assert await plain.hints_become(uri, bool)
    plain.close_all()


async def test_two_windows_with_different_settings_both_warn(start_editor: Start) -> None:
    first = await start_editor("neovim", settings={"suggest": {"count": 1}})
    await first.run("mom.status")
    second = await start_editor("visual-studio-code", settings={"suggest": {"count": 2}})
    await second.run("mom.status")
    for editor in (first, second):
        await editor.expect_message("mom.suggest.count")
