"""The actions of the user: each is one or more events in the journal, durable when it returns."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mom_lsp.discussions import archive_rescue
from mom_lsp.errors import UsageError
from mom_lsp.journal import Event
from mom_lsp.memory import Memory, memory_id
from mom_lsp.phrases import count, status_name
from mom_lsp.tiers import DAY
from mom_lsp.tiers.lifecycle import erasure_seq, expired_notes, fold, forgotten_notes
from mom_lsp.tiers.undo import undoable
from mom_lsp.workspace.library.impressions import last_shown
from mom_lsp.workspace.transfer import import_into
from mom_lsp.workspace.workspace import Workspace

GENERATED = "local model, saved by you"  # author of a saved answer
MAX_NOTE = 10_000  # characters
UNDONE = {
    "pin": "pinning",
    "unpin": "unpinning",
    "useful": "marking as useful",
    "opened": "opening",
    "inserted": "inserting",
    "dismiss": "dismissing",
    "forget": "forgetting",
    "restore": "restoring",
    "note": "adding",
    "merge": "merging into",
}  # the action of each event
STATUS_CHANGING = frozenset(
    {"pin", "useful", "opened", "inserted", "dismiss", "restore", "merge"}
)  # events that may change a status
Answer = dict[str, Any]


class Actions:
    """Records the actions in one workspace; `indexing_wanted` is called when the index must change.

    `given` is when the user acted, if an editor that waited too long may record that itself: it is recorded once.
    """

    def __init__(
        self,
        workspace: Workspace,
        indexing_wanted: Callable[[str], None] = lambda reason: None,
        clock: Callable[[], float] = time.time,
        given: float | None = None,
    ) -> None:
        self._workspace, self._indexing_wanted, self._clock, self._given = workspace, indexing_wanted, clock, given
        self._journal = workspace.library.journal

    def pin(self, identity: str, path: str = "", line: int = 0, code: str | None = None) -> Answer:
        """Pin a memory to a function, or to a line outside of any; without a line, to the file.

        Without a path, it is pinned to the first file of the memory. Elsewhere it is ranked like any other; it does not
        decay.
        """
        return self._mark("pin", identity, "Pinned", path, line, code)

    def unpin(self, identity: str) -> Answer:
        """Remove the pins of a memory."""
        return self._mark("unpin", identity, "Unpinned")

    def useful(self, identity: str, path: str = "", line: int = 0, code: str | None = None) -> Answer:
        """Record an accepted use at a place."""
        return self._mark("useful", identity, "Marked as useful", path, line, code)

    def opened(self, identity: str, path: str = "", line: int = 0, code: str | None = None) -> Answer:
        """Record that the user opened a memory and kept it open."""
        return self._mark("opened", identity, "Recorded as opened", path, line, code)

    def inserted(self, identity: str, path: str = "", line: int = 0, code: str | None = None) -> Answer:
        """Record that the user accepted text based on a memory."""
        return self._mark("inserted", identity, "Inserted and marked as useful", path, line, code)

    def dismiss(
        self, identity: str, path: str = "", line: int = 0, code: str | None = None, *, never: bool = False
    ) -> Answer:
        """Stop suggesting a memory in this function (without one, in this file).

        Without a path it is where the memory was shown last. With `never` it is suggested nowhere; search still finds
        it.
        """
        memory = self._workspace.memories.named(identity)
        if never:
            self._append("dismiss", memory.id, data={"never": True})
            return _done(f"Archived: “{memory.title}”; search still finds it")
        if path:
            self._workspace.files.refuse_outside(path)
            symbol, _ = self._workspace.files.at(path, line, code)
        else:
            path, symbol = self._last_shown(memory)
        if not path:
            raise UsageError("this memory has no file; give the place with `mom dismiss ID --at FILE:LINE`")
        self._append("dismiss", memory.id, path=path, symbol=symbol)
        place = f"{symbol} in {path}" if symbol else path
        return _done(f"Dismissed in {place}: “{memory.title}”")

    def forget(self, identity: str, undo: str = "`mom undo`") -> Answer:
        """Remove a memory from every result now, and from the disk as soon as the index is rewritten.

        Args:
            identity: the beginning of its id.
            undo: how the user can undo that, as the answer names it.
        """
        memory = self._workspace.memories.named(identity)
        self._append("forget", memory.id)
        self._indexing_wanted("forget")
        imported = memory.source.type == "discussion"  # then it is erased from the archive, too
        how = f"after {undo}, the next import brings it back" if imported else f"{undo} restores it"
        return _done(f"Forgotten: “{memory.title}”; {how}")

    def restore(self, identity: str) -> Answer:
        """Restore a forgotten memory, whose text is read from the repository again, or one dismissed or archived."""
        life = fold(self._journal.events())
        restorable = [m for m, usage in life.usage.items() if m in life.suppressed or usage.failures]
        memory = _only(identity, restorable, "no forgotten, dismissed or archived memory has")
        self._append("restore", memory)
        if memory in life.forgotten:
            self._indexing_wanted("restore")
        return _done(f"Restored: {self._title(memory) or memory[:8]}")

    def merge(self, identity: str, other: str) -> Answer:
        """Merge a duplicate into a memory, which is shown for both."""
        kept, duplicate = self._workspace.memories.named(identity), self._workspace.memories.named(other)
        life = self._workspace.library.snapshot().life
        if life.shown_for(kept.id) == life.shown_for(duplicate.id):
            raise UsageError("these memories are already merged")
        self._append("merge", kept.id, data={"other": duplicate.id})
        return _done(f"Merged {duplicate.id[:8]} into “{kept.title}”")

    def active(self) -> Answer:
        """Record that today is an active day; at most one event a day."""
        today = int(self._clock() // DAY)
        if all(int(time // DAY) != today for time in self._workspace.library.snapshot().life.active[-100:]):
            self._journal.append("active", now=self._clock())
        return _done("Recorded")

    def settle(self, memory: str = "", cause: int = 0) -> None:
        """Record the changes of status that follow from the evidence, of one memory or of all.

        Args:
            memory: its id, "" for all.
            cause: the number of the event that may have changed it; undoing that event undoes the change.
        """
        now = self._clock()
        with self._workspace.library.settling:
            due = self._workspace.memories.changes(memory)
            events = [Event(0, now, "transition", changed, data=data | {"cause": cause}) for changed, data in due]
            if events:
                self._journal.append_many(events)

    def undo(self, identity: str = "") -> Answer:
        """Undo the last action, or the last action or change of status of one memory."""
        log = list(self._journal.events())
        known = {event.memory for event in log}
        last = undoable(log, _only(identity, known, "no memory with feedback has") if identity else "")
        if last is None:
            raise UsageError(f"nothing to undo{f' for {identity}' if identity else ''}")
        title = self._title(last.memory)  # of a note, which is gone once that is undone
        self._append("undo", last.memory, data={"seq": last.seq})
        self.settle(last.memory)
        if erasure_seq(self._journal.events()) > erasure_seq(log):
            self._indexing_wanted("undo")
        status = status_name(str(last.data.get("status")))
        what = f"the status “{status}” of" if last.type == "transition" else UNDONE[last.type]
        return _done(f"Undone: {what} {title or self._title(last.memory) or last.memory[:8]}")

    def purge(self) -> Answer:
        """Erase now what is otherwise erased after 30 days: forgotten notes; and damaged files that were set aside."""
        gone = list(forgotten_notes(self._journal.events()))
        self._journal.erase(gone)
        archive_rescue.purge(self._workspace.location.data)
        self._append("purge", "")
        self._indexing_wanted("purge")
        return _done(
            f"Erased {count(len(gone), 'forgotten note')}; other forgotten memories are erased by the next indexing run"
        )

    def erase_expired_notes(self) -> None:
        """Erase notes that were forgotten more than 30 days ago."""
        expired = expired_notes(self._journal.events(), self._clock())
        if expired:
            self._journal.erase(expired)

    def note(
        self,
        text: str,
        path: str = "",
        line: int = 0,
        code: str | None = None,
        *,
        generated: bool = False,
        cites: Sequence[str] = (),
    ) -> Answer:
        """Save a note of the user at a place, or an answer of the model (`generated`) that the user wants to keep.

        A text that only repeats a memory pins that memory instead. The model's attention is trained on saved answers;
        `cites` are the memories in its prompt, in the order of the ranking.
        """
        from mom_lsp.redact import sanitize  # here: only notes are sanitized

        text = sanitize(text).strip()
        if not text:
            raise UsageError("the note is empty")
        if len(text) > MAX_NOTE:
            raise UsageError(f"a note is limited to {MAX_NOTE:,} characters; this one has {len(text):,}")
        self._workspace.files.refuse_outside(path)
        known = self._workspace.memories.quoted_by(text)
        if known is not None:
            return self.pin(known.id, path, line, code) | {"id": known.id}
        now = self._clock()
        identity = memory_id("note", path, text, int(now * 1000))
        symbol, key = self._workspace.files.at(path, line, code) if path else ("", 0)
        data: dict[str, Any] = {"text": text, "line": line, "key": key}
        if generated:
            data |= {"author": GENERATED, "cites": list(cites)}
        self._append("note", identity, path=path, symbol=symbol, data=data, now=now)
        return _done(f"Note added: {self._title(identity) or identity[:8]}") | {"id": identity}

    def import_events(self, events: Iterable[Mapping[str, Any]], *, dry_run: bool = False) -> int:
        """Append the events that the journal lacks, or only count them; return how many. Raises UsageError."""
        added = import_into(self._journal, events, dry_run=dry_run)
        if not dry_run:
            self._indexing_wanted("import")
        return added

    def _mark(
        self, kind: str, identity: str, done: str, path: str = "", line: int = 0, code: str | None = None
    ) -> Answer:
        memory = self._workspace.memories.named(identity)
        if path:
            self._workspace.files.refuse_outside(path)
        symbol, key = self._workspace.files.at(path, line, code) if path else ("", 0)
        data: dict[str, Any] = {"line": line, "key": key} if kind == "pin" and path and line else {}
        path = path or (memory.paths[0] if memory.paths else "")
        life = self._workspace.library.snapshot().life
        if kind in ("pin", "useful") and life.of(memory.id).dismissed:
            data["names"] = self._workspace.memories.names_of(path)  # under which it may have been dismissed
        self._append(kind, memory.id, path=path, symbol=symbol, data=data)
        if kind == "pin" and memory.id in life.forgotten:
            self._indexing_wanted("restore")
        return _done(f"{done}: “{memory.title or self._workspace.memories.title(memory.id)}”")

    def _title(self, memory: str) -> str:
        """Return the title and the id of a memory, "" if its title is unknown."""
        title = self._workspace.memories.title(memory)
        return f"“{title}” ({memory[:8]})" if title else ""

    def _last_shown(self, memory: Memory) -> tuple[str, str]:
        """Return the file and symbol where a memory was shown last; if nowhere, its first file."""
        self._workspace.library.impressions.flush(self._journal, self._clock())
        found = last_shown(list(self._journal.events()), memory.id)
        return found or (memory.paths[0] if memory.paths else "", "")

    def _append(
        self,
        kind: str,
        memory: str,
        *,
        path: str = "",
        symbol: str = "",
        data: dict[str, Any] | None = None,
        now: float | None = None,
    ) -> None:
        head = self._workspace.worktree.head().commit
        when = next(known for known in (now, self._given, self._clock()) if known is not None)
        if kind in STATUS_CHANGING:  # impressions from before the event come before it
            self._workspace.library.impressions.flush(self._journal, when)
        with self._workspace.library.settling:  # so that no other thread records the changes that this event causes
            about: dict[str, Any] = {"path": path, "symbol": symbol, "head": head, "data": data}
            event = self._journal.append(kind, memory, **about, now=when, once=when == self._given)  # type: ignore[arg-type]
            if kind in STATUS_CHANGING:
                self.settle(memory, event.seq)


def _done(message: str) -> Answer:
    return {"ok": True, "message": message}


def _only(identity: str, known: Iterable[str], none: str) -> str:
    """Return the one id that starts with some hex digits. Raises UsageError unless it is exactly one."""
    found = [memory for memory in known if identity and memory.startswith(identity)]
    if len(found) != 1:
        ambiguous = f"id {identity!r} is ambiguous; give more digits"
        raise UsageError(ambiguous if found else f"{none} an id starting with {identity!r}")
    return found[0]
