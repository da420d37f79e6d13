"""Starting child processes, exiting with the parent, restart delays. No fork: LanceDB and torch do not survive it."""

from __future__ import annotations

import contextlib
import os
import site
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

DETACHED = 0x00000008 | 0x00000200  # Windows: DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP
READY = b"ready\n"  # printed by a child once it listens
QUIET = {  # for children: no network, no output
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "LANCEDB_LOG": "error",
    "TQDM_DISABLE": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # its own pool keeps what it freed: some 8 MB
    "MALLOC_ARENA_MAX": "2",  # glibc: otherwise each thread holds the memory it freed
}


def child_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of a child: without git's variables, which hooks set, and quiet."""
    passed = {key: value for key, value in environ.items() if not key.upper().startswith("GIT_")}
    passed.pop("PYTHONPATH", None)
    package_root = str(Path(__file__).resolve().parents[2])
    if package_root not in {*site.getsitepackages(), site.getusersitepackages()}:
        passed["PYTHONPATH"] = package_root  # an editable install, or a folder on PYTHONPATH
    return passed | QUIET


def spawn(
    module_args: Sequence[str],
    *,
    stdin: int | IO[Any] = subprocess.PIPE,
    stdout: int | IO[Any] | None = None,
    stderr: int | IO[Any] | None = None,
    detached: bool = False,
    command: Sequence[str] = ("-m", "mom_lsp"),
) -> subprocess.Popen[bytes]:
    """Start `python -P -m mom_lsp ARGS` in a folder where no workspace can shadow a module.

    stdout is a pipe by default, since ours may carry a protocol. A detached child outlives us: it has its own session
    and no streams, except a stdout that the caller passes to notice that the child is ready.
    """
    options: dict[str, Any] = {}
    if detached:
        stdin, stderr = subprocess.DEVNULL, subprocess.DEVNULL
        stdout = subprocess.DEVNULL if stdout is None else stdout
        options = {"creationflags": DETACHED} if os.name == "nt" else {"start_new_session": True}
    return subprocess.Popen(
        [sys.executable, "-P", *command, *module_args],
        stdin=stdin,
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=stderr,
        cwd=Path(sys.executable).anchor,  # the root is no workspace, and no folder that somebody wants to remove
        env=child_environment(),
        close_fds=True,
        **options,
    )


def end_with_parent(stream: IO[Any]) -> None:
    """Exit at once when `stream`, a pipe from the parent, reaches its end."""
    descriptor = stream.fileno()  # not the buffered reader: its lock would be held while the interpreter exits

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(descriptor, 65536):
                pass
        os._exit(0)

    threading.Thread(target=wait, name="end-with-parent", daemon=True).start()


class Restarts:
    """Restart delays for a child that died: 1, 2, 4… seconds, at most five restarts in three minutes."""

    LIMIT, WINDOW = 5, 180.0

    def __init__(self) -> None:
        self._times: list[float] = []

    def delay(self, now: float) -> float | None:
        """Return the seconds to wait before the next start, None if it died too often."""
        self._times = [then for then in self._times if now - then < self.WINDOW]
        if len(self._times) >= self.LIMIT:
            return None
        self._times.append(now)
        return float(2 ** (len(self._times) - 1))


def announce_ready() -> None:
    """Signal to the parent process that this one listens, and close its pipe."""
    with contextlib.suppress(OSError):
        os.write(1, READY)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
