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
from mom_lsp.engine import health
from mom_lsp.engine.attention import Attention
from mom_lsp.engine.model import LocalModel
from mom_lsp.errors import EncoderError, UsageError
from mom_lsp.git import Location, locate
from mom_lsp.indexqueue import enqueue
from mom_lsp.journal import Journal
from mom_lsp.lm.titles import TITLES, TitleFile
from mom_lsp.process.cancel import is_cancelled
from mom_lsp.settings import load_settings, parse_settings
from mom_lsp.trace.attention import Drawn
from mom_lsp.trace.file import TRACES, TraceFile
from mom_lsp.workspace import Library, Workspace
from mom_lsp.workspace.accepted import accepted_texts
from mom_lsp.workspace.actions import Actions
from mom_lsp.workspace.kept import kept
from mom_lsp.workspace.present import attention
from mom_lsp.workspace.showings import FLUSH_AFTER
from mom_lsp.workspace.transfer import taken_out

Params = Mapping[str, Any]
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
        self.library = Library(lambda: store.Store(data), Journal(data / "journal.sqlite"))
        self.model = LocalModel(attention=Attention(TraceFile(data / TRACES)))
        self.indexing: dict[str, Any] | None = None  # the indexer's last report
        self._indexing_wanted = indexing_wanted or _index_now
        self._workspaces: dict[str, Workspace] = {}
        self._lock = threading.Lock()
        self._settled = (-1, (-1, -1), -1)  # the state that was last looked at
        self._learned = (-1, (-1, -1), -1)  # the state in which there was nothing more to learn
        self._erased: frozenset[str] = frozenset()  # what is known to be forgotten, and was erased
        self._wants_encoder = encoder
        self._loading: threading.Thread | None = None

    def call(self, method: str, params: Params) -> Any:
        """Answer a request. Raises MomError."""
        answer = METHODS.get(method)
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
        changed = self.library.reload()
        self.library.showings.flush(self.library.journal, time.time(), patience=FLUSH_AFTER)
        if self.library.snapshot().key != self._settled:
            self._settle()
        self.erase()
        return changed

    def erase(self) -> None:
        """Erase from traces and titles, and from the model's process, what was forgotten by now, wherever that was."""
        forgotten = self.library.snapshot().life.forgotten
        if gone := sorted(forgotten - self._erased):
            self.model.forget(gone)
            TitleFile(self.data / TITLES).forget(gone)
        self._erased = forgotten

    def learn(self, cancelled: Callable[[], bool]) -> None:
        """Let the model learn from one accepted text; asked while nobody asks anything else."""
        before, self._learned = self._learned, self.library.snapshot().key
        if before == self._learned:
            return
        for workspace in list(self._workspaces.values()):
            if self.model.learn(workspace.settings.model, partial(accepted_texts, workspace), cancelled):
                self._learned = before  # there may be more
                return

    def make_title(self, cancelled: Callable[[], bool]) -> None:
        """Make one title that somebody missed; asked while nobody asks anything else."""
        for workspace in list(self._workspaces.values()):
            settings = workspace.settings.model
            if not workspace.teller.untitled or self.model.why_not(settings):
                continue
            identity = next(iter(workspace.teller.untitled))
            memory = self.library.get([identity]).get(identity)
            forgotten = memory is None or self.library.snapshot().life.of(identity).forgotten
            made = "" if forgotten or memory is None else self.model.title(settings, memory, cancelled)
            if made is None:
                return  # later
            workspace.teller.untitled.pop(identity, None)
            if not forgotten:
                workspace.teller.titles.put(identity, made)
            return

    def close(self) -> None:
        """Write what is still to be written, and let go of the journal."""
        if self.library.showings.flush(self.library.journal, time.time()):
            self._settle()
        self.library.journal.close()
        self.model.close()

    def _settle(self) -> None:
        """Write down what the evidence has made of memories, as far as somebody has asked about them here."""
        for workspace in list(self._workspaces.values()):
            self.actions(workspace).settle()
        self._settled = self.library.snapshot().key

    def actions(self, workspace: Workspace) -> Actions:
        """Return what the user can do in a workspace."""

        def wanted(reason: str) -> None:
            enqueue(self.data, workspace.location.git_dir or workspace.location.root, reason)
            self._indexing_wanted(workspace.location)

        return Actions(workspace, wanted)

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

        self._loading = threading.Thread(target=load, name="mom-encoder", daemon=True)
        self._loading.start()


def _index_now(location: Location) -> None:
    """Serve the requests in this process, unless another one is at it already; encoding can wait for another pass."""
    from mom_lsp.indexing import serve_requests

    settings, _ = load_settings(location.root)
    settings = replace(settings, encoder=replace(settings.encoder, enable=False))
    serve_requests(location, settings, report=lambda progress: None, stop=threading.Event())


def _suggest(service: Service, workspace: Workspace, p: Params) -> Any:
    intent = str(p.get("intent") or "").strip()
    if intent and not p.get("path"):
        return workspace.intend(intent, int(p.get("k") or workspace.settings.suggest.count))
    return workspace.suggest(
        str(p["path"]),
        int(p.get("start", 0)),
        int(p.get("end", 0)),
        text=p.get("text"),
        k=int(p.get("k") or workspace.settings.suggest.count),
        rev=p.get("rev"),
        intent=intent,
        counted=bool(p.get("counted", True)),
    )


