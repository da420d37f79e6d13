"""The checks of `mom doctor` outside the service. Each check is {"name", "ok", "message", "fix"}."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mom_lsp import hooks
from mom_lsp.errors import MomError, UsageError
from mom_lsp.git.location import Location

SMALL_PAGES = 4096  # bytes


def check(name: str, ok: bool | None, message: str, fix: str = "") -> dict[str, Any]:
    """Return one check; `ok` is None for information that is not a failure."""
    return {"name": name, "ok": ok, "message": message, "fix": "" if ok else fix}


def checks(location: Location | None) -> list[dict[str, Any]]:
    """Check the git hooks, unless the repository cannot be located, and the size of the machine's memory pages."""
    return [*(_hook(location) if location else ()), *_pages()]


def without_service(reason: str) -> list[dict[str, Any]]:
    """Return the checks that remain when the service cannot be reached."""
    git = shutil.which("git")
    return [
        check("git", git is not None, git or "not found", "install git, or add it to PATH"),
        check("service", False, reason),
    ]


def _hook(location: Location) -> Iterator[dict[str, Any]]:
    if not location.git:
        return
    try:
        folder, command, outside = _hooks_folder(location)
        files = [folder / name for name in hooks.NAMES]
        missing = [file.name for file in files if not file.is_file() or hooks.BEGIN not in file.read_bytes()]
        ours = [file for file in files if file.name not in missing]
        gone = [
            f"{file.name} runs a Python that no longer exists: {path}"
            for file in ours
            if (path := hooks.missing_python(file))
        ]
        disabled = [file.name for file in ours if not hooks.is_enabled(file)]
    except (MomError, OSError) as error:
        yield check("hook", None, str(error))
        return
    if gone:
        yield check("hook", False, "; ".join(gone), f"run `{command}` to replace the hooks")
        return
    if disabled:
        yield check(
            "hook", None, f"not executable, so git ignores it: {', '.join(disabled)}", "`chmod +x` enables a hook"
        )
        return
    message = "not installed" if len(missing) == len(files) else f"not installed: {', '.join(missing)}"
    fix = f"optional: `{command}` indexes after each commit, even if no editor is open"
    yield check("hook", None if missing else True, message + outside if missing else "installed", fix)


def _hooks_folder(location: Location) -> tuple[Path, str, str]:
    """Return the folder of the hooks, the command that installs them, and why it has to be forced."""
    try:
        return hooks.hooks_folder(location), "mom hook install", ""
    except UsageError as error:
        return hooks.hooks_folder(location, force=True), "mom hook install --force", f"; {error}"


def _pages() -> Iterator[dict[str, Any]]:
    size = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else SMALL_PAGES
    if size != SMALL_PAGES:
        message = f"memory pages of {size // 1024} KB; the wheels that mom needs are built for pages of up to 64 KB"
        fix = "if a library still crashes: on a Raspberry Pi 5, kernel=kernel8.img in config.txt selects pages of 4 KB"
        yield check("pages", None, message, fix)
