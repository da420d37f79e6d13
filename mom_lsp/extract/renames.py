"""Renames in few words: those of a whole folder become one rename of the folder, so that a mass move stays small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator

Rename = tuple[str, str]  # old and new path; of a folder with a slash at the end, "/" for the root

LEAST_FILES = 10  # moved from one folder to another that make the folder renamed
MAX_RENAMES = 5_000  # of a commit, folders counted once


def packed(renames: Iterable[Rename], tree: Callable[[], Iterable[str]] = tuple) -> tuple[Rename, ...]:
    """Return the renames of folders with at least ten files, then those of single files.

    Args:
        renames: of the files of a commit.
        tree: returns the paths after the commit, and is called if ten files were moved alike: a folder is renamed only
            if nothing else is left in it, since what is there now would have the history of what stayed.
    """
    folder_of = {rename: _folders(*rename) for rename in renames}
    if _mass_moves(folder_of.values()):
        left = {folder for path in {*tree()} - {new for _, new in folder_of} for folder in folders_of(path)}
        folder_of = {rename: _folders(*rename, left) for rename in folder_of}
    of_folders = _mass_moves(folder_of.values())
    single = (rename for rename, folders in folder_of.items() if folders not in of_folders)
    return (*sorted(of_folders), *single)[:MAX_RENAMES]


def _mass_moves(folders: Iterable[Rename]) -> set[Rename]:
    """Return the pairs of folders between which at least ten files were moved."""
    return {pair for pair, files in Counter(folders).items() if files >= LEAST_FILES and pair[0] != pair[1]}


def folders_of(path: str) -> Iterator[str]:
    """Yield the folders around a file as `packed` writes them, the innermost first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield f"{path}/"
    yield "/"


def in_folder(path: str, folder: str, other: str) -> str:
    """Return the path of a file of one folder in another."""
    return other.removeprefix("/") + path.removeprefix(folder.removeprefix("/"))


def _folders(old: str, new: str, left: Collection[str] = ()) -> Rename:
    """Return the outermost folders between which a file was moved, each with a slash; equal if there are none.

    There are none if the file got another name, or if its old folder is among those in which something is left.
    """
    olds, news = old.split("/"), new.split("/")
    found = "/", "/"
    while olds and news and olds[-1] == news[-1]:
        olds, news = olds[:-1], news[:-1]
        folders = "/".join([*olds, ""]) or "/", "/".join([*news, ""]) or "/"
        if folders[0] in left:
            break
        found = folders
    return found
