"""Renames in few words: those of a whole folder become one rename of the folder, so that a mass move stays small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

Rename = tuple[str, str]  # old and new path; of a folder with a slash at the end, "/" for the root

LEAST_FILES = 10  # moved from one folder to another that make the folder renamed
MAX_RENAMES = 5_000  # of a commit, folders counted once


def packed(renames: Iterable[Rename]) -> tuple[Rename, ...]:
    """Return the renames of folders with at least ten files, then those of single files."""
    folder_of = {rename: _folders(*rename) for rename in renames}
    count = Counter(folder_of.values())
    of_folders = {folders for folders, files in count.items() if files >= LEAST_FILES and folders[0] != folders[1]}
    single = (rename for rename, folders in folder_of.items() if folders not in of_folders)
    return (*sorted(of_folders), *single)[:MAX_RENAMES]


def folders_of(path: str) -> Iterator[str]:
    """Yield the folders around a file as `packed` writes them, the innermost first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield f"{path}/"
    yield "/"


def in_folder(path: str, folder: str, other: str) -> str:
    """Return the path of a file of one folder in another."""
    return other.removeprefix("/") + path.removeprefix(folder.removeprefix("/"))


def _folders(old: str, new: str) -> Rename:
    """Return the outermost folders between which a file was moved, each with a slash; equal if it got another name."""
    olds, news = old.split("/"), new.split("/")
    if olds[-1] != news[-1]:
        return "/", "/"
    while olds and news and olds[-1] == news[-1]:
        olds, news = olds[:-1], news[:-1]
    return "/".join([*olds, ""]) or "/", "/".join([*news, ""]) or "/"
