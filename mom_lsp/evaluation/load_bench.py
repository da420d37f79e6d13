"""`mom bench --load MINUTES`: 200 requests a second of hover, hint and code action while the indexer runs.

Over the pipe of a real `mom serve`, in a made repository that is indexed meanwhile; then somebody commits every few
seconds, so that the indexer goes on. As in an editor, some requests are cancelled at once since the cursor moves on,
and of each kind only so many stay unanswered: one more cancels the oldest.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mom_lsp.errors import ChildTimeout
from mom_lsp.evaluation.bench_clone import PROC, Figure, busiest_lines, figure, without_encoder
from mom_lsp.evaluation.editor import SCREEN, Editor, at, editing, lines
from mom_lsp.evaluation.process_tree import command_of, processes_below, resident, resident_together
from mom_lsp.evaluation.scale_repository import commit_edit, make_repository
from mom_lsp.git import Location, locate

COMMITS, RATE = 16_000, 200  # of the repository; requests a second
OPENED = 4  # files; the other busy ones change in commits
AT_ONCE = 8  # unanswered requests of one kind
MOVED_ON = 0.1  # share of the requests that are cancelled at once
COMMIT_EVERY = 3.0  # seconds
PATIENCE = 60.0  # seconds for the last answers, and for the indexer to end
WATCHED = 3.0  # seconds after the load, in which nothing may work any more
CANCELLED = -32800  # the error of a request that was cancelled
KINDS = ("hover", "inlayHint", "codeAction")
Memory = dict[str, float]


def measure_load(
    minutes: float, told: Callable[[Memory], object], commits: int = COMMITS, rate: int = RATE
) -> dict[str, Any]:
    """Play such a session.

    Returns {"figures": [{"name", "value", "unit", "target", "note"}], "memory": [{process: MB}]}.

    Args:
        minutes: how long.
        told: called each minute with the memory of each process.
        commits: of the repository.
        rate: requests a second.
    """
    with tempfile.TemporaryDirectory(prefix="mom-bench-") as scratch:
        print(f"making a repository of {commits:,} commits", file=sys.stderr)
        root = Path(scratch).resolve() / "made"
        make_repository(root, commits)
        location = locate(root)
        paths = [target.path for target in busiest_lines(location)]
        with without_encoder(location), editing(location) as editor:
            load = _Load(editor, location, paths[:OPENED], editor.command("mom.status")["engine"]["pid"])
            with _committing(location, paths[OPENED:] or paths):
                memory = load.run(minutes * 60, rate, told)
            unanswered = load.drain()
            left = _left_working(editor, load.engine)
    figures = [*load.figures(minutes * 60, rate), figure("never answered", unanswered, "", 0), *left, *_flat(memory)]
    return {"figures": figures, "memory": memory}


@dataclass
class _Load:
    """The requests of a session, and what became of them."""

    editor: Editor
    location: Location
    paths: Sequence[str]
    engine: int  # its process
    pending: dict[int, tuple[str, float]] = field(default_factory=dict)  # by number: kind, and when it was sent
    given_up: dict[int, float] = field(default_factory=dict)  # cancelled ones: when
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # of the answered ones, by kind
    ended: list[float] = field(default_factory=list)  # seconds from cancelling to the answer
    late: int = 0  # answers to cancelled requests that were no cancellation
    failed: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # by message
    sent: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(0)
        self.places = [
            (self.editor.open(path), (self.location.root / path).read_text("utf-8", "replace").count("\n"))
            for path in self.paths
        ]

    def run(self, seconds: float, rate: int, told: Callable[[Memory], object]) -> list[Memory]:
        """Send requests at a steady rate; return the memory of each process after every minute."""
        began = next_look = time.monotonic()
        memory = []
        while (now := time.monotonic()) < began + seconds:
            while self.sent < (now - began) * rate:
                self._send(now)
            if now >= next_look:
                memory.append(self._look(now - began, told))
                next_look += 60
            self._receive(began + self.sent / rate)
        return [*memory, self._look(seconds, told)]

    def _look(self, seconds: float, told: Callable[[Memory], object]) -> Memory:
        """Tell and return the memory of each process after so many seconds."""
        found = {"minutes": seconds / 60} | _memory(self.editor.process.pid, self.engine)
        told(found)
        return found

    def drain(self) -> int:
        """Wait for the last answers; return how many never come."""
        until = time.monotonic() + PATIENCE
        while (self.pending or self.given_up) and time.monotonic() < until:
            self._receive(until)
        return len(self.pending) + len(self.given_up)

    def figures(self, seconds: float, rate: int) -> list[Figure]:
        """Return what was measured."""
        answered = sum(map(len, self.seconds.values()))
        found = [figure("requests sent", self.sent / seconds, "a second", None, f"asked for: {rate}")]
        found.append(figure("of them answered", answered / seconds, "a second", None, f"load {os.getloadavg()[0]:.1f}"))
        for kind in KINDS:
            took = np.array(self.seconds[kind] or [np.nan]) * 1000
            p50, p95, p99 = np.percentile(took, [50, 95, 99])
            note = f"p95 {p95:.0f}, p99 {p99:.0f}, longest {took.max():.0f} ms of {len(self.seconds[kind]):,}"
            found.append(figure(f"{kind}, p50", float(p50), "ms", None, note))
        ended = np.array(self.ended or [np.nan]) * 1000
        note = f"p99 {np.percentile(ended, 99):.0f} ms; {len(self.ended):,} cancelled, {self.late:,} answered before"
        found.append(figure("a cancelled request ends, p50", float(np.median(ended)), "ms", None, note))
        failed = "; ".join(f"{count:,}: {message}" for message, count in self.failed.items())
        return [*found, figure("errors", sum(self.failed.values()), "", 0, failed)]

    def _send(self, now: float) -> None:
        kind = KINDS[self.sent % len(KINDS)]
        uri, length = self.random.choice(self.places)
        line = self.random.randint(1, max(1, length))
        match kind:
            case "hover":
                params = at(uri, line)
            case "inlayHint":
                params = lines(uri, max(1, line - SCREEN), line + 2 * SCREEN)
            case _:
                params = lines(uri, line, line) | {"context": {"diagnostics": [], "triggerKind": 1}}
        number = self.editor.submit(f"textDocument/{kind}", params)
        self.pending[number] = (kind, now)
        self.sent += 1
        same = [one for one, (other, _) in self.pending.items() if other == kind]
        if len(same) > AT_ONCE:
            self._cancel(same[0], now)
        if self.random.random() < MOVED_ON:
            self._cancel(number, now)

    def _cancel(self, number: int, now: float) -> None:
        if self.pending.pop(number, None) is not None:
            self.given_up[number] = now
            self.editor.cancel(number)

    def _receive(self, until: float) -> None:
        """Take one message, or none until then."""
        try:
            message = self.editor.next_message(max(0.0005, until - time.monotonic()))
        except ChildTimeout:
            return
        number, now = message.get("id"), time.monotonic()
        if "method" in message or number is None:
            return
        error = message.get("error")
        if number in self.given_up:
            self.ended.append(now - self.given_up.pop(number))
            self.late += error is None
        elif number in self.pending:
            kind, sent = self.pending.pop(number)
            if error is None:
                self.seconds[kind].append(now - sent)
        if error is not None and error["code"] != CANCELLED:
            self.failed[error["message"]] += 1


@contextmanager
def _committing(location: Location, paths: Sequence[str]) -> Iterator[None]:
    """Commit every few seconds meanwhile."""
    over = threading.Event()

    def commit() -> None:
        number = 0
        while not over.wait(COMMIT_EVERY):
            commit_edit(location.root, paths, number)
            number += 1

    committer = threading.Thread(target=commit)
    committer.start()
    try:
        yield
    finally:
        over.set()
        committer.join()


def _memory(front: int, engine: int) -> Memory:
    """Return the MB of the front, the engine, and the indexer with all that it has started."""
    own = resident(engine)
    return {"front": resident(front), "engine": own, "indexer": resident_together(engine) - own}


def _flat(memory: Sequence[Memory]) -> list[Figure]:
    """Return how much more memory there is at the end than after the first minute."""
    first = memory[min(1, len(memory) - 1)]
    return [
        figure(f"memory of the {name} at the end", memory[-1][name], "MB", None, _grown(memory[-1][name] - first[name]))
        for name in ("front", "engine")
    ]


def _grown(by: float) -> str:
    return f"{by:+.0f} MB since the first minute"


def _left_working(editor: Editor, engine: int) -> list[Figure]:
    """Return what still works once everything was answered and indexed: processor time, and processes of git."""
    until = time.monotonic() + PATIENCE
    while editor.command("mom.status")["indexing"] and time.monotonic() < until:
        time.sleep(0.2)
    before = _processor_seconds(engine)
    time.sleep(WATCHED)
    share = 100 * (_processor_seconds(engine) - before) / WATCHED
    git = sum(command_of(pid) == "git" for pid in processes_below(engine))
    return [
        figure("processor time of the engine afterwards", share, "%", 5, "what cancelled requests still do is in it"),
        figure("processes of git afterwards", git, "", 0),
    ]


def _processor_seconds(pid: int) -> float:
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
