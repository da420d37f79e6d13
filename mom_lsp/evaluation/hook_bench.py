"""How much time the git hook adds to a commit."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from statistics import median

from mom_lsp import datafolder, hooks
from mom_lsp.git.location import locate

ROUNDS = 15
COMMIT = [
    "-c",
    "user.name=bench",
    "-c",
    "user.email=bench@example.org",
    "commit",
    "--quiet",
    "--allow-empty",
    "-m",
    "x",
]


def measure_hook(repo: Path, clock: Callable[[], float] = time.perf_counter) -> dict[str, float]:
    """Return median milliseconds of commits with and without the hook, interleaved, in a clone of `repo`.

    The clone's writer lease is held, so that no indexer runs; `starting` is the time that starting one would add.
    `extra` is the overhead of the hook without the start of the interpreter. `clock` returns seconds.
    """
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch).resolve() / "clone"
        _git(Path(scratch), "clone", "--quiet", "--shared", "--template=", str(repo.resolve()), str(clone))
        location = locate(clone)
        installed, switched_off = hooks.hooks_folder(location, force=True), clone / ".git" / "no-hooks"
        hooks.install(installed)
        location.data.mkdir()
        with _lease(location.data):
            times = _interleaved(
                {
                    "without": lambda: _git(clone, "-c", f"core.hooksPath={switched_off}", *COMMIT),
                    "with": lambda: _git(clone, "-c", f"core.hooksPath={installed}", *COMMIT),
                    "interpreter": lambda: _python("-c", "pass"),
                    "starting": lambda: _python("-c", "import subprocess; subprocess.Popen(['true'])"),
                },
                clock,
            )
    times["starting"] -= times["interpreter"]
    return times | {"extra": times["with"] - times["without"] - times["interpreter"]}


def _interleaved(jobs: dict[str, Callable[[], None]], clock: Callable[[], float]) -> dict[str, float]:
    """Return the median milliseconds of each job; every round runs all of them, so that load affects them alike."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for job in jobs.values():  # a warm-up: files are read, byte code is written
        job()
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            start = clock()
            job()
            times[name].append((clock() - start) * 1_000)
    return {name: median(values) for name, values in times.items()}


def _lease(data_dir: Path) -> AbstractContextManager[object]:
    from filelock import FileLock

    return FileLock(data_dir / datafolder.LEASE)


def _git(folder: Path, *args: str) -> None:
    """Run git as a user does, with hooks."""
    subprocess.run(["git", *args], cwd=folder, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def _python(*args: str) -> None:
    subprocess.run([sys.executable, "-P", *args], check=True, stdin=subprocess.DEVNULL)
