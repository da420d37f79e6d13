"""The server's state: open documents, settings, engines, and the memories that the user has just dismissed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from lsprotocol import types

from mom_lsp import __version__
from mom_lsp.errors import MomError
from mom_lsp.git.location import locate
from mom_lsp.process.free_memory import collect_garbage
from mom_lsp.server.background import BackgroundServer
from mom_lsp.server.client_capabilities import ClientAbilities
from mom_lsp.server.document_place import DocumentPlace, folder_path
from mom_lsp.server.documents import Documents
from mom_lsp.server.engines import Engines
from mom_lsp.server.first_reading import FirstReading
from mom_lsp.server.hint_shift import Hint
from mom_lsp.server.open_text import OpenTexts
from mom_lsp.server.progress_bars import ProgressBars
from mom_lsp.server.protocol import Protocol
from mom_lsp.server.shared_requests import SharedRequests
from mom_lsp.server.status_notifier import StatusNotifier
from mom_lsp.server.uris import UriMap
from mom_lsp.settings import Settings

log = logging.getLogger(__name__)

SETTINGS_TIMEOUT = 3.0  # seconds
DEFAULTS = Settings()
REFRESH_PAUSE = 1.0  # seconds; an index under way changes often
ANSWERED = 1.0  # seconds, after which no request that was under way still has a memory that was forgotten
CACHE_TIME = 600.0  # seconds; an answer's phrases say how long ago something was


@dataclass(slots=True)
class OpenDocument:
    """An open document inside a workspace folder."""

    uri: str  # as the editor spelt it when it opened the document
    place: DocumentPlace
    language: str
    edits: int = 0  # counts changes, since some clients never increase the version
    invalidations: int = 0  # counts how often the answers about it became stale
    edited_at: float = float("-inf")  # the event loop's clock
    hints: list[Hint] = field(default_factory=list)
    hinted_text: str = ""  # the text that the hints' lines refer to
    hinted_edit: int = -1  # the edit that the hints were requested for
    hinted_lines: range | None = None  # the lines (from 0) that they are about; None for all
    requested: range = range(0)  # the lines that the editor has requested hints for last
    reported_too_long: bool = False
    hint_update: asyncio.Task[None] | None = None
    read_timer: asyncio.TimerHandle | None = None  # until the hints on the screen count as read
    answers: dict[tuple[int, int, bool], dict[str, Any]] = field(default_factory=dict)  # cache by (start, end, counted)
    cached_since: float = float("-inf")  # the event loop's clock, at the first of them
    requests: SharedRequests[dict[str, Any]] = field(default_factory=SharedRequests)  # likewise, under way

    @property
    def state(self) -> tuple[int, int]:
        """The state that an answer is about; an answer about an earlier one is not cached."""
        return self.edits, self.invalidations


class AboutLine(NamedTuple):
    """The suggestions for one line."""

    suggestions: list[dict[str, Any]]
    preface: str = ""  # that they are about the line that it replaces


class MomServer(BackgroundServer):
    """The language server: answers from its cache or asks the engine, and never blocks the event loop."""

    protocol: Protocol

    def __init__(self, engine_command: Sequence[str]) -> None:
        # One worker: pygls reads stdin in it, and nothing else runs there.
        super().__init__(
            "mom-lsp",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=Protocol,
            max_workers=1,
        )
        self.settings: dict[Path, Settings] = {}  # by workspace folder
        self.documents: UriMap[OpenDocument] = UriMap()
        self.opening: UriMap[asyncio.Event] = UriMap()  # documents whose place is not known yet
        self.configured = asyncio.Event()
        self.configuring = asyncio.Lock()
        self.configurations_wanted = self.configurations_done = 0  # how often settings were to be read, and were
        self.folders: dict[str, Path] = {}  # by URI, with symbolic links resolved
        self.hidden: set[tuple[str, DocumentPlace | None]] = set()  # just dismissed in a document, or forgotten
        self.active: dict[Path, date] = {}  # by data folder: the last day on which a file was saved
        self.last_actions: dict[Path, str] = {}  # by data folder: the title of the action that `mom.undo` would undo
        self.bars = ProgressBars(self)
        self.shown = Documents(self)
        self.status = StatusNotifier(self, self._states, FirstReading(self.show_info))
        self.protocol.on_text_lost = self.mark_lost
        self.engines = Engines(self._notified, self._engine_changed, engine_command, self.settings_known)
        self.journal_thread = ThreadPoolExecutor(1, thread_name_prefix="mom-journal")
        self.pushed: Any = None  # the settings that the client sent unasked
        self.reload_settings: Callable[[], Awaitable[None]] | None = None
        self.client = ClientAbilities()
        self.exit_code: int | None = None
        self._refresh_scheduled = False

    # --- documents ---

    @property
    def workspace(self) -> OpenTexts:
        """The open texts and folders."""
        return self.protocol.workspace

    async def document(self, uri: str) -> OpenDocument | None:
        """Return an open document; None if it is outside the folders, disabled, too long or not text."""
        while (opening := self.opening.get(uri)) is not None:  # it may be opened again meanwhile
            await opening.wait()
        await self.settings_known()
        return self.usable(uri)

    async def settings_known(self) -> None:
        """Wait for the client's settings; those until now apply as long as it does not answer."""
        if not self.configured.is_set():
            try:
                await asyncio.wait_for(self.configured.wait(), SETTINGS_TIMEOUT)
            except TimeoutError:
                self.configured.set()

    def usable(self, uri: str) -> OpenDocument | None:
        """Return the same as `document` without waiting."""
        document, opened = self.documents.get(uri), self.workspace.opened.get(uri)
        if document is None or opened is None or not opened.is_readable:
            return None
        settings = self.settings_of(document.place.folder)
        return document if settings.enable and document.language not in settings.languages_disabled else None

    def settings_of(self, folder: Path) -> Settings:
        """Return the settings of a workspace folder."""
        return self.settings.get(folder, DEFAULTS)

    def text(self, document: OpenDocument) -> str:
        """Return the text in the editor, never the one on disk."""
        opened = self.workspace.opened.get(document.uri)
        return "" if opened is None else opened.source

    def mark_lost(self, uri: str | None) -> None:
        """Disable a document, since a change to it could not be read, until the client sends the full text."""
        opened = self.workspace.opened.get(uri) if uri is not None else None
        if opened is None or opened.is_lost:
            return
        opened.is_lost = True
        self.refresh()
        name = Path(opened.path).name
        self.log_message(f"A change to {name} could not be read: reopen it to see memories again")

    def line_end(self, uri: str, line: int) -> types.Position:
        """Return the position of a line's end, in the client's units."""
        return types.Position(line, self.workspace.position_codec.client_num_units(self.line(uri, line)))

    def line(self, uri: str, line: int) -> str:
        """Return a line without its line break, "" if it does not exist."""
        opened = self.workspace.opened.get(uri)
        lines = opened.lines if opened is not None else ()
        return lines[line].rstrip("\r\n") if 0 <= line < len(lines) else ""

    def update_folders(self) -> None:
        """Set the folders to the client's workspace folders, or to its root if it has none."""
        uris = [folder.uri for folder in self.workspace.folders.values()]
        if not uris and self.workspace.root_uri:
            uris = [self.workspace.root_uri]
        found = {uri: folder_path(uri) for uri in uris}
        self.folders = {uri: path for uri, path in found.items() if path is not None}

    # --- the engine ---

    async def suggest(
        self, document: OpenDocument, start: int, end: int, *, counted: bool = True
    ) -> list[dict[str, Any]]:
        """Return the suggestions for lines `start` to `end` (0-based, inclusive). Raises MomError.

        `counted` says whether they count as shown.
        """
        answer = await self.answer(document, start, end, counted=counted)
        return self.without_dismissed(document, answer["suggestions"])

    async def suggest_for_task(self, document: OpenDocument, line: int | None, intent: str) -> list[dict[str, Any]]:
        """Return the suggestions for what the user is about to do, at a line (0-based) or in the file.

        Raises MomError.
        """
        lines = {"start": line + 1, "end": line + 1} if line is not None else {}
        params: dict[str, Any] = {"path": document.place.path, "text": self.text(document), "intent": intent, **lines}
        answer = await self.engines.ask(document.place, "suggest", **params)
        return self.without_dismissed(document, answer["suggestions"])

    async def suggest_for_line(self, document: OpenDocument, line: int, *, counted: bool = True) -> AboutLine:
        """Return the suggestions for one line, none for a blank one. Raises MomError.

        Those for a line that is not committed are about the line that it replaces; for a new line they are its hints.

        Args:
            document: the file.
            line: 0-based.
            counted: whether the suggestions count as shown.
        """
        if not self.line(document.uri, line).strip():
            return AboutLine([])
        answer = await self.answer(document, line, line, counted=counted)
        found = self.without_dismissed(document, answer["suggestions"])
        if answer["query"].get("committed", True) or answer["query"].get("replaces"):
            return AboutLine(found, answer["query"].get("preface", ""))
        hinted = {hint.suggestion["id"] for hint in document.hints if hint.line == line}
        return AboutLine([one for one in found if one["id"] in hinted])

    async def answer(self, document: OpenDocument, start: int, end: int, *, counted: bool = True) -> dict[str, Any]:
        """Return the engine's answer about lines (0-based, inclusive), cached if possible. Raises MomError."""
        now = asyncio.get_running_loop().time()
        if now - document.cached_since > CACHE_TIME:
            document.answers, document.cached_since = {}, now
        answer = document.answers.get((start, end, True)) or document.answers.get((start, end, counted))
        if answer is None:
            state = document.state
            key, ask = (start, end, counted, state), partial(self._ask_about, document, start, end, counted)
            answer = await document.requests.answer(key, ask)
            if document.state == state and not answer.get("incomplete"):
                document.answers[start, end, counted] = answer
        return answer

    async def _ask_about(self, document: OpenDocument, start: int, end: int, counted: bool) -> dict[str, Any]:
        params: dict[str, Any] = {"path": document.place.path, "start": start + 1, "end": end + 1, "counted": counted}
        text, count = self.text(document), self.settings_of(document.place.folder).suggest.count
        return dict(await self.engines.ask(document.place, "suggest", **params, text=text, k=count, rev=None))

    def without_dismissed(self, document: OpenDocument, suggestions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the suggestions that the user has not just dismissed or forgotten."""
        return [one for one in suggestions if not self.is_hidden(one["id"], document.place)]

    def is_hidden(self, id: str, place: DocumentPlace) -> bool:
        """Whether the user has just forgotten a memory, or dismissed it in a document."""
        return not self.hidden.isdisjoint({(id, None), (id, place)})

    def hide(self, id: str, place: DocumentPlace | None = None) -> None:
        """Hide a memory in a document, by default in all, until `show_again`: the engine may learn of it later."""
        self.hidden.add((id, place))
        for document in self.documents.values():
            if place in (None, document.place):
                document.hints = [hint for hint in document.hints if hint.suggestion["id"] != id]
        self.refresh()

    def show_again(self, id: str) -> None:
        """Show a memory again, where the engine's answers have it."""
        left = {one for one in self.hidden if one[0] != id}
        if left != self.hidden:
            self.hidden = left
            self.refresh()

    def forget(self, ids: Collection[str]) -> None:
        """Drop forgotten memories from what is cached, and remove the documents that show them."""
        gone = frozenset(ids)
        for document in self.documents.values():
            document.invalidations += 1  # what is under way may have them
            document.answers.clear()
            document.hints = [hint for hint in document.hints if hint.suggestion["id"] not in gone]
        self.shown.forget(gone)
        asyncio.get_running_loop().call_later(ANSWERED, collect_garbage)

    # --- updating the editor ---

    def show_info(self, message: str) -> None:
        """Show a message, unless the client reports the results of commands itself."""
        if not self.client.notices:
            self.window_show_message(types.ShowMessageParams(types.MessageType.Info, message))

    @property
    def can_refresh(self) -> bool:
        """Whether the client supports refreshing inlay hints."""
        workspace = self.client_capabilities.workspace
        return bool(workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support)

    def refresh(self) -> None:
        """Ask the client to request its hints again."""
        if self.can_refresh and self.exit_code is None:
            self.start_task(self.workspace_inlay_hint_refresh_async(None))

    def invalidate(self, root: str | None = None, *, pending: bool = True) -> None:
        """Clear the cached answers about `root` (or all); the hints stay until new ones arrive.

        With `pending`, answers that are under way are stale too.
        """
        for document in self.documents.values():
            if root is None or str(document.place.root) == root:
                document.invalidations += pending
                document.answers.clear()
                document.hinted_edit = -1

    async def _states(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Yield (URI, the engine's state) of each enabled workspace folder."""
        for uri, folder in tuple(self.folders.items()):
            if not self.settings_of(folder).enable:
                continue
            with contextlib.suppress(MomError):  # the folder is gone, or the engine starts: `_engine_changed` follows
                location = await asyncio.to_thread(locate, folder)
                yield uri, await self.engines.ask(location, "state")

    def _engine_changed(self, connected: bool) -> None:
        if connected:
            self.invalidate(pending=False)  # what is under way has waited for this engine
            self.refresh()
            self.status.soon()
        else:
            self.bars.end_all()
            for document in self.documents.values():
                document.answers.clear()  # the repository may have been moved

    def _notified(self, method: str, params: dict[str, Any]) -> None:
        if method in ("trouble", "conflict"):
            self.warn_once([params["message"]])
        elif method == "forgotten":
            self.forget([str(one) for one in params["ids"]])
        elif method == "progress":
            self.bars.report(params)
            self.status.soon()
        elif method == "settings" and self.reload_settings is not None:
            self.start_task(self.reload_settings())
        elif method == "improved":  # what is on the screen may lack hints
            self.invalidate()
            self.refresh()
        elif method == "changed":
            self.invalidate(params.get("root"))
            if not self._refresh_scheduled:
                self._refresh_scheduled = True
                asyncio.get_running_loop().call_later(REFRESH_PAUSE, self._refresh_later)

    def _refresh_later(self) -> None:
        self._refresh_scheduled = False
        self.refresh()
        self.status.soon()
