"""Where git keeps a repository's files, found without starting git; light enough for a hook to import."""

from __future__ import annotations

from pathlib import Path

REBASE = ("rebase-merge", "rebase-apply")


def git_dir_of(root: Path) -> Path | None:
    """Return the git directory of the worktree or bare repository that `root` is the top of, None if it is not one."""
    dot_git = root / ".git"
    if dot_git.is_dir() and (dot_git / "HEAD").is_file():
        return dot_git
    if dot_git.is_file():
        text = dot_git.read_text("utf-8", "replace").strip()
        target = (root / text.removeprefix("gitdir:").strip()).resolve()
        return target if text.startswith("gitdir:") and (target / "HEAD").is_file() else None
    bare = (root / "HEAD").is_file() and (root / "objects").is_dir() and (root / "refs").is_dir()
    return root if bare else None


def common_dir_of(git_dir: Path) -> Path:
    """Return the directory that all worktrees of a repository share."""
    pointer = git_dir / "commondir"
    if not pointer.is_file():
        return git_dir
    return (git_dir / pointer.read_text("utf-8", "replace").strip()).resolve()


def rebasing(git_dir: Path) -> bool:
    """Whether a rebase is under way, during which HEAD is not worth indexing."""
    return any((git_dir / name).exists() for name in REBASE)
