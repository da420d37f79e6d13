"""The first hints of a window: those on the screen, before the rest of the file is known, and they stay."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from processes import LONG, join_threads
from repositories import START, Change, Mom, Repo, Start, import_commits, indexed_fixtures
from test_server_visible_hints import Front

from mom_lsp.engine.requests import answer
from mom_lsp.engine.service import Service
from mom_lsp.process import EngineClient, engine_client, ensure_engine
from mom_lsp.process.spawn import spawn
from mom_lsp.server.first_message import read_message, start_engines
from mom_lsp.workspace.library.blame_patience import BlamePatience

LINES = 1000
SCREEN = (400, 460)
SPREAD, FEW, MANY = "Avoid a crash when values overflow", 411, range(801, 806)  # the lines that one commit changed
DAY = 86_400


def values(repo: Repo) -> None:
    """Commit a file of a thousand lines in which every twentieth line was changed for a reason."""
    lines = [f"value_{n} = {n}" for n in range(1, LINES + 1)]
    changes = [Change("Add the values", "a.py", "\n".join(lines) + "\n")]
    places = [(f"Double value {n}", [n]) for n in range(20, LINES, 20)]
    for title, numbers in [*places, (SPREAD, [FEW, *MANY])]:
        for n in numbers:
            lines[n - 1] = f"value_{n} = {n} * 2"
        text = "\n".join(lines) + "\n"
        changes.append(Change(f"{title}\n\nBecause the reader of {title} divides it again.", "a.py", text))
    import_commits(repo, changes, START, every=DAY)
    repo.write(".mom.toml", "[hints]\nthreshold = 0\nminimumSurprise = 1\n")


template, project, _ = indexed_fixtures(values)


class Window:
    """An editor's window on the file, with an engine's service."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        self.service = Service(repo.location.data, waiting=BlamePatience(0.0, background=True))
        self.service.follow()

    def hints(self, first: tuple[int, int] | None = SCREEN) -> dict[str, Any]:
        text = (self.repo.root / "a.py").read_text()
        place = {"root": str(self.repo.root), "path": "a.py", "text": text}
        return dict(answer(self.service, "hints", place | {"start": 1, "end": LINES, "first": first}))


@pytest.fixture
def window(project: Repo) -> Iterator[Window]:
    opened = Window(project)
    yield opened
    join_threads("mom-blame")
    opened.service.close()


def places(found: dict[str, Any]) -> dict[str, int]:
    """Return the line of each hint by the memory's title."""
    return {hint["suggestion"]["title"]: hint["line"] for hint in found["hints"]}


def test_the_screen_has_its_hints_first_and_they_stay(window: Window) -> None:
    first = window.hints()
    assert first["lines"] == [*SCREEN]
    assert set(places(first).values()) == {*range(400, 461, 20), FEW}
    join_threads("mom-blame")
    assert window.service.improved()  # so the editor asks again
    found = window.hints()
    assert "lines" not in found
    assert places(found).items() >= places(first).items()
    assert len(found["hints"]) > 40
    assert not window.service.improved()


def test_hints_that_were_not_shown_before_are_where_most_lines_are(window: Window) -> None:
    window.hints((100, 160))
    join_threads("mom-blame")
    assert places(window.hints())[SPREAD] == MANY[0]


def test_a_question_about_the_whole_file_waits_for_it(window: Window) -> None:
    found = window.hints(None)
    assert "lines" not in found and len(found["hints"]) > 40
    assert places(found)[SPREAD] == MANY[0]


def test_a_second_window_has_the_screen_first_though_all_is_known(project: Repo, window: Window) -> None:
    window.hints(None)
    join_threads("mom-blame")
    second = Window(project)
    assert second.hints()["lines"] == [*SCREEN]
    assert second.service.improved()
    assert len(second.hints()["hints"]) > 40
    second.service.close()


