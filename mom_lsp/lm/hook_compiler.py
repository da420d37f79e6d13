"""Compiles hook.c with the system's compiler, once, into the user's cache.

The package ships the source, so that one wheel fits all machines; nothing is compiled unless it is used.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import platformdirs

from mom_lsp.errors import ModelError

SOURCE = Path(__file__).with_name("hook.c")
COMPILERS = ("cc", "gcc", "clang")
FLAGS = ("-O3", "-shared", "-fPIC")
TIMEOUT = 60.0  # seconds


def load_hook() -> ctypes.CDLL:
    """Return the compiled hook, compiling it if necessary.

    Raises:
        ModelError: there is no compiler, or it failed. The hook then runs in Python, which is slower.
    """
    path = compiled_file()
    if not path.exists():
        compile_hook(path)
    if not _is_private(path):
        raise ModelError(f"{path} is not owned by you, or is writable by others: remove it")
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise ModelError(f"{path} cannot be loaded ({error}): remove it to recompile it") from error


def compiled_file() -> Path:
    """Return the path of the compiled hook for this source and this machine."""
    machine = os.uname().machine if hasattr(os, "uname") else "windows"
    digest = hashlib.blake2b(SOURCE.read_bytes() + machine.encode(), digest_size=8).hexdigest()
    return platformdirs.user_cache_path("mom-lsp") / "lm" / f"hook-{digest}.so"


def compile_hook(target: Path) -> None:
    """Compile hook.c to `target`, atomically.

    Raises:
        ModelError: there is no compiler, or it failed.
    """
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        raise ModelError("no C compiler (cc, gcc or clang) found: install one to make attention traces fast")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        made = Path(scratch) / "hook.so"
        command = [compiler, *FLAGS, "-o", str(made), str(SOURCE)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, cwd=scratch, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ModelError(f"{compiler} failed to run: {error}") from error
        if done.returncode:
            raise ModelError(f"{compiler} cannot compile the attention hook: {done.stderr.strip()[:300]}")
        made.replace(target)


def _is_private(path: Path) -> bool:
    if os.name == "nt":
        return True
    status = path.stat()
    return status.st_uid in (os.geteuid(), 0) and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