def _hints(service: Service, workspace: Workspace, p: Params) -> Any:
    return {"hints": workspace.hints(str(p["path"]), str(p["text"]), int(p["start"]), int(p["end"]))}


def _search(service: Service, workspace: Workspace, p: Params) -> Any:
    return workspace.search(str(p["text"]), int(p.get("k") or 10))


def _why(service: Service, workspace: Workspace, p: Params) -> Any:
    began = time.perf_counter()
    known = workspace.explain(str(p["path"]), int(p["line"]), text=p.get("text"))
    model, words, drawn = workspace.settings.model, "", Drawn()
    if p.get("generate"):
        drawn = service.model.drawn(model, known.path, [clue.memory.id for clue in known.clues])
        words = service.model.word(model, known, is_cancelled, drawn)
    took = round((time.perf_counter() - began) * 1000, 1)
    return {
        "answer": words or known.answer(),
        "citations": known.citations,
        "generated": bool(words),
        "attention": attention(drawn),
        "took_ms": took,
    }


def _complete(service: Service, workspace: Workspace, p: Params) -> Any:
    if not workspace.settings.completion.enable:
        return {"text": "", "led_by": ""}
    path, line, text = str(p["path"]), int(p["line"]), str(p["text"])
    lines = text.split("\n")[:line]
    before = "\n".join([*lines[:-1], lines[-1][: int(p["column"])]])
    known = workspace.explain(path, line, text=text)
    rest = service.model.complete(workspace.settings.model, known, before, is_cancelled)
    return {"text": rest, "led_by": known.leading_to(rest, text)}


def _dismiss(service: Service, workspace: Workspace, p: Params) -> Any:
    path, line = str(p.get("path") or ""), int(p.get("line") or 0)
    return service.actions(workspace).dismiss(str(p["id"]), path, line, never=bool(p.get("never")))


def _note(service: Service, workspace: Workspace, p: Params) -> Any:
    text, path, line = str(p["text"]), str(p.get("path") or ""), int(p.get("line") or 0)
    generated = p.get("generated") is True and bool(path and line)  # an answer is to a question about a line
    clues = workspace.explain(path, line, text=p.get("code")).clues if generated else ()
    cites = [clue.memory.id for clue in clues]
    return service.actions(workspace).note(text, path, line, generated=p.get("generated") is True, cites=cites)


def _prefetch(service: Service, workspace: Workspace, p: Params) -> Any:
    workspace.prefetch(str(p["path"]))
    return {}


def _reindex(service: Service, workspace: Workspace, p: Params) -> Any:
    service.actions(workspace)._indexing_wanted("asked")
    return {"ok": True, "message": "indexing"}


def _at_place(action: str) -> Callable[[Service, Workspace, Params], Any]:
    def answer(service: Service, workspace: Workspace, p: Params) -> Any:
        said = getattr(service.actions(workspace), action)
        return said(str(p["id"]), str(p.get("path") or ""), int(p.get("line") or 0))

    return answer


def _by_id(action: str) -> Callable[[Service, Workspace, Params], Any]:
    return lambda service, workspace, p: getattr(service.actions(workspace), action)(str(p["id"]))


METHODS: dict[str, Callable[[Service, Workspace, Params], Any]] = {
    "open": lambda service, workspace, p: health.opened(service, workspace),
    "configure": lambda service, workspace, p: service.configure(workspace, p["options"]),
    "suggest": _suggest,
    "hints": _hints,
    "search": _search,
    "why": _why,
    "complete": _complete,
    "kept": lambda service, workspace, p: kept(workspace),
    "model": lambda service, workspace, p: service.model.state(workspace.settings.model),
    "show": lambda service, workspace, p: workspace.show(str(p["id"])),
    "state": lambda service, workspace, p: health.state(service, workspace),
    "episode": lambda service, workspace, p: workspace.episode(str(p["id"])),
    "status": lambda service, workspace, p: health.status(service, workspace),
    "doctor": lambda service, workspace, p: health.doctor(service, workspace),
    "prefetch": _prefetch,
    "reindex": _reindex,
    **{name: _by_id(name) for name in ("unpin", "forget", "restore")},
    **{name: _at_place(name) for name in ("pin", "useful", "opened", "inserted")},
    "review": lambda service, workspace, p: workspace.review(),
    "merge": lambda service, workspace, p: service.actions(workspace).merge(str(p["id"]), str(p["other"])),
    "active": lambda service, workspace, p: service.actions(workspace).active(),
    "dismiss": _dismiss,
    "undo": lambda service, workspace, p: service.actions(workspace).undo(str(p.get("id") or "")),
    "purge": lambda service, workspace, p: service.actions(workspace).purge(),
    "note": _note,
    "export": lambda service, workspace, p: {"events": taken_out(service.library.journal)},
    "import": lambda service, workspace, p: service.actions(workspace).import_events(p["events"]),
}
