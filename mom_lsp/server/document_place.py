"""Maps a document to its worktree; only files inside an open folder have a place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mom_lsp.errors import MomError
from mom_lsp.git.location import Location, locate
from mom_lsp.server.uris import file_path


@dataclass(frozen=True, slots=True)
class DocumentPlace:
    """A document's file: its worktree (or plain folder), our data folder for it, and its path."""

    root: Path
    data: Path
    path: str  # relative to root, with forward slashes
    folder: Path  # the workspace folder that contains it

    @property
    def file(self) -> Path:
        """The file itself."""
        return self.root / self.path


def folder_path(uri: str) -> Path | None:
    """Return the folder of a URI, with symbolic links resolved; None if it is not on this machine."""
    path = file_path(uri)
    return Path(path).resolve() if path else None


def root_of(folder: Path) -> Path:
    """Return the root of the worktree that contains a folder; of one that cannot be located, the folder itself."""
    try:
        return locate(folder).root
    except MomError:  # it is gone, or its data folder is refused; opening it reports that
        return folder


def find_place(uri: str, folders: Iterable[Path]) -> DocumentPlace | None:
    """Return the place of a document; None if it is outside every folder, also through a symbolic link."""
    path = file_path(uri)
    if not path:
        return None
    try:
        file = Path(path).resolve()
        around = [folder for folder in folders if file.is_relative_to(folder)]
        if not around:
            return None
        folder = max(around, key=lambda folder: len(folder.parts))
        parent = next(one for one in (file, *file.parents) if one.is_dir())  # that of a new file may not exist yet
        if not parent.is_relative_to(folder):
            return None
        location = _locate(parent, folder)
        return DocumentPlace(location.root, location.data, file.relative_to(location.root).as_posix(), folder)
    except (OSError, ValueError, RuntimeError, MomError):  # unreadable, a NUL in the name, a symbolic link loop
        return None


def _locate(parent: Path, folder: Path) -> Location:
    """Return the innermost repository, else the workspace folder itself."""
    location = locate(parent)
    return location if location.git else locate(folder)
