"""The command of the git hooks: queues a request, starts an indexer if none runs, and exits within milliseconds.

It imports next to nothing, does not run git, prints nothing, and never fails a commit.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mom_lsp import datafolder, indexqueue
from mom_lsp.gitdirs import common_dir_of, git_dir_above, git_dir_of, rebasing

MAX_LOG_BYTES = 64 * 1024


def run(args: Sequence[str]) -> None:
    """Run a hook; `args` are its name and the arguments that git passed. Never raises."""
    data_dir: Path | None = None
    try:
        root = Path.cwd()
        git_dir = _git_dir(root)
        if git_dir is None:
            return
        data_dir = Path(common_dir_of(str(git_dir)), datafolder.NAME)
        indexqueue.enqueue(data_dir, git_dir, " ".join(args[:2]) or "hook")
        # At the end of a rebase its folder still exists when this hook runs; the indexer waits until git removes it.
        waiting = rebasing(str(git_dir)) and list(args[:2]) != ["post-rewrite", "rebase"]
        if not waiting and indexqueue.claim_start(data_dir, time.time()):
            start_indexer(root if git_dir_of(str(root)) == str(git_dir) else git_dir)
    except Exception:  # never fail the commit: log the error
        _log(data_dir)


def _git_dir(folder: Path) -> Path | None:
    """Return the git directory that the hook runs for."""
    given = os.environ.get("GIT_DIR")
    if given:
        return (folder / given).resolve()
    found = git_dir_above(str(folder))
    return Path(found) if found else None


def start_indexer(workspace: Path) -> None:
    """Start a detached indexer without our streams: git would wait for them to be closed."""
    import subprocess

    scrubbed = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment = scrubbed | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    command = [sys.executable, "-P", "-m", "mom_lsp", "index", "--queued", "-C", str(workspace)]
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.IDLE_PRIORITY_CLASS
    else:
        os.nice(19)  # the lowest priority, for the child, which inherits it; this process is about to exit
    subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(sys.executable).anchor,
        env=environment,
        start_new_session=True,
        creationflags=flags,
    )


def _log(data_dir: Path | None) -> None:
    """Append the current exception to a log, which is truncated when it is full."""
    import contextlib
    import traceback

    if data_dir is None:
        return
    file = data_dir / datafolder.HOOK_LOG
    with contextlib.suppress(OSError):
        full = file.exists() and file.stat().st_size > MAX_LOG_BYTES
        with file.open("w" if full else "a", encoding="utf-8", errors="replace") as stream:
            stream.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')}\n{traceback.format_exc()}\n")
