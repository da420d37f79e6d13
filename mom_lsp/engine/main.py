"""`mom engine`: serve one data folder until it has been idle for long."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from mom_lsp import datafolder
from mom_lsp.engine.indexer import Indexer
from mom_lsp.engine.requests import URGENT, answer
from mom_lsp.engine.service import Service
from mom_lsp.git import Location, locate
from mom_lsp.offline import without_collection
from mom_lsp.process import EngineServer, announce_ready
from mom_lsp.process.free_memory import release_free_memory, share_arenas
from mom_lsp.workspace.library.blame_patience import IN_ENGINE

QUIET = 2.0  # seconds without a request, after which the memory that answers were computed in is freed
AT_REST = 20.0  # seconds without a request, after which the local model may generate titles and learn
AFTER_OPENING = 2.0  # seconds until the indexer starts, which looks for what is new since the last window
POLL = 0.5  # seconds between two checks for a new version of the store
RELOAD_SHARE = 10  # reloads may take at most one tenth of the time
MODEL_SHARE = 10  # likewise the local model, while the engine is idle
SWITCH = (
    0.001  # seconds after which a thread lets another one run: an answer waits for all that compute (Python: 0.005)
)
LOG_BYTES = 500_000

CommandRunner = Callable[[Callable[[str, dict[str, Any]], Any], dict[str, Any]], Any]

log = logging.getLogger(__name__)


def main(data: Path, run_command: CommandRunner) -> None:
    """Serve until idle for long or asked to shut down, then exit; return at once if another engine serves the folder.

    `run_command` runs a terminal command in this process, where everything is loaded.
    """
    share_arenas()
    sys.setswitchinterval(SWITCH)
    handler = RotatingFileHandler(data / datafolder.ENGINE_LOG, maxBytes=LOG_BYTES, backupCount=1, delay=True)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    engine = Engine(data, run_command)
    if not engine.start():
        announce_ready()  # the other one is ready
        return
    announce_ready()
    engine.run()
    logging.shutdown()
    os._exit(0)  # LanceDB's exit handler deadlocks with a thread that is reading a table


class Engine:
    """The service, its socket and its indexer."""

    def __init__(
        self,
        data: Path,
        run_command: CommandRunner,
        *,
        server: type[EngineServer] = EngineServer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open a data folder; `clock` returns seconds since any moment."""
        self._data, self._run_command, self._clock = data, run_command, clock
        self.service = Service(
            data, indexing_wanted=self._indexing_wanted, repair_wanted=self._indexing_wanted, waiting=IN_ENGINE
        )
        self._server = server(data, self._handle, urgent=URGENT)
        self.service.on_forgotten = lambda gone: self._server.notify_all("forgotten", {"ids": list(gone)})
        self._told: set[str] = set()  # what every window was told about damage
        self._indexer: Indexer | None = None
        self._guard = threading.Lock()
        self._model_pauses_until = 0.0
        self._freed = 0.0  # the last request when memory was freed

    def start(self) -> bool:
        """Listen; False if another engine does."""
        return self._server.start()

    def run(self) -> None:
        """Follow the store until idle for as long as the settings say, or until a client shuts the engine down."""
        with without_collection():  # the index is read at once, which imports lancedb: every answer needs it
            self.service.background.do("reading the index", self.service.library.snapshot)
        pause = POLL
        while not self._server.wait(pause):
            if not self._server.is_findable():
                break  # the data folder was moved, deleted or replaced
            pause = max(POLL, RELOAD_SHARE * self._follow())
            self._use_idle_time()
            if self._idle > self.service.idle_minutes * 60 and not self._server.connections:
                break
        if self._indexer is not None:
            self._indexer.stop()
        self._server.close()
        self.service.background.do("closing", self.service.close)  # may fail: the data folder may be gone

    def _follow(self) -> float:
        """Reload the index and the settings if they changed; return the seconds that it took."""
        began = self._clock()
        if self.service.background.do("reloading the index", self.service.follow):
            self._server.notify_all("changed", {})
        if self.service.background.do("looking for new blame", self.service.improved):
            self._server.notify_all("improved", {})
        if self.service.background.do("reloading the settings", self.service.follow_settings):
            self._server.notify_all("settings", {})
        return self._clock() - began

    def _use_idle_time(self) -> None:
        """Free memory, and let the local model work, with longer pauses in which the index is reloaded."""
        service, began = self.service, self._clock()
        last = self._server.idle_since
        if self._idle > QUIET and last != self._freed:
            release_free_memory()  # once: the next answers need it again
            self._freed = last
        if self._idle > AT_REST and began >= self._model_pauses_until:
            service.background.do("generating titles", partial(service.make_title, self._is_asked))
            service.background.do("learning from accepted texts", partial(service.learn, self._is_asked))
            ended = self._clock()
            self._model_pauses_until = ended + MODEL_SHARE * (ended - began)

    @property
    def _idle(self) -> float:
        """Seconds since the last request."""
        return self._clock() - self._server.idle_since

    def _is_asked(self) -> bool:
        return self._idle < AT_REST

    def _handle(self, method: str, params: dict[str, Any]) -> Any:
        if method == "command":
            return self._run_command(self._answer, params)
        if method in {"open", "reindex"}:  # first, since the answer may take long
            self._start_indexer_of(Path(str(params["root"])), at_once=method == "reindex")
        result = self._answer(method, params)
        if method == "configure" and result["conflict"]:  # so that both windows show it
            self._server.notify_all("conflict", {"root": params["root"], "message": result["conflict"]})
        return result

    def _answer(self, method: str, params: dict[str, Any]) -> Any:
        result = answer(self.service, method, params)
        for trouble in result.get("troubles", ()) if isinstance(result, dict) else ():
            if trouble not in self._told:  # once, whichever window asked
                self._told.add(trouble)
                self._server.notify_all("trouble", {"message": trouble})
        return result

    def _indexing_wanted(self, location: Location) -> None:
        self._start_indexer(location)  # a running one sees the request's file

    def _start_indexer_of(self, root: Path, *, at_once: bool) -> None:
        """Start the indexer; where there is an index already, after the first answers, which need the processor."""
        location = locate(root)
        if at_once or not (self._data / datafolder.MARKER).is_file():
            self._start_indexer(location)
        elif self._indexer is None:
            later = threading.Timer(AFTER_OPENING, self._start_indexer, [location])
            later.daemon = True
            later.start()

    def _start_indexer(self, location: Location) -> None:
        if self.service.read_only:
            return
        with self._guard:
            if self._indexer is None or self._indexer.gave_up:
                self._indexer = Indexer(location, self._report)

    def _report(self, root: str, report: dict[str, Any]) -> None:
        if why := report.get("message") and datafolder.why_full(self._data, report["message"]):
            report = report | {"message": why}
            self._server.notify_all("trouble", {"message": why})
        working = report.get("total") or report.get("message")
        if not working and self.service.background.do("reading what was indexed", self.service.library.reload):
            self._server.notify_all("changed", {})  # first: what is called indexed can be asked about
        self.service.indexing = report if working else None
        self._server.notify_all("progress", {"root": root, **report})
