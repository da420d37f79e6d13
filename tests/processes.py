"""Processes of mom, started as a user would start them and observed from outside."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from repositories import Repo

LONG = 120.0  # seconds: the timeout for what takes one or two, as the machine may be busy

MOUNT = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
# A small disk in the place of a folder, with what was in it, and full but for some kilobytes.
FILL = """
cp -a "$1" "$1.kept" && mount -t tmpfs -o size=64m none "$1" && cp -a "$1.kept/." "$1" && rm -r "$1.kept" &&
head -c "$(($(df --output=avail -B1 "$1" | tail -1) - $2))" /dev/zero >"$1/filler" && shift 2 && exec "$@"
"""
LIMIT = 'echo "$2" >"/proc/sys/user/$1" && shift 2 && exec "$@"'
NEW_USER = ["--user", "--map-root-user"]
UNSHARE = ["unshare", "--mount", *([] if os.geteuid() == 0 else NEW_USER)]


def start(repo: Repo, *args: str) -> subprocess.Popen[bytes]:
    """Start `mom` in a repository, at the head of a process group of its own."""
    command = [sys.executable, "-P", "-m", "mom_lsp", "-C", str(repo.root), *args]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def finish(process: subprocess.Popen[bytes]) -> str:
    """Wait for a process to exit successfully, and return its output."""
    out, complaints = process.communicate(timeout=LONG)
    assert process.returncode == 0, complaints.decode()
    return out.decode()


def mom(repo: Repo, *args: str) -> str:
    return finish(start(repo, *args))


def spent() -> float:
    """Return the CPU seconds of the children that have exited, unaffected by other busy processes."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def about(path: Path) -> list[psutil.Process]:
    """Return the processes whose command line contains a path."""
    found = []
    for process in psutil.process_iter():
        try:
            if any(str(path) in argument for argument in process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def eventually(condition: Callable[[], object]) -> None:
    """Poll until another process has done something, as it sends no notification."""
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def join_threads(name: str) -> None:
    """Wait until the threads of a name have ended."""
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(LONG)
            assert not thread.is_alive(), name


def read_only(folder: Path) -> list[str]:
    """Return a command prefix that runs a command with a folder mounted read-only; skip where that is impossible."""
    return _unshared(UNSHARE, MOUNT, str(folder))


def full_disk(folder: Path, free: int = 0) -> list[str]:
    """Return a command prefix that runs a command with a folder on a disk of its own that has `free` bytes left."""
    return _unshared(UNSHARE, FILL, str(folder), str(free))


def limited(resource: str, most: int) -> list[str]:
    """Return a command prefix that runs a command with at most so many of what /proc/sys/user counts."""
    return _unshared(["unshare", *NEW_USER], LIMIT, resource, str(most))


def _unshared(unshare: list[str], script: str, *arguments: str) -> list[str]:
    prefix = [*unshare, "sh", "-c", script, "sh", *arguments]
    tried = subprocess.run([*prefix, "true"], capture_output=True, text=True) if shutil.which("unshare") else None
    if tried is None or tried.returncode:
        pytest.skip(f"no such namespace here: {tried.stderr if tried else 'unshare is missing'}")
    return prefix
