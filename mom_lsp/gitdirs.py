"""Locating a repository's git directories without running git; light enough for a hook to import."""

from __future__ import annotations

import os
from os.path import isdir, isfile, join

MAX_REFS = 6  # HEAD and the five levels of symbolic refs that git follows
OF_WORKTREE = ("refs/worktree/", "refs/bisect/", "refs/rewritten/")  # per-worktree refs
REBASE = ("rebase-merge", "rebase-apply")


def git_dir_of(root: str) -> str | None:
    """Return the git directory of the worktree or bare repository with this root, None if there is none."""
    dot_git = join(root, ".git")
    if isfile(join(dot_git, "HEAD")):
        return dot_git
    if isfile(dot_git):
        text = _line(dot_git)
        target = os.path.realpath(join(root, text.removeprefix("gitdir:").strip()))
        return target if text.startswith("gitdir:") and isfile(join(target, "HEAD")) else None
    bare = isfile(join(root, "HEAD")) and isdir(join(root, "objects")) and isdir(join(root, "refs"))
    return root if bare else None


def git_dir_above(folder: str) -> str | None:
    """Return the git directory of the innermost worktree or bare repository around a folder, None if there is none."""
    while (found := git_dir_of(folder)) is None and (parent := os.path.dirname(folder)) != folder:
        folder = parent
    return found


def common_dir_of(git_dir: str) -> str:
    """Return the directory that all worktrees of a repository share."""
    pointer = join(git_dir, "commondir")
    return os.path.realpath(join(git_dir, _line(pointer))) if isfile(pointer) else git_dir


def refs_of_head(git_dir: str, common_dir: str) -> list[str]:
    """Return the contents of HEAD and of the refs it points to, as far as they are files; the last is a commit."""
    found: list[str] = []
    path = join(git_dir, "HEAD")
    while len(found) < MAX_REFS:
        try:
            found.append(_line(path))
        except OSError:  # it is packed, or has no commits yet
            break
        name = found[-1].removeprefix("ref:").strip()
        if name == found[-1] or not name.startswith("refs/") or ".." in name:
            break
        path = join(git_dir if name.startswith(OF_WORKTREE) else common_dir, name)
    return found


def rebasing(git_dir: str) -> bool:
    """Whether a rebase is in progress, during which HEAD is not worth indexing."""
    return any(os.path.exists(join(git_dir, name)) for name in REBASE)


def _line(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:  # as Python decodes file names
        return file.read().strip()
