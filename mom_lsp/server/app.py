"""The server's state: open documents, settings, engines, and what the user has just sent away."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from lsprotocol import types

from mom_lsp import __version__
from mom_lsp.errors import MomError
from mom_lsp.git.location import locate
from mom_lsp.server.background import BackgroundServer
from mom_lsp.server.client_capabilities import ClientAbilities
from mom_lsp.server.document_place import DocumentPlace, folder_path
from mom_lsp.server.engines import Engines
from mom_lsp.server.hint_shift import Hint
from mom_lsp.server.open_text import OpenTexts
from mom_lsp.server.progress_bars import ProgressBars
from mom_lsp.server.protocol import Protocol
from mom_lsp.server.status_notifier import StatusNotifier
from mom_lsp.server.uris import UriMap
from mom_lsp.settings import Settings

log = logging.getLogger(__name__)

SETTINGS_TIMEOUT = 3.0  # seconds
DEFAULTS = Settings()
REFRESH_PAUSE = 1.0  # seconds; an index under way changes often
ANSWERS_LAST = 600.0  # seconds; they say how long ago something was


@dataclass(slots=True)
class Document:
    """An open document that we may look at."""

    uri: str  # as the editor spelt it when it opened the document
    place: DocumentPlace
    language: str
    edits: int = 0  # counts changes, also of clients whose versions stand still
    outdated: int = 0  # counts how often what was answered about it became old
    edited_at: float = float("-inf")  # the event loop's clock
    hints: list[Hint] = field(default_factory=list)
    hinted_text: str = ""  # in which the hints stand
    hints_of: int = -1  # the edit that the hints were asked for
    is_said_too_long: bool = False
    renewal: asyncio.Task[None] | None = None
    reading: asyncio.TimerHandle | None = None  # until the hints on the screen count as read
    answers: dict[tuple[int, int, bool], dict[str, Any]] = field(default_factory=dict)  # by lines, and whether counted
    answered_at: float = float("-inf")  # the loop's clock, at the first of them

    @property
    def state(self) -> tuple[int, int]:
        """What an answer is about; one that comes when there is another is not kept."""
        return self.edits, self.outdated


class MomServer(BackgroundServer):
    """The front: answers from what it has, asks the engine for the rest, and never waits on the event loop."""

    protocol: Protocol

    def __init__(self, engine_command: Sequence[str]) -> None:
        # One worker: pygls reads stdin in it, and nothing else ever runs there.
        super().__init__(
            "mom-lsp",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=Protocol,
            max_workers=1,
        )
        self.settings: dict[Path, Settings] = {}  # by workspace folder
        self.documents: UriMap[Document] = UriMap()
        self.opening: UriMap[asyncio.Event] = UriMap()  # documents whose place is being looked for
        self.configured = asyncio.Event()
        self.configuring = asyncio.Lock()
        self.folders: dict[str, Path] = {}  # by URI, symbolic links followed
        self.forgotten: set[str] = set()  # ids, until restored or undone: the engine may notice later
        self.dismissed: set[tuple[str, DocumentPlace]] = set()  # likewise, whatever the engine takes for the same place
        self.active: dict[Path, date] = {}  # by data folder: the last day on which a file was saved
        self.last_said = ""  # what `mom.undo` would take back, in the words of the menu
        self.bars = ProgressBars(self)
        self.status = StatusNotifier(self, self._states)
        self.protocol.when_text_is_lost = self.lose_text
        self.engines = Engines(self._notified, self._engine_changed, engine_command)
        self.journal_thread = ThreadPoolExecutor(1, thread_name_prefix="mom-journal")
        self.pushed: Any = None  # the settings that the client sent unasked
        self.reread: Callable[[], Awaitable[None]] | None = None  # reads the settings again
        self.client = ClientAbilities()
        self.exit_code: int | None = None
        self._refreshing = False

    # --- documents ---

    @property
    def workspace(self) -> OpenTexts:
        """The open texts and folders."""
        return self.protocol.workspace

    async def document(self, uri: str) -> Document | None:
        """Return an open document that we suggest on; None if it is outside, off, too long or no text."""
        if (opening := self.opening.get(uri)) is not None:
            await opening.wait()
        if not self.configured.is_set():
            with contextlib.suppress(TimeoutError):  # a client that never answers gets the defaults
                await asyncio.wait_for(self.configured.wait(), SETTINGS_TIMEOUT)
        return self.usable(uri)

    def usable(self, uri: str) -> Document | None:
        """Return the same without waiting for anything."""
        document, opened = self.documents.get(uri), self.workspace.opened.get(uri)
        if document is None or opened is None or not opened.is_readable:
            return None
        settings = self.settings_of(document.place.folder)
        return document if settings.enable and document.language not in settings.languages_disabled else None

    def settings_of(self, folder: Path) -> Settings:
        """Return the settings of a workspace folder."""
        return self.settings.get(folder, DEFAULTS)

    def text(self, document: Document) -> str:
        """Return the open text, never the disk's."""
        opened = self.workspace.opened.get(document.uri)
        return "" if opened is None else opened.source

    def lose_text(self, uri: str | None) -> None:
        """Show nothing in a document any more, since a change of it could not be read, until a whole text comes."""
        opened = self.workspace.opened.get(uri) if uri is not None else None
        if opened is None or opened.is_lost:
            return
        opened.is_lost = True
        self.refresh()
        name = Path(opened.path).name
        self.log_message(f"A change of {name} could not be read, so nothing is shown in it until it is opened again")

    def line_end(self, uri: str, line: int) -> types.Position:
        """Return the end of a line in the client's units."""
        return types.Position(line, self.workspace.position_codec.client_num_units(self.line(uri, line)))

    def line(self, uri: str, line: int) -> str:
        """Return a line without its end; "" if there is none."""
        opened = self.workspace.opened.get(uri)
        lines = opened.lines if opened is not None else ()
        return lines[line].rstrip("\r\n") if 0 <= line < len(lines) else ""

    def read_folders(self) -> None:
        """Take over the client's workspace folders, or its root if it knows no folders."""
        uris = [folder.uri for folder in self.workspace.folders.values()]
        if not uris and self.workspace.root_uri:
            uris = [self.workspace.root_uri]
        found = {uri: folder_path(uri) for uri in uris}
        self.folders = {uri: path for uri, path in found.items() if path is not None}

    # --- the engine ---

    async def suggest(self, document: Document, start: int, end: int) -> list[dict[str, Any]]:
        """Return the suggestions for 0-based lines, inclusive. Raises MomError."""
        return self.wanted(document, (await self._answer(document, start, end))["suggestions"])

    async def intended(self, document: Document, line: int | None, intent: str) -> list[dict[str, Any]]:
        """Return the suggestions for what the user is about to do, at a line (0-based) or in the file.

        Raises MomError.
        """
        lines = {"start": line + 1, "end": line + 1} if line is not None else {}
        asked: dict[str, Any] = {"path": document.place.path, "text": self.text(document), "intent": intent, **lines}
        return self.wanted(document, (await self.engines.ask(document.place, "suggest", **asked))["suggestions"])

    async def about_line(self, document: Document, line: int, *, counted: bool = True) -> list[dict[str, Any]]:
        """Return the same for one line: of a blank one nothing, of one that is too new for a past what is hinted there.

        Raises MomError.

        Args:
            document: the file.
            line: 0-based.
            counted: whether the user sees all of them.
        """
        if not self.line(document.uri, line).strip():
            return []
        answer = await self._answer(document, line, line, counted=counted)
        found = self.wanted(document, answer["suggestions"])
        if answer["query"].get("committed", True):
            return found
        hinted = {hint.suggestion["id"] for hint in document.hints if hint.line == line}
        return [one for one in found if one["id"] in hinted]

    async def _answer(self, document: Document, start: int, end: int, *, counted: bool = True) -> dict[str, Any]:
        now = asyncio.get_running_loop().time()
        if now - document.answered_at > ANSWERS_LAST:
            document.answers, document.answered_at = {}, now
        answer = document.answers.get((start, end, True)) or document.answers.get((start, end, counted))
        if answer is None:
            asked_at, count = document.state, self.settings_of(document.place.folder).suggest.count
            asked: dict[str, Any] = {
                "path": document.place.path,
                "start": start + 1,
                "end": end + 1,
                "counted": counted,
            }
            text = self.text(document)
            answer = dict(await self.engines.ask(document.place, "suggest", **asked, text=text, k=count, rev=None))
            if document.state == asked_at:
                document.answers[start, end, counted] = answer
        return answer

    def wanted(self, document: Document, suggestions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Drop what the user sent away a moment ago."""
        return [
            suggestion
            for suggestion in suggestions
            if suggestion["id"] not in self.forgotten and (suggestion["id"], document.place) not in self.dismissed
        ]

    # --- renewing what the editor shows ---

    @property
    def can_refresh(self) -> bool:
        """Whether the client asks for hints again when told to."""
        workspace = self.client_capabilities.workspace
        return bool(workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support)

    def refresh(self) -> None:
        """Have the client ask for its hints again."""
        if self.can_refresh and self.exit_code is None:
            self.start_task(self.workspace_inlay_hint_refresh_async(None))

    def outdate(self, root: str | None = None) -> None:
        """Forget what was answered about `root` (or everywhere); the hints stay until new ones are there."""
        for document in self.documents.values():
            if root is None or str(document.place.root) == root:
                document.outdated += 1
                document.answers.clear()
                document.hints_of = -1

    async def _states(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Yield what the engine knows of each workspace folder that has one, by the folder's URI."""
        for uri, folder in tuple(self.folders.items()):
            if not self.settings_of(folder).enable:
                continue
            location = await asyncio.to_thread(locate, folder)
            with contextlib.suppress(MomError):  # it is starting, and tells when it has
                yield uri, await self.engines.ask(location, "state")

    def _engine_changed(self, connected: bool) -> None:
        if connected:
            self.outdate()
            self.refresh()
            self.status.soon()
        else:
            self.bars.end_all()

    def _notified(self, method: str, params: dict[str, Any]) -> None:
        if method == "trouble":
            self.warn_once([params["message"]])
        elif method == "progress":
            self.bars.report(params)
            self.status.soon()
        elif method == "settings" and self.reread is not None:
            self.start_task(self.reread())
        elif method == "conflict":
            self.warn_once([params["message"]])
        elif method == "changed":
            self.outdate(params.get("root"))
            if not self._refreshing:
                self._refreshing = True
                asyncio.get_running_loop().call_later(REFRESH_PAUSE, self._refresh_later)

    def _refresh_later(self) -> None:
        self._refreshing = False
        self.refresh()
        self.status.soon()
