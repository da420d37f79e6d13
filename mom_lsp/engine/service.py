"""The state of the engine: library, workspaces and model of one data folder."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from mom_lsp import datafolder, store  # not Store itself: importing lancedb can wait until git is running
from mom_lsp.encode import choose
from mom_lsp.engine.attention import Attention
from mom_lsp.engine.background_tasks import BackgroundTasks
from mom_lsp.engine.model import LocalModel
from mom_lsp.engine.open_windows import OpenWindows
from mom_lsp.errors import EncoderError, OtherRepository
from mom_lsp.git import Location, locate
from mom_lsp.hookrun import start_indexer
from mom_lsp.indexqueue import BACKGROUND, claim_start, enqueue
from mom_lsp.journal import Journal
from mom_lsp.lm.titles import TitleFile
from mom_lsp.lm.trace_file import TraceFile
from mom_lsp.process.free_memory import collect_garbage
from mom_lsp.settings import EditorSettings, Settings, Stamp, resolve, resolve_saved, save_editor_settings, stamp
from mom_lsp.textcache import empty_text_caches
from mom_lsp.workspace import Library, Workspace
from mom_lsp.workspace.accepted_texts import accepted_texts
from mom_lsp.workspace.actions import Actions
from mom_lsp.workspace.library.blame_patience import IN_COMMAND, BlamePatience
from mom_lsp.workspace.library.impressions import FLUSH_AFTER

REPAIR_EVERY = 60.0  # seconds
UNUSED = 60.0  # seconds after the last question in words, after which the encoder and the vectors are unloaded


class Service:
    """Serves one data folder and all of its worktrees. Thread-safe."""

    def __init__(
        self,
        data: Path,
        *,
        indexing_wanted: Callable[[Location], None] | None = None,
        repair_wanted: Callable[[Location], None] | None = None,
        waiting: BlamePatience = IN_COMMAND,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open a data folder.

        Args:
            data: the folder.
            indexing_wanted: called when the index has to be updated; by default that is done at once in this process.
            repair_wanted: called when the index is damaged; by default an indexer is started in the background.
            waiting: how long an answer waits for a blame that follows moves.
            clock: seconds since 1970.
        """
        self.data = data
        self.library: Library = Library(lambda: store.Store(data), Journal(data / datafolder.JOURNAL))
        self.model: LocalModel = LocalModel(attention=Attention(TraceFile(data / datafolder.TRACES)))
        self.background = BackgroundTasks()
        self.indexing: dict[str, Any] | None = None  # the indexer's last report
        self._indexing_wanted = indexing_wanted or _index_now
        self._repair_wanted = repair_wanted or _start_repair
        self._told: set[str] = set()  # problems of the journal that the user was told
        self._repaired = -REPAIR_EVERY  # time.monotonic() of the last repair
        self._waiting, self._clock = waiting, clock
        self._workspaces: dict[str, Workspace] = {}
        self._lock = threading.Lock()
        self._settled = (-1, (-1, -1), -1)  # the snapshot for which statuses were last updated
        self._learned = (-1, (-1, -1), -1)  # the snapshot from which everything was learned
        self._erasing = threading.Lock()
        self._configuring, self._choosing_encoder = threading.Lock(), threading.Lock()
        self._erased: frozenset[str] = frozenset()  # the forgotten memories that were erased
        self.on_forgotten: Callable[[Collection[str]], None] = lambda gone: None  # called with their ids
        self.open_windows = OpenWindows()
        self._declared: tuple[object, ...] | None = None  # what the user wanted when the journal was last followed
        self._stamps: dict[str, Stamp] = {}  # of the files of settings, by root
        self._encoder_setting: str | None = None  # None for no encoder

    def follow(self) -> bool:
        """Reload what the indexer wrote; whether anything changed."""
        self._drop_removed()
        self._follow_encoder()
        self.library.unload(UNUSED)
        changed = self.library.reload()  # reported even if what follows fails
        changed |= bool(self.background.do("reading feedback", self._follow_feedback))
        self.background.do("recording impressions", self._record_impressions)
        self.background.do("updating statuses", self._settle)
        self.background.do("erasing forgotten memories", self.erase)
        return changed

    def _follow_feedback(self) -> bool:
        """Whether a process has recorded since the last call what the user wants to see or not to see."""
        before, self._declared = self._declared, self.library.snapshot().life.declared
        return before is not None and before != self._declared

    def improved(self) -> bool:
        """Whether, since the last call, blame has found more than was answered."""
        return bool([workspace for workspace in self.live_workspaces if workspace.improved()])

    def erase(self) -> None:
        """Erase forgotten memories from traces, titles and the model's process, whichever process forgot them."""
        if self.library.journal.read_only:
            return
        with self._erasing:
            forgotten = self.library.snapshot().life.forgotten
            if gone := sorted(forgotten - self._erased):
                self._drop(gone)
                self.model.forget(gone)
                TitleFile(self.data / datafolder.TITLES).forget(gone)
            self._erased = forgotten

    def _drop(self, gone: Collection[str]) -> None:
        """Drop forgotten memories from the memory of this process and of the editors' servers."""
        self.library.forget()
        for workspace in self.live_workspaces:
            workspace.presenter.forget()
        empty_text_caches()
        collect_garbage()
        self.on_forgotten(gone)

    def learn(self, cancelled: Callable[[], bool]) -> None:
        """Let the model learn from one accepted text; called while the engine is idle."""
        now = self.library.snapshot().key
        if now == self._learned or self.library.journal.read_only:
            return
        for workspace in self.live_workspaces:
            if self.model.learn(workspace.settings.model, partial(accepted_texts, workspace), cancelled):
                return  # there may be more
        self._learned = now

    def make_title(self, cancelled: Callable[[], bool]) -> None:
        """Generate one title that was missing in an answer; called while the engine is idle."""
        for workspace in self.live_workspaces:
            settings = workspace.settings.model
            if not workspace.presenter.awaiting_title or self.model.why_not(settings):
                continue
            identity = next(iter(workspace.presenter.awaiting_title))
            memory = next(iter(workspace.memories.some([identity])), None)
            made = self.model.title(settings, memory, cancelled) if memory else ""
            if made is None:
                return  # later
            workspace.presenter.awaiting_title.pop(identity, None)
            with self._erasing:  # what is forgotten from now on is erased afterwards
                if memory and not self._is_forgotten(identity):
                    workspace.presenter.titles.put(identity, made)
            return

    def _is_forgotten(self, memory: str) -> bool:
        return self.library.snapshot().life.of(memory).forgotten

    def close(self) -> None:
        """Write pending events, and close the journal and the model."""
        try:
            if self._record_impressions(patience=0.0):
                self._settle()
        finally:
            self.library.journal.close()
            self.model.close()

    def _record_impressions(self, patience: float = FLUSH_AFTER) -> bool:
        if self.unwritable:
            return False
        return self.library.impressions.flush(self.library.journal, self._clock(), patience=patience)

    def _settle(self) -> None:
        """Record the status changes that the evidence implies for the workspaces that are open here."""
        if self.library.snapshot().key == self._settled or self.unwritable:
            return
        for workspace in self.live_workspaces:
            self.actions(workspace).settle()
        self._settled = self.library.snapshot().key

    @property
    def read_only(self) -> str:
        """Why the data folder is read-only, "" if it is writable."""
        return datafolder.why_read_only(self.data, datafolder.REQUESTS, datafolder.INDEX)

    @property
    def unwritable(self) -> str:
        """Why nothing can be indexed, "" if it can: the data folder is read-only, or its disk is full."""
        return self.read_only or datafolder.why_full(self.data)

    @property
    def live_workspaces(self) -> list[Workspace]:
        """The workspaces that still exist: a linked worktree may be removed while others are in use."""
        return [one for one in list(self._workspaces.values()) if _is_there(one)]

    def _drop_removed(self) -> None:
        """Free what is cached of worktrees that were removed."""
        with self._lock:
            for root, workspace in list(self._workspaces.items()):
                if not _is_there(workspace):
                    del self._workspaces[root]
                    self._stamps.pop(str(workspace.location.root), None)

    def actions(self, workspace: Workspace, given: float | None = None) -> Actions:
        """Return the user's actions in a workspace; see `Actions` for `given`."""
        return Actions(workspace, partial(self.want_index, workspace), self._clock, given)

    def want_index(self, workspace: Workspace, reason: str) -> None:
        """Queue an update of the index for a workspace, if it can be written; if not, all is indexed once it can."""
        if not self.unwritable:
            enqueue(self.data, workspace.location.git_dir or workspace.location.root, reason)
            self._indexing_wanted(workspace.location)

    def troubles(self, workspace: Workspace) -> list[str]:
        """Have a damaged index rebuilt; return what to tell the user about damage, that of the journal once."""
        problems = [problem for problem in self.library.journal.problems if problem not in self._told]
        self._told.update(problems)
        damage = self._repair(workspace)
        return [*([damage] if damage else []), *problems]

    def _repair(self, workspace: Workspace) -> str:
        damage = self.library.damage
        if not damage and (self.data / datafolder.DAMAGED).exists():
            damage = store.REBUILDING
        if damage and not self.read_only and time.monotonic() >= self._repaired + REPAIR_EVERY:
            self._repaired = time.monotonic()
            enqueue(self.data, workspace.location.git_dir or workspace.location.root, BACKGROUND)
            self._repair_wanted(workspace.location)
        return damage

    def configure(self, workspace: Workspace, params: Mapping[str, Any]) -> dict[str, Any]:
        """Apply and save an editor's settings for a worktree.

        Returns {"problems": which settings are invalid and why, "conflict": what other windows set differently}.
        """
        root, editor, unsaved = workspace.location.root, EditorSettings.read(params), []
        with self._configuring:  # the settings of all worktrees are in one file
            before = self._index_settings(workspace)
            try:
                save_editor_settings(self.data, root, editor)
            except OSError as error:
                unsaved.append(f"the editor's settings cannot be saved for `mom index` and git hooks: {error}")
            else:
                self._follow_user(but=workspace)
            self._apply(workspace, lambda: resolve(root, editor).settings)
            self._follow_encoder()
            if self._index_settings(workspace) != before:
                self.want_index(workspace, "settings")
        self.open_windows.opened(int(params.get("window") or 0), root, editor)
        problems = [*self.setting_problems(workspace), *unsaved]
        return {"problems": problems, "conflict": self.open_windows.conflict(root)}

    def _follow_user(self, but: Workspace) -> None:
        """Apply saved settings to the other worktrees: one that no editor has opened has the user's."""
        for other in self.live_workspaces:
            if other is not but:
                self._apply(other, partial(self._resolve, other.location.root))

    def setting_problems(self, workspace: Workspace) -> list[str]:
        """Return what is wrong with the current settings of a worktree."""
        return resolve_saved(workspace.location.root, self.data).problems

    def follow_settings(self) -> bool:
        """Reload the settings files that changed; whether there were any."""
        changed = [
            one for one in self.live_workspaces if stamp(one.location.root) != self._stamps[str(one.location.root)]
        ]
        for workspace in changed:
            self._apply(workspace, partial(self._resolve, workspace.location.root))
            self.want_index(workspace, "settings")
        return bool(changed)

    @property
    def idle_minutes(self) -> int:
        """How long the engine may be idle before it exits: the longest time that any worktree sets."""
        return max(
            (one.settings.engine.idle_minutes for one in self.live_workspaces), default=Settings().engine.idle_minutes
        )

    def _apply(self, workspace: Workspace, read: Callable[[], Settings]) -> None:
        """Apply settings. The stamp is taken first, so that a change while they are read is noticed later."""
        self._stamps[str(workspace.location.root)] = stamp(workspace.location.root)
        workspace.settings = read()

    def _resolve(self, root: Path) -> Settings:
        return resolve_saved(root, self.data).settings

    @staticmethod
    def _index_settings(workspace: Workspace) -> object:
        """Return the settings that indexing depends on."""
        from mom_lsp.indexing import index_settings

        settings = index_settings(workspace.location)
        return settings.exclude, settings.index, settings.encoder.enable, settings.encoder.model

    def workspace(self, root: str) -> Workspace:
        """Return the workspace at a path, opened on first use. Raises OtherRepository."""
        with self._lock:
            found = self._workspaces.get(root)
            if found is None:
                location = locate(Path(root))
                if location.data.resolve() != self.data.resolve():
                    raise OtherRepository(f"{root} has its memories in {location.data}, not in {self.data}")
                found = Workspace(location, self.library, Settings(), self._clock, self._waiting)
                self._apply(found, partial(self._resolve, location.root))
                self._workspaces[root] = found
                self._follow_encoder()
        return found

    def _follow_encoder(self) -> None:
        """Use the configured encoder; the first question in words loads it."""
        wanted = next((w.settings.encoder.model for w in self.live_workspaces if w.settings.encoder.enable), None)
        with self._choosing_encoder:
            if wanted == self._encoder_setting:
                return
            self._encoder_setting = wanted
            try:
                self.library.use(choose(wanted) if wanted is not None else None)
            except EncoderError as error:
                self.library.use(None, str(error))


def _is_there(workspace: Workspace) -> bool:
    return (workspace.location.git_dir or workspace.location.root).is_dir()


def _start_repair(location: Location) -> None:
    """Start an indexer in the background, unless one runs."""
    if claim_start(location.data, time.time()):
        start_indexer(location.root)


def _index_now(location: Location) -> None:
    """Serve the queued requests in this process, unless another one is indexing; encoding is left to a later pass."""
    from mom_lsp.indexing import index_settings, serve_requests

    settings = partial(index_settings, location)
    serve_requests(location, settings, report=lambda progress: None, stop=threading.Event(), encode=False)
