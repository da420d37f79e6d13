"""Requests to index, one small file for each worktree, so that a hundred commits are one request.

A hook enqueues and leaves. Who gets the writer lease calls `started`, serves what is pending, lets the lease go, and
looks once more, because a hook that saw the lease held relies on that.

Nothing is flushed to disk: a request lost in a power cut is made good by the next pass, which reads what is missing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import NamedTuple  # dataclasses take 14 ms to import, and a hook has 60

from mom_lsp import datafolder

START_SECONDS = 30.0  # an indexer that has not got the lease by then is taken for dead
BACKGROUND = "background"
UNATTENDED = ("post-", "hook", "settings", BACKGROUND)  # how the reason of a request begins for which nobody waits
MAX_BYTES = 16 * 1024  # of a request


class IndexRequest(NamedTuple):
    """A worktree that asks to be indexed."""

    file: Path
    git_dir: Path  # of the worktree
    reason: str
    nonce: str  # tells this request from the next one of the same worktree


def enqueue(data_dir: Path, git_dir: Path, reason: str) -> Path:
    """Ask for a worktree to be indexed; replaces the request that may be waiting. Raises OSError."""
    folder = data_dir / datafolder.REQUESTS
    datafolder.make(data_dir)
    folder.mkdir(exist_ok=True)
    name = hashlib.blake2b(os.fsencode(git_dir), digest_size=8).hexdigest()
    file, nonce = folder / f"{name}.json", os.urandom(8).hex()
    if reason.startswith(UNATTENDED) and (before := _read(file)) and not before.reason.startswith(UNATTENDED):
        reason = before.reason  # the user waits for that one
    fresh = folder / f"{name}.{nonce}.tmp"
    content = {"git_dir": os.fsdecode(git_dir), "reason": reason, "nonce": nonce}
    try:
        fresh.write_text(json.dumps(content), "ascii")
        fresh.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
    return file


def pending(data_dir: Path) -> list[IndexRequest]:
    """Return what waits, in no particular order; a file that is no request is removed."""
    try:
        files = sorted((data_dir / datafolder.REQUESTS).glob("*.json"))
    except OSError:
        return []
    return [request for file in files if (request := _read(file)) is not None]


def asked_by_user(data_dir: Path) -> bool:
    """Whether one of the pending requests comes from the user, by a command or in an editor, not from a hook."""
    return any(not request.reason.startswith(UNATTENDED) for request in pending(data_dir))


def done(request: IndexRequest) -> None:
    """Remove a request that was served, unless it was made again since it was read."""
    taken = request.file.with_suffix(f".{request.nonce}.done")
    with contextlib.suppress(FileNotFoundError):
        request.file.replace(taken)  # out of the way of a hook, so that looking and removing are one step
        if (found := _read(taken)) is not None and found.nonce != request.nonce:
            taken.replace(request.file)
        else:
            taken.unlink(missing_ok=True)


def claim_start(data_dir: Path, now: float) -> bool:
    """Whether the caller is to start an indexer: nobody has the lease, and nobody is about to. Raises OSError."""
    marker = data_dir / datafolder.STARTING
    if lease_held(data_dir):
        return False
    with contextlib.suppress(FileNotFoundError):
        starts = os.fsdecode(marker.read_bytes())  # "" while it is being written
        copied = starts not in ("", datafolder.identity(data_dir))
        if copied or abs(now - marker.stat().st_mtime) > START_SECONDS:
            marker.unlink(missing_ok=True)
    try:
        descriptor = os.open(marker, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return False
    os.write(descriptor, os.fsencode(datafolder.identity(data_dir)))
    os.close(descriptor)
    return True


def started(data_dir: Path) -> None:
    """Say that an indexer has the lease and looks at the requests from now on."""
    (data_dir / datafolder.STARTING).unlink(missing_ok=True)


def lease_held(data_dir: Path) -> bool:
    """Whether an indexer has the writer lease, as filelock takes it; False where that cannot be told cheaply."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        descriptor = os.open(data_dir / datafolder.LEASE, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _read(file: Path) -> IndexRequest | None:
    try:
        with file.open("rb") as stream:
            content = json.loads(stream.read(MAX_BYTES))
        return IndexRequest(file, Path(str(content["git_dir"])), str(content["reason"]), str(content["nonce"]))
    except OSError:
        return None
    except (ValueError, TypeError, KeyError, RecursionError):
        with contextlib.suppress(OSError):
            file.unlink()
        return None
