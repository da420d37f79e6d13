"""Answers requests, JSON in and JSON out: through the engine's socket, or within a command that found no engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from mom_lsp import store  # not Store itself: importing lancedb can wait until git is at work
from mom_lsp.encode import SentenceEncoder
from mom_lsp.engine.attention import Attention
from mom_lsp.engine.chores import Chores
from mom_lsp.engine.model import LocalModel
from mom_lsp.engine.requests import REQUESTS, Params
from mom_lsp.errors import EncoderError, UsageError
from mom_lsp.git import Location, locate
from mom_lsp.indexqueue import enqueue
from mom_lsp.journal import Journal
from mom_lsp.lm.titles import TITLES, TitleFile
from mom_lsp.settings import load_settings, parse_settings
from mom_lsp.trace.file import TRACES, TraceFile
from mom_lsp.workspace import Library, Workspace
from mom_lsp.workspace.accepted import accepted_texts
from mom_lsp.workspace.actions import Actions
from mom_lsp.workspace.showings import FLUSH_AFTER

FORGETTING = frozenset({"forget", "import", "undo"})  # what may make a memory forgotten


class Service:
    """One data folder, asked about any of its worktrees. Thread-safe."""

    def __init__(
        self, data: Path, *, encoder: bool = False, indexing_wanted: Callable[[Location], None] | None = None
    ) -> None:
        """Open a data folder.

        Args:
            data: the folder.
            encoder: load the encoder, beside the first answers; without it search works by words.
            indexing_wanted: told when the index has to follow the user's word; by default it is brought up to date
                at once, in this process.
        """
        self.data = data
        self.library: Library = Library(lambda: store.Store(data), Journal(data / "journal.sqlite"))
        self.model: LocalModel = LocalModel(attention=Attention(TraceFile(data / TRACES)))
        self.chores = Chores()
        self.indexing: dict[str, Any] | None = None  # the indexer's last report
        self._indexing_wanted = indexing_wanted or _index_now
        self._workspaces: dict[str, Workspace] = {}
        self._lock = threading.Lock()
        self._settled = (-1, (-1, -1), -1)  # the state that was last looked at
        self._learned = (-1, (-1, -1), -1)  # the state in which there was nothing more to learn
        self._erasing = threading.Lock()
        self._erased: frozenset[str] = frozenset()  # what is known to be forgotten, and was erased
        self._wants_encoder = encoder
        self._loading: threading.Thread | None = None

    def call(self, method: str, params: Params) -> Any:
        """Answer a request. Raises MomError."""
        answer = REQUESTS.get(method)
        if answer is None:
            raise UsageError(f"there is no request {method!r}")
        workspace = self._workspace(str(params["root"]))
        found = answer(self, workspace, params)
        if method in FORGETTING:
            self.erase()
        return found

    def follow(self) -> bool:
        """Follow the writer; whether there was anything new."""
        if self._wants_encoder and self._loading is None:
            self._load_encoder()
        changed = self.library.reload()  # what fails after this does not keep it from being told
        self.chores.do("noting what was shown", self._note_showings)
        self.chores.do("settling what became of memories", self._settle)
        self.chores.do("erasing what was forgotten", self.erase)
        return changed

    def erase(self) -> None:
        """Erase from traces and titles, and from the model's process, what was forgotten by now, wherever that was."""
        with self._erasing:
            forgotten = self.library.snapshot().life.forgotten
            if gone := sorted(forgotten - self._erased):
                self.model.forget(gone)
                TitleFile(self.data / TITLES).forget(gone)
            self._erased = forgotten

    def learn(self, cancelled: Callable[[], bool]) -> None:
        """Let the model learn from one accepted text; asked while nobody asks anything else."""
        now = self.library.snapshot().key
        if now == self._learned:
            return
        for workspace in self.there:
            if self.model.learn(workspace.settings.model, partial(accepted_texts, workspace), cancelled):
                return  # there may be more
        self._learned = now

    def make_title(self, cancelled: Callable[[], bool]) -> None:
        """Make one title that somebody missed; asked while nobody asks anything else."""
        for workspace in self.there:
            settings = workspace.settings.model
            if not workspace.teller.untitled or self.model.why_not(settings):
                continue
            identity = next(iter(workspace.teller.untitled))
            memory = None if self._is_forgotten(identity) else self.library.get([identity]).get(identity)
            made = self.model.title(settings, memory, cancelled) if memory else ""
            if made is None:
                return  # later
            workspace.teller.untitled.pop(identity, None)
            with self._erasing:  # what is forgotten from here on is erased after it
                if memory and not self._is_forgotten(identity):
                    workspace.teller.titles.put(identity, made)
            return

    def _is_forgotten(self, memory: str) -> bool:
        return self.library.snapshot().life.of(memory).forgotten

    def close(self) -> None:
        """Write what is still to be written, and let go of the journal."""
        try:
            if self._note_showings(patience=0.0):
                self._settle()
        finally:
            self.library.journal.close()
            self.model.close()

    def _note_showings(self, patience: float = FLUSH_AFTER) -> bool:
        return self.library.showings.flush(self.library.journal, time.time(), patience=patience)

    def _settle(self) -> None:
        """Write down what the evidence has made of memories, as far as somebody has asked about them here."""
        if self.library.snapshot().key == self._settled:
            return
        for workspace in self.there:
            self.actions(workspace).settle()
        self._settled = self.library.snapshot().key

    @property
    def there(self) -> list[Workspace]:
        """The workspaces that are still there: a linked worktree may be removed while others are worked in."""
        return [one for one in list(self._workspaces.values()) if (one.location.git_dir or one.location.root).is_dir()]

    def actions(self, workspace: Workspace) -> Actions:
        """Return what the user can do in a workspace."""
        return Actions(workspace, partial(self.want_index, workspace))

    def want_index(self, workspace: Workspace, reason: str) -> None:
        """Ask for the index to follow what was said, or done, in a workspace."""
        enqueue(self.data, workspace.location.git_dir or workspace.location.root, reason)
        self._indexing_wanted(workspace.location)

    def configure(self, workspace: Workspace, options: Mapping[str, Any]) -> dict[str, Any]:
        """Use what an editor has set, from now on; it may not name executables or models."""
        files, _ = load_settings(workspace.location.root)
        workspace.settings, problems = parse_settings(options, trusted=False, base=files)
        return {"problems": problems}

    def _workspace(self, root: str) -> Workspace:
        with self._lock:
            found = self._workspaces.get(root)
            if found is None:
                location = locate(Path(root))
                settings, _ = load_settings(location.root)
                found = self._workspaces[root] = Workspace(location, self.library, settings)
        return found

    def _load_encoder(self) -> None:
        """Load the model in a thread of its own, once there are vectors to compare with.

        It takes seconds of the processor, which the first answers and the first index need more.
        """
        settings = next((w.settings for w in list(self._workspaces.values()) if w.settings.encoder.enable), None)
        if settings is None or not (self.data / "lance" / "vectors.lance").is_dir():
            return

        def load() -> None:
            try:
                encoder = SentenceEncoder(settings.encoder.model)
                encoder.encode(["warm up"])
            except EncoderError as error:
                self.library.encoder_problem = str(error)
                return
            self.library.encoder = encoder
            self.library.reload()

        work = partial(self.chores.do, "loading the encoder", load)
        self._loading = threading.Thread(target=work, name="mom-encoder", daemon=True)
        self._loading.start()


def _index_now(location: Location) -> None:
    """Serve the requests in this process, unless another one is at it already; encoding can wait for another pass."""
    from mom_lsp.indexing import serve_requests

    settings, _ = load_settings(location.root)
    settings = replace(settings, encoder=replace(settings.encoder, enable=False))
    serve_requests(location, settings, report=lambda progress: None, stop=threading.Event())
