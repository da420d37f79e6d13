"""The index queue: one small request file per worktree, so that a hundred commits are one request.

A hook enqueues and exits. The holder of the writer lease calls `started`, serves the pending requests, releases the
lease, and checks for requests again, which a hook that saw the lease held relies on.

Nothing is flushed to disk: if a request is lost in a power cut, the next pass indexes what is missing anyway.
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

START_SECONDS = 30.0  # an indexer without the lease by then is considered dead
BACKGROUND = "background"
UNATTENDED = ("post-", "hook", "settings", BACKGROUND)  # prefixes of the reasons for which no user waits
MAX_BYTES = 16 * 1024  # of a request


class IndexRequest(NamedTuple):
    """A request to index a worktree."""

    file: Path
    git_dir: Path  # of the worktree
    reason: str
    nonce: str  # distinguishes this request from later ones of the same worktree


def enqueue(data_dir: Path, git_dir: Path, reason: str) -> Path:
    """Request the indexing of a worktree, replacing its pending request. Raises OSError."""
    folder = data_dir / datafolder.REQUESTS
    datafolder.make(data_dir)
    folder.mkdir(exist_ok=True)
    name = hashlib.blake2b(os.fsencode(git_dir), digest_size=8).hexdigest()
    file, nonce = folder / f"{name}.json", os.urandom(8).hex()
    if reason.startswith(UNATTENDED) and (before := _read(file)) and not before.reason.startswith(UNATTENDED):
        reason = before.reason  # a user waits for it
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
    """Return the pending requests, in no particular order; invalid files are removed."""
    try:
        files = sorted((data_dir / datafolder.REQUESTS).glob("*.json"))
    except OSError:
        return []
    return [request for file in files if (request := _read(file)) is not None]


def asked_by_user(data_dir: Path) -> bool:
    """Whether a user waits for one of the pending requests, made by a command or an editor, not by a hook."""
    return any(not request.reason.startswith(UNATTENDED) for request in pending(data_dir))


def done(request: IndexRequest) -> None:
    """Remove a request that was served, unless it was renewed since it was read."""
    taken = request.file.with_suffix(f".{request.nonce}.done")
    with contextlib.suppress(FileNotFoundError):
        request.file.replace(taken)  # moved first, so that no hook can renew it between check and removal
        if (found := _read(taken)) is not None and found.nonce != request.nonce:
            taken.replace(request.file)
        else:
            taken.unlink(missing_ok=True)


def claim_start(data_dir: Path, now: float) -> bool:
    """Whether the caller has to start an indexer: none has the lease, and none is starting. Raises OSError."""
    marker = data_dir / datafolder.STARTING
    if lease_held(data_dir):
        return False
    with contextlib.suppress(FileNotFoundError):
        claimed = os.fsdecode(marker.read_bytes())  # "" while it is being written
        copied = claimed not in ("", datafolder.identity(data_dir))
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
    """Record that an indexer has the lease and serves requests from now on."""
    (data_dir / datafolder.STARTING).unlink(missing_ok=True)


def lease_held(data_dir: Path) -> bool:
    """Whether an indexer holds the writer lease, a filelock; False where a check would be slow."""
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
