"""Reading git's configuration as the user has it. This runs no program, whatever the repository configures."""

from __future__ import annotations

from pathlib import Path


def path_setting(git_dir: Path, key: str) -> Path | None:
    """Return a path setting as git resolves it: the repository's, else the user's, else the system's."""
    from mom_lsp.git.git_python import Git

    command = ["git", f"--git-dir={git_dir}", "config", "--type=path", "--get", key]
    found = str(Git(str(git_dir)).execute(command, with_exceptions=False))
    return Path(found) if found else None


def is_ignored(file: Path) -> bool:
    """Whether git ignores a file that it does not track."""
    from mom_lsp.git.git_python import Git

    command = ["git", "-c", "core.fsmonitor=false", "check-ignore", "--", file.name]
    return bool(Git(str(file.parent)).execute(command, with_exceptions=False))
