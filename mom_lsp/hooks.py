"""Installing our line into a repository's hooks, and taking it out again byte for byte.

A shell script that is there keeps all it has: our block goes in under its first line, where no `exit` or `exec` of its
own comes before us, and changes neither its status nor its input. Anything else (a binary, a link, a script in another
language, a hook that is switched off) is moved aside whole and called by a small script in its place.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from mom_lsp.errors import RepositoryError, UsageError
from mom_lsp.git.config import path_setting
from mom_lsp.git.location import Location

NAMES = ("post-commit", "post-merge", "post-checkout", "post-rewrite")
BEGIN = b"# >>> mom-lsp >>>\n"
END = b"# <<< mom-lsp <<<\n"
SHEBANG = b"#!/bin/sh\n"
CREATED = b"# This file was made by `mom hook install`.\n"
CHAINED = ".mom-chained"
_BLOCK = re.compile(re.escape(BEGIN) + rb".*?" + re.escape(END), re.DOTALL)
_SHELL = re.compile(rb"#![^\n\r]*\b(?:sh|bash|dash|ksh|zsh)\b[^\n\r]*\n")


@dataclass(frozen=True, slots=True)
class HookChange:
    """What became of one hook."""

    path: Path
    done: str  # created | chained | updated | unchanged | removed | restored | absent


def hooks_folder(location: Location, *, force: bool = False) -> Path:
    """Return the folder that git takes this repository's hooks from.

    Raises:
        UsageError: `core.hooksPath` leads out of the repository, and `force` is not set.
        RepositoryError: there is no repository.
    """
    if location.git_dir is None or location.common_dir is None:
        raise RepositoryError(f"{location.root} is not a git repository, so it has no hooks")
    configured = path_setting(location.git_dir, "core.hooksPath")
    if configured is None:
        return location.common_dir / "hooks"
    folder = (location.root / configured).resolve()  # git takes a relative one from the top of the worktree
    inside = any(folder.is_relative_to(home) for home in (location.root, location.common_dir))
    if not inside and not force:
        raise UsageError(
            f"core.hooksPath is {folder}, outside this repository: other repositories may use it too. "
            "Use --force to change the hooks there, or `git config --local core.hooksPath` to use this repository's own"
        )
    return folder


def install(folder: Path) -> list[HookChange]:
    """Put our line into every hook of ours in the folder; doing it again changes nothing. Raises RepositoryError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_install(folder / name) for name in NAMES]
    except OSError as error:
        raise RepositoryError(f"the hooks cannot be written: {error}") from error


def uninstall(folder: Path) -> list[HookChange]:
    """Make every hook what it was before. Raises RepositoryError."""
    try:
        return [_uninstall(folder / name) for name in NAMES]
    except OSError as error:
        raise RepositoryError(f"the hooks cannot be written: {error}") from error


def _install(hook: Path) -> HookChange:
    if not os.path.lexists(hook):
        _write(hook, SHEBANG + _block(hook.name, CREATED))
        return HookChange(hook, "created")
    content = b"" if hook.is_symlink() else hook.read_bytes()
    if found := _BLOCK.search(content):
        return _update(hook, content, found)
    if _is_shell_script(hook, content):
        first, _, rest = content.partition(b"\n")
        _write(hook, first + b"\n" + _block(hook.name) + rest)
    else:
        _move_aside(hook)
    return HookChange(hook, "chained")


def _update(hook: Path, content: bytes, found: re.Match[bytes]) -> HookChange:
    """Name the interpreter of today in a block that is there."""
    note = CREATED if CREATED in found[0] else b""
    chain = _chain(hook.name) if CHAINED.encode() in found[0] else b""
    block = _block(hook.name, note, chain)
    if block == found[0]:
        return HookChange(hook, "unchanged")
    _write(hook, content[: found.start()] + block + content[found.end() :])
    return HookChange(hook, "updated")


def _move_aside(hook: Path) -> None:
    aside = hook.with_name(hook.name + CHAINED)
    if os.path.lexists(aside):
        raise RepositoryError(f"{aside} is in the way: it holds an older hook. Merge it into {hook.name}, or delete it")
    hook.rename(aside)
    try:
        _write(hook, SHEBANG + _block(hook.name, chain=_chain(hook.name)))
    except OSError:
        aside.rename(hook)
        raise


def _uninstall(hook: Path) -> HookChange:
    content = hook.read_bytes() if hook.is_file() and not hook.is_symlink() else b""
    found = _BLOCK.search(content)
    if found is None:
        return HookChange(hook, "absent")
    rest = content[: found.start()] + content[found.end() :]
    aside = hook.with_name(hook.name + CHAINED)
    if rest == SHEBANG and CHAINED.encode() in found[0] and os.path.lexists(aside):
        aside.replace(hook)
        return HookChange(hook, "restored")
    if rest == SHEBANG and CREATED in found[0]:
        hook.unlink()
        return HookChange(hook, "removed")
    _write(hook, rest)
    return HookChange(hook, "restored")


def _is_shell_script(hook: Path, content: bytes) -> bool:
    """Whether a block can go under the first line, and will be run there."""
    return not hook.is_symlink() and os.access(hook, os.X_OK) and _SHELL.match(content) is not None


def _block(name: str, note: bytes = b"", chain: bytes = b"") -> bytes:
    """Return our lines; nothing they do reaches git, and the standard input is left for others."""
    command = f'{shlex.quote(sys.executable)} -P -m mom_lsp hook run {name} "$@" >/dev/null 2>&1 </dev/null || true\n'
    return BEGIN + note + os.fsencode(command) + chain + END


def _chain(name: str) -> bytes:
    """Return the lines that hand over to a hook that was moved aside, with its input and its status."""
    return (
        f'mom_chained="$(dirname "$0")/{name}{CHAINED}"\n[ ! -x "$mom_chained" ] || exec "$mom_chained" "$@"\n'.encode()
    )


def _write(hook: Path, content: bytes) -> None:
    """Replace a hook in one step, since git may be about to run it; a new one can be executed."""
    fresh = hook.with_name(hook.name + ".mom-new")
    try:
        fresh.write_bytes(content)
        if hook.exists():
            shutil.copymode(hook, fresh)
        else:
            fresh.chmod(0o755)
        fresh.replace(hook)
    finally:
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
