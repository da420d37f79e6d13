"""The engine's indexer: `mom index --watch` as a child process."""

from __future__ import annotations

import json
import logging
import subprocess
import threading
import time
from typing import Any

from mom_lsp import datafolder
from mom_lsp.git import Location
from mom_lsp.process import Restarts
from mom_lsp.process.spawn import spawn

FULL_POLL = 10.0  # seconds between two looks at a full disk

log = logging.getLogger(__name__)


class Indexer:
    """`mom index --watch` as a child process: the only writer, restarted when it dies."""

    def __init__(self, location: Location, report: Any) -> None:
        self._location, self._report = location, report
        self._restarts, self._stop = Restarts(), threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self.gave_up = False
        threading.Thread(target=self._supervise, name="mom-indexer", daemon=True).start()

    def stop(self) -> None:
        """Close the child's standard input, on which it exits at once; what it wrote stays."""
        self._stop.set()
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()

    def _supervise(self) -> None:
        while self._has_space() and (delay := self._restarts.delay(time.monotonic())) is not None:
            self._run()
            if self._stop.wait(delay):
                return
            log.warning("the indexer exited; restarting it")
        if self._stop.is_set():
            return
        self.gave_up = True
        self._forward({"phase": "waiting", "done": 0, "total": 0, "message": "indexing failed; see `mom doctor`"})

    def _has_space(self) -> bool:
        """Wait until the disk is not full, which would only kill the child; False once it is to stop."""
        while why := datafolder.why_full(self._location.data):
            self._forward({"phase": "waiting", "done": 0, "total": 0, "message": why})
            if self._stop.wait(FULL_POLL):
                break
        return not self._stop.is_set()

    def _run(self) -> None:
        arguments = ["-C", str(self._location.root), "index", "--watch", "--background", "--progress-json"]
        try:
            self._process = spawn(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        except OSError as error:  # there may be enough memory or processes the next time
            log.warning("the indexer cannot be started: %s", error)
            return
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            for line in lines:
                try:
                    self._forward(json.loads(line))
                except ValueError:
                    log.warning("indexer: %s", line.decode("utf-8", "replace").rstrip())
        self._process.wait()

    def _forward(self, report: dict[str, Any]) -> None:
        self._report(str(self._location.root), report)
