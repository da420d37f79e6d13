"""Documents that the server makes (a commit, an answer), shown in the editor as files that only this user can read."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path

from lsprotocol import types
from pygls.uris import from_fs_path

from mom_lsp.server.background import BackgroundServer

_UNSAFE = re.compile(r"[^\w.\- ]+")
READ_ONLY = 0o400
MAX_NAME = 255  # bytes of a file's name


class Documents:
    """Read-only files in a private temporary folder, which is removed when the server ends."""

    def __init__(self, ls: BackgroundServer) -> None:
        self._ls = ls
        self._folder: Path | None = None
        self._about: dict[Path, frozenset[str]] = {}  # ids of the memories in each

    def write(self, name: str, text: str, about: Collection[str]) -> Path:
        """Write a document about some memories (by id), or replace the one of this name; return its file."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="mom-"))
        file = self._folder / _file_name(name)
        file.unlink(missing_ok=True)
        file.write_bytes(text.encode("utf-8", "replace"))
        file.chmod(READ_ONLY)
        self._about[file] = frozenset(about)
        return file

    def forget(self, ids: Collection[str]) -> None:
        """Remove the documents about these memories."""
        for file in [file for file, about in self._about.items() if not about.isdisjoint(ids)]:
            del self._about[file]
            file.unlink(missing_ok=True)

    async def show(self, file: Path, line: int = 1) -> None:
        """Open a file at a line (1-based); in an editor that cannot, tell its path."""
        window = self._ls.client_capabilities.window
        if window and window.show_document:
            start = types.Position(max(line - 1, 0), 0)
            selection = types.Range(start, start)
            params = types.ShowDocumentParams(from_fs_path(str(file)) or "", take_focus=True, selection=selection)
            if (await self._ls.window_show_document_async(params)).success:
                return
        self._ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, f"{file}:{line}"))

    def remove(self) -> None:
        """Remove all documents."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _file_name(name: str) -> str:
    """Return a name as that of a file; a long one is cut before its suffix."""
    safe = Path(_UNSAFE.sub("-", name))
    stem = safe.stem.encode()[: MAX_NAME - len(safe.suffix.encode())]
    return stem.decode("utf-8", "ignore") + safe.suffix
