"""Installing mom in a repository's git hooks, and uninstalling it, which restores them byte for byte.

In an existing shell script, our block goes below the first line, before any `exit` or `exec`, and changes neither the
script's exit status nor its input. Any other hook (a binary, a link, a script in another language, a disabled hook) is
moved to a folder below, under its own name, which it may read, and a small script in its place runs ours and then it.
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
CHAINED = "mom-chained"  # the folder of the hooks that ours call
RENAMED = ".mom-chained"  # the suffix that they got in their own folder once
HUSKY = Path("_", "h")  # in the folder whose hooks husky 9 runs, by `sh -e` and whatever their mode
_BLOCK = re.compile(re.escape(BEGIN) + rb".*?" + re.escape(END), re.DOTALL)
_ENV = rb"(?:(?:\S*/)?env[ \t]+(?:(?:-\S+|\w+=\S*)[ \t]+)*)?"  # with its options and variables
_SHELL = re.compile(rb"#![ \t]*" + _ENV + rb"(?:\S*/)?(?:sh|bash|dash|ksh|zsh)(?:[ \t][^\n\r]*)?\n")


@dataclass(frozen=True, slots=True)
class HookChange:
    """The result for one hook."""

    path: Path
    done: str  # created | chained | updated | unchanged | removed | restored | absent


def hooks_folder(location: Location, *, force: bool = False) -> Path:
    """Return the folder of this repository's hooks: with husky 9 that of the user's, not the one that it generates.

    Raises:
        UsageError: `core.hooksPath` is outside the repository, and `force` is not set.
        RepositoryError: not a git repository.
    """
    if location.git_dir is None or location.common_dir is None:
        raise RepositoryError(f"{location.root} is not a git repository and has no hooks")
    configured = path_setting(location.git_dir, "core.hooksPath")
    if configured is None:
        return location.common_dir / "hooks"
    folder = (location.root / configured).resolve()  # git resolves a relative path from the root of the worktree
    if folder.name == HUSKY.parent.name and _is_of_husky(folder.parent):
        folder = folder.parent
    common = location.common_dir
    homes = (location.root, common, common.parent if common.name == ".git" else common)  # with the main worktree
    inside = any(folder.is_relative_to(home) for home in homes)
    if not inside and not force:
        raise UsageError(
            f"core.hooksPath is {folder}, outside this repository; other repositories may use the same hooks. "
            "Use --force to change them, or set `git config --local core.hooksPath` to a folder in this repository"
        )
    return folder


def install(folder: Path) -> list[HookChange]:
    """Add our block to each hook in NAMES; idempotent. Raises RepositoryError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_install(folder / name) for name in NAMES]
    except OSError as error:
        raise RepositoryError(f"cannot write the hooks: {error}") from error


def uninstall(folder: Path) -> list[HookChange]:
    """Restore each hook as it was before. Raises RepositoryError."""
    try:
        return [_uninstall(folder / name) for name in NAMES]
    except OSError as error:
        raise RepositoryError(f"cannot write the hooks: {error}") from error


def _install(hook: Path) -> HookChange:
    if not os.path.lexists(hook):
        _write(hook, SHEBANG + _block(hook.name, CREATED))
        return HookChange(hook, "created")
    content = b"" if hook.is_symlink() else hook.read_bytes()
    if found := _BLOCK.search(content):
        return _update(hook, content, found)
    if _is_shell_script(hook, content):
        shebang = _SHELL.match(content)
        start = shebang.end() if shebang else 0
        _write(hook, content[:start] + _block(hook.name) + content[start:])
    else:
        _move_aside(hook)
    return HookChange(hook, "chained")


def _update(hook: Path, content: bytes, found: re.Match[bytes]) -> HookChange:
    """Update an existing block, for example to the current interpreter."""
    note = CREATED if CREATED in found[0] else b""
    chain = _chain(hook) if CHAINED.encode() in found[0] else b""
    renamed = hook.with_name(hook.name + RENAMED)
    if chain and os.path.lexists(renamed):
        _move(renamed, _room_for(hook))
    block = _block(hook.name, note, chain)
    if block == found[0]:
        return HookChange(hook, "unchanged")
    _write(hook, content[: found.start()] + block + content[found.end() :])
    return HookChange(hook, "updated")


def _move_aside(hook: Path) -> None:
    _move(hook, aside := _room_for(hook))
    try:
        _write(hook, SHEBANG + _block(hook.name, chain=_chain(hook)))
    except OSError:
        _restore(aside, hook)
        raise


