"""One worktree: its HEAD, what is valid there, and who wrote which line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mom_lsp.errors import RepositoryError
from mom_lsp.git import Location, Repository
from mom_lsp.git.ancestors import Ancestors
from mom_lsp.git.decode import as_committed, is_utf8, read_text
from mom_lsp.git.runner import is_damage
from mom_lsp.git.working_tree import with_committed_ident
from mom_lsp.gitdirs import refs_of_head
from mom_lsp.route.catalog import Catalog
from mom_lsp.route.file_words import FileWords
from mom_lsp.route.lines import MAX_TEXT, blob_lines, committed_lines_in_editor, open_lines
from mom_lsp.route.view import View
from mom_lsp.workspace.library.blame_patience import IN_COMMAND, BlamePatience
from mom_lsp.workspace.library.earlier_writers import Earlier, EarlierWriters
from mom_lsp.workspace.library.file_blame import Lines, Range, Writers
from mom_lsp.workspace.library.head import NO_HEAD, Head
from mom_lsp.workspace.library.line_writers import NOTHING, LineWriters
from mom_lsp.workspace.library.recent import Recent
from mom_lsp.workspace.library.saved_line_keys import SavedLineKeys, keys_of

CACHED_FILES = 64
CACHED_KEYS = 512  # files whose line keys are not saved but cached
CACHED_HEADS = 4
CACHED_TEXTS = 4  # of editors


class EditedText(NamedTuple):
    """The text of a file in an editor."""

    lines: Sequence[str]
    mapped: Sequence[int]  # the committed line of each, 0 for new and edited ones


class Worktree:
    """Reads one worktree, with caches. A plain folder has no commits."""

    def __init__(self, location: Location, patience: BlamePatience = IN_COMMAND) -> None:
        self.location = location
        self.repository = Repository(location) if location.git else None
        self._heads: Recent[tuple[str, frozenset[str]], Head] = Recent(CACHED_HEADS)
        self._views: Recent[tuple[Catalog, str, frozenset[str]], View] = Recent(CACHED_HEADS)
        self._writers = LineWriters(self.repository, self.lines_of, patience) if self.repository else None
        self._earlier = EarlierWriters(self.repository, patience) if self.repository else None
        self._texts: Recent[str, tuple[list[str], bytes]] = Recent(CACHED_FILES)
        self._edited: Recent[tuple[str, str], EditedText] = Recent(CACHED_TEXTS)  # by blob and text
        self._words: Recent[str, FileWords] = Recent(CACHED_TEXTS)
        self._saved_keys = SavedLineKeys(location.data)
        self._keys: Recent[str, np.ndarray] = Recent(CACHED_KEYS)
        self._history_pool = ThreadPoolExecutor(1, thread_name_prefix="mom-history")
        self._stamp: tuple[object, ...] = ()
        self._current = ""
        self._last = NO_HEAD

    def head(self, rev: str | None = None) -> Head:
        """Return HEAD or another revision; an empty one before the first commit and in a plain folder."""
        if self.repository is None:
            return NO_HEAD
        commit = self.repository.resolve(rev) if rev else self._head_commit()
        if not commit:
            return NO_HEAD
        overrides = self.repository.overrides  # fetching more of a shallow clone, for example, adds ancestors
        known = self._heads.get((commit, overrides))
        if known is None or (known.history.done() and known.history.exception()):
            known = self._heads.put((commit, overrides), self._read_head(commit, overrides))
        self._last = known
        return known

    def view(self, catalog: Catalog, head: Head) -> View:
        """Return the view of a catalog on a head."""

        def make() -> View:
            view = View(catalog, head.ancestors, head.tree)
            if self.repository is None:
                view.valid[:] = True  # the rows of a plain folder are those of its present files
                view.suggestible = catalog.suggestible.copy()
            return view

        return self._views.of((catalog, head.commit, head.overrides), make)

    def text(self, path: str) -> list[str]:
        """Return the lines of a file of the worktree as git counts them, none if it cannot be read as text."""
        file = self.location.root / path
        try:
            data = file.read_bytes() if file.is_file() and not file.is_symlink() else b""
        except OSError:
            return []
        data = self.repository.cleaned(path, data) if self.repository is not None else data
        return blob_lines("" if b"\0" in data[:8192] else read_text(data[:MAX_TEXT]))

    def committed(self, head: Head, path: str) -> list[str]:
        """Return the lines of a file as committed, none if it is not."""
        return self._blob(head.tree.get(path))[0]

    def edited(self, head: Head, path: str, text: str) -> EditedText:
        """Return the lines of a text in an editor; hints, hovers and actions ask about the same one."""

        def read() -> EditedText:
            lines = open_lines(text)
            return EditedText(lines, self.mapped(head, path, lines))

        return self._edited.of((head.tree.get(path, ""), text), read)

    def mapped(self, head: Head, path: str, lines: Sequence[str]) -> list[int]:
        """Return the committed line of each line, 0 for new and edited ones."""
        committed = self.committed(head, path)
        return committed_lines_in_editor(committed, self.as_committed(head, path, lines))

    def as_committed(self, head: Head, path: str, lines: Sequence[str]) -> Sequence[str]:
        """Return the lines of an open file as `committed` has them, in whatever encoding an editor reads it."""
        committed, data = self._blob(head.tree.get(path))
        return with_committed_ident(as_committed(lines, data, committed), committed)

    def words(self, head: Head, path: str) -> FileWords:
        """Return the words of a file as committed."""
        return self._words.of(head.tree.get(path, ""), lambda: FileWords.of(self.committed(head, path)))

    def lines_of(self, blob: str) -> list[str]:
        """Return the lines of a blob, none if it is not text."""
        return self._blob(blob)[0]

    def _blob(self, blob: str | None) -> tuple[list[str], bytes]:
        """Return the lines of a committed file, and its bytes if they are not UTF-8."""
        repository = self.repository
        if blob is None or repository is None:
            return [], b""

        def read() -> tuple[list[str], bytes]:
            data = next((data for _, data in repository.contents([blob], MAX_TEXT)), b"")
            return blob_lines(read_text(data)), b"" if is_utf8(data) else data

        return self._texts.of(blob, read)

    def exists(self, head: Head, path: str) -> bool:
        """Whether a file is committed or in the worktree."""
        return path in head.tree or (self.location.root / path).is_file()

    def line_keys(self, head: Head, paths: Sequence[str], *, read: bool = True) -> dict[str, np.ndarray]:
        """Return the sorted keys of the lines of committed files, as they are and normalized, without missing files.

        Without `read`, only those that are saved or cached.
        """
        blobs, saved = {path: head.tree[path] for path in paths if path in head.tree}, self._saved_keys.load()
        known = {blob: saved[blob] if blob in saved else self._keys.get(blob) for blob in blobs.values()}
        unknown = [blob for blob, keys in known.items() if keys is None]
        if read and unknown and self.repository is not None:
            for blob, text in self.repository.texts(unknown, MAX_TEXT):
                known[blob] = self._keys.put(blob, keys_of(text))
        return {path: keys for path, blob in blobs.items() if (keys := known[blob]) is not None}

    def writers(self, head: Head, path: str, lines: Range | None, *, moves: bool = True) -> Lines:
        """Return which commit last wrote each committed line. See `LineWriters.of`."""
        return self._writers.of(head, path, lines, moves=moves) if self._writers else {}

    def earlier_writers(
        self, view: View, path: str, texts: Mapping[int, str], writers: Lines, patience: float | None = None
    ) -> Earlier:
        """Return who wrote lines before their last writers. See `EarlierWriters.of`."""
        if self._earlier is None or not texts:
            return Earlier({}, complete=True)
        return self._earlier.of(view, path, texts, writers, patience)

    def first_writers(self, head: Head, path: str, lines: Range) -> Writers:
        """Return which commit last wrote each line on the screen. See `LineWriters.first_of`."""
        return self._writers.first_of(head, path, lines) if self._writers else NOTHING

    def prefetch(self, path: str) -> None:
        """Have a file of HEAD blamed in the background."""
        if self._writers is not None:
            self._writers.prefetch(self.head(), path)

    def closed(self, path: str) -> None:
        """Stop blaming a file that was closed."""
        if self._writers is not None:
            self._writers.drop(path)

    def improved(self) -> bool:
        """Whether `writers` knows more than it has answered. See `LineWriters.improved`."""
        return self._writers is not None and self._writers.improved()

    def _head_commit(self) -> str:
        stamp = self._head_stamp()
        if stamp != self._stamp or not self._current:
            assert self.repository is not None
            self._current, self._stamp = self.repository.resolve() or "", stamp
        return self._current

    def _head_stamp(self) -> tuple[object, ...]:
        """Return a value that changes whenever HEAD may have: cheaper than running git on every keystroke."""
        git_dir, common = self.location.git_dir, self.location.common_dir
        assert git_dir is not None and common is not None
        tables = (common / "packed-refs", common / "reftable", git_dir / "reftable")
        return (*refs_of_head(str(git_dir), str(common)), *map(_signature, tables))

    def _read_head(self, commit: str, overrides: frozenset[str]) -> Head:
        assert self.repository is not None
        last = self._last  # HEAD moves in small steps
        history = self._history_pool.submit(self._list_history, commit, overrides, last)
        try:
            tree = {path: entry.blob for path, entry in self.repository.tree(commit).items()}
        except RepositoryError as error:
            if not is_damage(error):
                raise
            tree = {}  # the history can still be searched
        return Head(commit, history, tree, overrides)

    def _list_history(self, commit: str, overrides: frozenset[str], near: Head) -> Ancestors:
        repository = self.repository
        assert repository is not None
        known = near.commit and not near.history.exception()  # it was listed before: there is one thread
        if known and near.overrides == overrides and repository.is_ancestor(near.commit, commit):
            return repository.ancestors(commit, without=[near.commit]).with_older(near.ancestors)
        return repository.ancestors(commit)


def _signature(path: Path) -> tuple[int, int, int]:
    try:
        stat = path.stat()
    except OSError:
        return (0, 0, 0)
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)