class Editor(Front):
    """The part of the server that shows hints, for an editor that can be asked to refresh."""

    def __init__(self, mom: Mom, window: Window) -> None:
        super().__init__(mom, "a.py")
        self.can_refresh, self.service, self.firsts = True, window.service, list[Any]()

    async def ask(self, place: Any, method: str, **params: Any) -> Any:
        if method == "hints":
            self.firsts.append(params["first"])
        return await asyncio.to_thread(answer, self.service, method, {"root": str(self.mom.root), **params})

    async def lines(self, first: int, last: int) -> list[int]:
        """Return the lines (from 1) of the hints in a range (from 0)."""
        return sorted(hint.position.line + 1 for hint in await self.hints(first, last))


def test_scrolling_adds_hints_and_keeps_the_others(moms: Start, project: Repo, window: Window) -> None:
    window.service.workspace(str(project.root)).worktree.closed("a.py")  # closing what is not open does nothing

    async def work() -> None:
        editor = Editor(moms(project), window)
        first = await editor.lines(399, 459)
        again = await editor.lines(409, 449)  # within these lines
        assert editor.firsts == [(400, 460)]
        assert again == [line for line in first if 410 <= line <= 450]
        assert await editor.lines(699, 759)
        assert editor.firsts == [(400, 460), (700, 760)]
        assert {hint.line + 1 for hint in editor.opened.hints} >= {*first}

    asyncio.run(work())


def test_an_editor_that_asks_for_everything_gets_the_first_screen_first(
    moms: Start, project: Repo, window: Window
) -> None:
    async def work() -> None:
        editor = Editor(moms(project), window)
        first = await editor.lines(0, 5000)
        assert first and max(first) <= 60 and editor.firsts == [(1, 60)]
        await asyncio.to_thread(join_threads, "mom-blame")
        editor.opened.hinted_edit = -1  # the engine has told that it knows more
        assert len(await editor.lines(0, 5000)) > 40
        assert await editor.lines(800, 900) and len(editor.firsts) == 2

    asyncio.run(work())


# From the first message of an editor


def initialize(*uris: str) -> bytes:
    folders = [{"uri": uri, "name": "x"} for uri in uris]
    return json.dumps({"id": 1, "method": "initialize", "params": {"workspaceFolders": folders}}).encode()


def test_the_first_message_starts_the_engine_and_the_server_waits_for_that_one(
    project: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def counted(*args: Any, **options: Any) -> Any:
        started.append(spawn(*args, **options))
        return started[-1]

    monkeypatch.setattr(engine_client, "spawn", counted)
    start_engines(initialize(project.root.as_uri(), "untitled:1", "file:///no/such/folder"))
    client = ensure_engine(project.location.data, LONG)
    try:
        assert len(started) == 1
        start_engines(initialize(project.root.as_uri()))  # it runs already
        assert len(started) == 1
    finally:
        client.call("shutdown", {}, LONG)
        started[0].wait(LONG)


def test_no_engine_is_started_without_an_index_or_where_mom_is_disabled(project: Repo) -> None:
    (project.root / ".mom.toml").write_text("enable = false\n")
    start_engines(initialize(project.root.as_uri()))
    (project.root / ".mom.toml").unlink()
    (project.location.data / "lance" / "complete.json").unlink()
    start_engines(initialize(project.root.as_uri()))
    assert EngineClient.connect(project.location.data) is None
    assert not engine_client._started


@pytest.mark.parametrize(
    "message",
    [b"", b"{", b"[" * 100_000, b"[]", b'{"params": 1}', b'{"params": {}}', b'{"params": {"rootUri": null}}'],
)
def test_any_first_message_is_left_to_the_protocol(message: bytes) -> None:
    start_engines(message)


def test_the_first_message_is_read_as_all_others_are() -> None:
    body = initialize()
    header = b"noise\r\nContent-Type: x\r\ncontent-length : %d\r\n\r\n" % len(body)
    stream = BytesIO(header + body + b"Content-Length: 2\r\n\r\n{}")
    assert [read_message(stream), read_message(stream), read_message(stream)] == [body, b"{}", None]
    assert read_message(BytesIO(b"Content-Length: 99\r\n\r\n{}")) is None
