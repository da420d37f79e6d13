"""Only hints on the screen count as shown: what editors request, and which part of it they show."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from repositories import START, Change, Mom, Repo, Start, import_commits

from mom_lsp.errors import ChildError
from mom_lsp.server import visible_hints
from mom_lsp.server.app import MomServer, OpenDocument
from mom_lsp.server.document_place import DocumentPlace
from mom_lsp.server.hover import hover
from mom_lsp.server.inlay_hint import inlay_hint, inlay_hint_resolve
from mom_lsp.server.labels import QUIET_LENGTH, lsp_label
from mom_lsp.server.text_sync import did_close
from mom_lsp.server.visible_hints import LARGEST, SCREEN, visible_lines
from mom_lsp.settings import Settings
from mom_lsp.tiers import DAY
from mom_lsp.tiers.status_rules import QUIET_AFTER

LINES = 1_000


@pytest.mark.parametrize(
    ("first", "last", "visible"),
    [
        (420, 629, range(490, 560)),  # VS Code: 50 lines, as many above and below, and 30 more
        (450, 599, range(500, 550)),  # Helix: as many above and below
        (0, 99, range(50)),  # at the top
        (900, 999, range(950, 1_000)),  # at the end
        (900, 2**31 - 1, range(950, 1_000)),
        (0, 999, range(0)),  # Neovim: the whole document
        (0, 2**31 - 1, range(0)),
        (100, 900, range(0)),  # no screen is as large
        (5, 4, range(0)),
    ],
)
def test_the_screen_is_derived_from_the_range(first: int, last: int, visible: range) -> None:
    assert visible_lines(first, last, LINES) == visible


@given(st.integers(-5, 3_000), st.integers(-5, 3_000), st.integers(1, 2_500))
def test_the_visible_lines_are_within_the_requested_range(first: int, last: int, count: int) -> None:
    found = visible_lines(first, last, count)
    assert len(found) <= LARGEST
    assert all(max(first, 0) <= line <= min(last, count - 1) for line in (*found[:1], *found[-1:]))
    if first <= 0 and last >= count - 1:
        assert len(found) == (count if count <= SCREEN else 0)


class Front:
    """The part of the server that shows hints; a service answers as the engine does."""

    def __init__(self, mom: Mom, path: str, *, broken: bool = False) -> None:
        place = DocumentPlace(mom.root, mom.location.data, path, mom.root)
        self.mom, self.uri, self.broken = mom, (mom.root / path).as_uri(), broken
        self.opened = OpenDocument(self.uri, place, "python")
        self.documents, self.can_refresh = {self.uri: self.opened}, False
        self.hidden = set[tuple[str, DocumentPlace | None]]()
        self.client = type("Client", (), {"commands": False})()
        self.client_capabilities = types.ClientCapabilities()
        self.tasks: list[asyncio.Task[Any]] = []

    is_hidden, _ask_about = MomServer.is_hidden, MomServer._ask_about

    async def document(self, uri: str) -> OpenDocument | None:
        return self.documents.get(uri)

    @property
    def engines(self) -> Front:
        return self

    async def ask(self, place: DocumentPlace, method: str, **params: Any) -> Any:
        if self.broken and method == "hinted":
            raise ChildError("the engine died")
        return self.mom.call(method, **params)

    def tell(self, place: DocumentPlace, method: str, **params: Any) -> None:
        self.mom.call(method, **params)

    def settings_of(self, folder: Path) -> Settings:
        return self.mom.settings

    def text(self, document: OpenDocument) -> str:
        return (self.mom.root / document.place.path).read_text()

    def line(self, uri: str, line: int) -> str:
        return self.text(self.opened).split("\n")[line]

    def line_end(self, uri: str, line: int) -> types.Position:
        return types.Position(line, len(self.line(uri, line)))

    def without_dismissed(self, document: OpenDocument, suggestions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return MomServer.without_dismissed(self.server, document, suggestions)

    async def suggest_for_line(
        self, document: OpenDocument, line: int, *, counted: bool = True
    ) -> list[dict[str, Any]]:
        return await MomServer.suggest_for_line(cast("MomServer", self), document, line, counted=counted)

    async def answer(self, document: OpenDocument, start: int, end: int, *, counted: bool = True) -> dict[str, Any]:
        return await MomServer.answer(cast("MomServer", self), document, start, end, counted=counted)

    def start_task(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        self.tasks.append(asyncio.get_running_loop().create_task(coroutine))
        return self.tasks[-1]

    async def hints(self, first: int, last: int) -> list[types.InlayHint]:
        asked = types.Range(types.Position(first, 0), types.Position(last, 0))
        return await inlay_hint(self.server, types.InlayHintParams(types.TextDocumentIdentifier(self.uri), asked))

    async def read(self) -> None:
        """Wait until what stays on the screen has been counted."""
        while self.opened.read_timer is not None and not self.opened.read_timer.cancelled() and not self.tasks:
            await asyncio.sleep(0)
        await asyncio.gather(*self.tasks)
        self.tasks.clear()

    @property
    def server(self) -> MomServer:
        return cast("MomServer", self)


@pytest.fixture
def mom(project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch) -> Mom:
    """Index a file of a thousand lines in which every twentieth line was changed for a reason."""
    monkeypatch.setattr(visible_hints, "READ_AFTER", 0.0)
    lines = [f"value_{n} = {n}" for n in range(LINES)]
    changes = [Change("Add the values", "a.py", "\n".join(lines) + "\n")]
    for n in range(0, LINES, 20):
        lines[n] = f"value_{n} = {n} * 2"
        changes.append(
            Change(f"Double value {n}\n\nBecause reader {n} divides it again.", "a.py", "\n".join(lines) + "\n")
        )
    import_commits(project, changes, START, every=DAY)
    project.write("b.py", "short = 1\n")
    project.write(".mom.toml", "[hints]\nthreshold = 0\nminimumSurprise = 1\n")
    project.commit("Add a short file\n\nBecause it fits on a screen.", date=START + 100 * DAY)
    started = moms(project)
    started.index()
    return started


def counted(mom: Mom, kind: str) -> int:
    """Return how many memories were shown, after flushing pending impressions."""
    journal = mom.service.library.journal
    mom.service.library.impressions.flush(journal, mom.clock())
    batches = (event.data.get(kind, {}) for event in journal.events() if event.type == "shown")
    return sum(len(memories) for batch in batches for memories in batch.values())


def test_hints_count_only_when_the_requested_range_reveals_the_screen(mom: Mom) -> None:
    async def work() -> None:
        front = Front(mom, "a.py")
        whole = await front.hints(0, LINES - 1)
        await front.read()
        assert len(whole) > 40 and counted(mom, "hinted") == 0
        await front.hints(400, 609)  # 20 lines apart: 470 to 539 are on the screen
        await front.read()
        assert counted(mom, "hinted") == len([n for n in range(470, 540) if n % 20 == 0]) == 3
        await front.hints(400, 609)
        await front.read()
        assert counted(mom, "hinted") == 3  # once a file and day
        short = Front(mom, "b.py")
        await short.hints(0, 0)
        await short.read()
        assert counted(mom, "hinted") == 4

    asyncio.run(work())
    assert counted(mom, "seen") == 0


def test_hints_scrolled_past_closed_or_dismissed_are_not_counted(mom: Mom, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        front = Front(mom, "a.py")
        monkeypatch.setattr(visible_hints, "READ_AFTER", 60.0)
        for top in range(0, 600, 10):
            await front.hints(top, top + 209)
        monkeypatch.setattr(visible_hints, "READ_AFTER", 0.0)
        shown = await front.hints(400, 609)
        front.hidden.add((next(hint.data["id"] for hint in shown if hint.position.line == 480), None))
        await front.read()
        assert counted(mom, "hinted") == 2
        await front.hints(700, 909)
        await did_close(front.server, types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(front.uri)))
        await front.read()
        assert counted(mom, "hinted") == 2
        broken = Front(mom, "a.py", broken=True)
        assert await broken.hints(0, 209)
        await broken.read()  # and no error is shown

    asyncio.run(work())


def test_a_hover_counts_what_it_lists_and_a_tooltip_does_not(mom: Mom) -> None:
    async def work() -> None:
        front = Front(mom, "a.py")
        hint = next(hint for hint in await front.hints(0, LINES - 1) if hint.position.line == 40)
        await inlay_hint_resolve(front.server, hint)
        assert counted(mom, "seen") == 0
        place = types.TextDocumentIdentifier(front.uri)
        await hover(front.server, types.HoverParams(place, types.Position(40, 0)))

    asyncio.run(work())
    assert counted(mom, "seen") >= 1


class Waiting(Front):
    """A front whose engine is busy."""

    async def suggest_for_line(self, *args: Any, **options: Any) -> list[dict[str, Any]]:
        await asyncio.Event().wait()
        return []


def test_a_hover_that_the_editor_cancels_is_cancelled_in_the_engine_too(mom: Mom) -> None:
    async def work() -> None:
        front = Waiting(mom, "a.py")
        place = types.HoverParams(types.TextDocumentIdentifier(front.uri), types.Position(40, 0))
        hovering = asyncio.create_task(hover(front.server, place))
        while not front.tasks:
            await asyncio.sleep(0)
        hovering.cancel()
        for task in (hovering, *front.tasks):
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(work())


def test_a_familiar_hint_is_quiet_until_it_is_used(mom: Mom) -> None:
    text = (mom.root / "a.py").read_text()
    workspace = mom.service.workspace(str(mom.root))

    def hint() -> dict[str, Any]:
        found = mom.call("hints", path="a.py", text=text, start=1, end=LINES)["hints"]
        return next(dict(one["suggestion"]) for one in found if one["line"] == 41)

    first = hint()
    for day in range(QUIET_AFTER):
        assert not hint()["quiet"]
        workspace.library.impressions.add([first["id"]], "a.py", START + day * DAY, hinted=True)
        workspace.library.impressions.flush(workspace.library.journal, START + day * DAY)
    quiet = hint()
    assert quiet["quiet"] and len(lsp_label(quiet | {"phrases": {"hint": first["title"] * 5}})) == QUIET_LENGTH
    assert {key: quiet[key] for key in ("id", "score", "status")} == {
        key: first[key] for key in ("id", "score", "status")
    }
    assert mom.suggest("a.py", 41, counted=False)[0]["id"] == first["id"]
    assert mom.call("show", id=first["id"])["life"]["hinted"] == QUIET_AFTER
    mom.call("opened", id=first["id"], path="a.py", line=41)
    assert not hint()["quiet"]
    mom.call("undo", id=first["id"])
    assert hint()["quiet"]
