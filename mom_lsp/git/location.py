"""Locating the repository of a path, and its data folder, without running git."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from mom_lsp import datafolder
from mom_lsp.errors import DataFolderError, UntrustedPath, UsageError
from mom_lsp.gitdirs import common_dir_of, git_dir_of, rebasing
from mom_lsp.pathnames import expanded


@dataclass(frozen=True, slots=True)
class Location:
    """A workspace: a worktree of a repository, or a plain folder."""

    root: Path  # of the worktree; of a bare repository, the repository itself
    data: Path  # the data folder, shared by all worktrees of one repository
    git_dir: Path | None = None  # of this worktree; None for a plain folder
    common_dir: Path | None = None  # of the repository

    @property
    def git(self) -> bool:
        """Whether this is a repository rather than a plain folder."""
        return self.git_dir is not None


def locate(path: Path) -> Location:
    """Return the innermost workspace that holds `path`.

    Raises:
        UsageError: the path does not exist.
        UntrustedPath: the data folder is or contains a symbolic link.
        DataFolderError: the data folder cannot be read.
    """
    path = expanded(path).resolve()
    if not path.exists():
        raise UsageError(f"{path} does not exist")
    folder = path if path.is_dir() else path.parent
    for root in (folder, *folder.parents):
        git_dir = git_dir_of(str(root))
        if git_dir is not None:
            common = Path(common_dir_of(git_dir))
            data = common / datafolder.NAME
            _refuse_links(data)
            return Location(root=root, data=data, git_dir=Path(git_dir), common_dir=common)
    return Location(root=folder, data=_plain_data(folder))


def from_git_dir(git_dir: Path, like: Location) -> Location:
    """Return the worktree with this git directory, `like` itself if that is not in the same repository.

    A plain folder has no git directory, and a request in a copied repository may name a worktree of the original.
    """
    if like.common_dir is None or git_dir == like.git_dir or not git_dir.is_dir():
        return like
    if not like.common_dir.samefile(common_dir_of(str(git_dir))):
        return like
    pointer = git_dir / "gitdir"  # a linked worktree names its .git file here, perhaps relative to this folder
    if pointer.is_file():
        root = Path(os.path.normpath(git_dir / pointer.read_text("utf-8", "surrogateescape").strip())).parent
    else:
        root = git_dir.parent if git_dir.name == ".git" else git_dir
    return Location(root=root, data=like.data, git_dir=git_dir, common_dir=like.common_dir)


def operation_in_progress(git_dir: Path | None) -> bool:
    """Whether a rebase is in progress, during which HEAD is not worth indexing."""
    return git_dir is not None and rebasing(str(git_dir))


def _refuse_links(data: Path) -> None:
    """Raise if the data folder has links: an unpacked repository may contain some to make us write elsewhere."""
    if why := datafolder.why_unreadable(data):
        raise DataFolderError(why)
    for place in (data, *(data.iterdir() if data.is_dir() else ())):
        if place.is_symlink():
            raise UntrustedPath(f"{place} is a symbolic link, which mom never creates: remove it")


def _plain_data(folder: Path) -> Path:
    import platformdirs

    key = hashlib.blake2b(str(folder).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    name = folder.name[:32].encode("utf-8", "replace").decode()  # LanceDB opens no other
    return platformdirs.user_data_path("mom-lsp") / "folders" / f"{name}-{key}"