def _room_for(hook: Path) -> Path:
    """Return where a hook is moved to. It finds there what it may look for beside itself, such as `post-commit.d`."""
    aside = hook.parent / CHAINED / hook.name
    if os.path.lexists(aside):
        raise RepositoryError(f"{aside} already exists (an older hook); merge it into {hook.name}, or delete it")
    aside.parent.mkdir(exist_ok=True)
    for beside in hook.parent.iterdir():
        if beside.name not in {*NAMES, CHAINED} and beside.suffix not in {".sample", RENAMED}:
            with contextlib.suppress(OSError):  # it is there already, or Windows allows no links
                (aside.parent / beside.name).symlink_to(f"../{beside.name}")
    return aside


def _restore(aside: Path, hook: Path) -> None:
    _move(aside, hook)
    if aside.parent.name == CHAINED and not any(os.path.lexists(aside.with_name(name)) for name in NAMES):
        for link in filter(Path.is_symlink, list(aside.parent.iterdir())):
            link.unlink()
        with contextlib.suppress(OSError):  # the user may keep something there
            aside.parent.rmdir()


def _move(hook: Path, to: Path) -> None:
    """Move a hook within its folder, down or up; a relative link keeps its target."""
    if not hook.is_symlink() or hook.readlink().is_absolute() or to.parent == hook.parent:
        hook.replace(to)
        return
    target = os.readlink(hook)  # noqa: PTH115 (a Path would shorten ./a, and uninstalling restore another link)
    link = hook.with_name(hook.name + ".mom-new")
    link.symlink_to(f"../{target}" if to.parent.name == CHAINED else target.removeprefix("../"))
    link.replace(to)
    hook.unlink()


def _uninstall(hook: Path) -> HookChange:
    content = hook.read_bytes() if hook.is_file() and not hook.is_symlink() else b""
    found = _BLOCK.search(content)
    if found is None:
        return HookChange(hook, "absent")
    rest = content[: found.start()] + content[found.end() :]
    asides = [hook.parent / CHAINED / hook.name, hook.with_name(hook.name + RENAMED)]
    aside = next(filter(os.path.lexists, asides), None)
    if rest == SHEBANG and CHAINED.encode() in found[0] and aside:
        _restore(aside, hook)
        return HookChange(hook, "restored")
    if rest == SHEBANG and CREATED in found[0]:
        hook.unlink()
        return HookChange(hook, "removed")
    _write(hook, rest)
    return HookChange(hook, "restored")


def _is_shell_script(hook: Path, content: bytes) -> bool:
    """Whether the hook is a shell script that is run, which our block can be inserted into."""
    in_shell = _is_of_husky(hook.parent) or _SHELL.match(content) is not None
    return in_shell and is_enabled(hook) and not hook.is_symlink()


def is_enabled(hook: Path) -> bool:
    """Whether a hook is run."""
    return _is_of_husky(hook.parent) or os.access(hook, os.X_OK)


def _is_of_husky(folder: Path) -> bool:
    return (folder / HUSKY).is_file()


def _block(name: str, note: bytes = b"", chain: bytes = b"") -> bytes:
    """Return our block; it never affects the exit status and does not read standard input."""
    command = f'{shlex.quote(sys.executable)} -P -m mom_lsp hook run {name} "$@" >/dev/null 2>&1 </dev/null || true\n'
    return BEGIN + note + os.fsencode(command) + chain + END


def missing_python(hook: Path) -> str:
    """Return the Python that our block in a hook starts if it is gone, "" if it is there. Raises OSError."""
    command = hook.read_bytes().partition(BEGIN)[2].decode("utf-8", "surrogateescape")
    line = next((line for line in command.split("\n") if " -m mom_lsp hook run " in line), "")
    python = shlex.split(line.partition(" -P -m ")[0])[:1]
    return "" if python and os.access(python[0], os.X_OK) else "".join(python) or "none"


def _chain(hook: Path) -> bytes:
    """Return the lines that run a hook that was moved, with its input and exit status."""
    able, run = ("-f", "exec sh -e") if _is_of_husky(hook.parent) else ("-x", "exec")
    chained = f'mom_chained="$(dirname "$0")/{CHAINED}/{hook.name}"\n'
    return f'{chained}[ ! {able} "$mom_chained" ] || {run} "$mom_chained" "$@"\n'.encode()


def _write(hook: Path, content: bytes) -> None:
    """Replace a hook atomically, since git may be about to run it; a new one becomes executable."""
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
