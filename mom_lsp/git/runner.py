"""Running git so that a hostile repository can run no code and access no network.

Commands only read revisions, never the work tree; values from the repository come after `--end-of-options`.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any, cast

from mom_lsp.errors import RepositoryError

ENVIRONMENT = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_FLUSH": "0",  # by default it flushes a pipe after each commit: listing a history takes twice as long
    "LC_ALL": "C",
    # By default glibc returns the buffer of every larger file to the system, and gets a new one for the next.
    "MALLOC_MMAP_THRESHOLD_": "67108864",
    "MALLOC_TRIM_THRESHOLD_": "134217728",
}
# Overrides for settings by which a repository could run a program, or change the format that we parse.
CONFIG = (
    "core.fsmonitor=false",
    "core.hooksPath=" + os.devnull,
    "core.quotePath=false",
    "core.bigFileThreshold=16m",  # git diffs no larger files, which would take it ten times their size
    "advice.graftFileDeprecated=false",
    "core.pager=cat",
    "diff.external=",
    "diff.noprefix=false",
    "diff.mnemonicPrefix=false",
    "diff.algorithm=myers",
    "diff.orderFile=" + os.devnull,
    "diff.suppressBlankEmpty=false",
    "log.showSignature=false",
    "log.showRoot=true",
    "i18n.logOutputEncoding=UTF-8",
)


MAILMAP = "mailmap.blob=HEAD:.mailmap"  # of `git log`
DAMAGE = re.compile(
    r"unable to (?:read|unpack)|could not (?:read|fetch|parse)|missing|bad (?:object|tree)|not found|promisor|corrupt"
    r"|is empty|inflate|revision walk setup failed|failed to traverse|not a tree object|not a valid object",
    re.IGNORECASE,
)
ADVICE = ": an object is missing or damaged; `git fsck` says which, and `git fetch` may restore it"
STORED = re.compile(r" \(stored in [^)\n]*\)")  # the path of a damaged object
POLL = 0.05  # seconds between two calls of `Stop`

Stop = Callable[[], bool]  # whether nobody wants the output any more


class Runner:
    """Runs git in one git directory. Since it is named explicitly, git does not check its owner (safe.directory)."""

    def __init__(
        self, git_dir: Path, environment: Mapping[str, str] | None = None, also: Callable[[], Mapping[str, str]] = dict
    ) -> None:
        """Take the git directory, and variables to set; `also` returns more of them, each time git is started."""
        _scrub_environment()
        # The work tree that the repository names may hold the git directory, to which paths would then be relative.
        place = {"GIT_WORK_TREE": str(git_dir)}
        self.git_dir, self._environment, self._also = git_dir, {**ENVIRONMENT, **place, **(environment or {})}, also

    def lines(
        self,
        *args: str,
        stdin: Iterable[str] | None = None,
        timeout: float | None = None,
        stop: Stop | None = None,
    ) -> list[str]:
        """Return the lines of the output.

        Raises RepositoryError if git fails, takes more than `timeout` seconds, or is ended since `stop` returns True.
        """
        text = self.output(*args, stdin=stdin, timeout=timeout, stop=stop).decode("utf-8", "surrogateescape")
        # Not splitlines(): a subject may contain other line separators.
        return text.removesuffix("\n").split("\n") if text else []

    def output(
        self,
        *args: str,
        stdin: Iterable[str] | None = None,
        timeout: float | None = None,
        stop: Stop | None = None,
    ) -> bytes:
        """Return the whole output. Raises as `lines`."""
        with self.stream(*args, stdin=stdin, timeout=timeout, stop=stop) as stream:
            return stream.read()

    @contextmanager
    def stream(
        self,
        *args: str,
        stdin: Iterable[str] | None = None,
        timeout: float | None = None,
        stop: Stop | None = None,
    ) -> Iterator[IO[bytes]]:
        """Yield git's standard output; raise RepositoryError at the end as `lines` does.

        Leaving before the end kills git without an error.
        """
        with tempfile.TemporaryFile() as source:
            source.writelines(line.encode("utf-8", "surrogateescape") + b"\n" for line in stdin or ())
            source.seek(0)
            handle = self._start(args, source)  # its finalizer kills git, so it must outlive the reading
            process = handle.proc
            errors = _Drain(process.stderr)
            ended = False
            watch = _Watch(process.kill, timeout, stop)
            try:
                yield process.stdout
                ended = not process.stdout.read(1)
            finally:
                if not ended:
                    process.kill()
                process.stdout.close()
                status = process.wait()
                watch.over.set()
                message = errors.text()
            if ended and status != 0:
                raise RepositoryError(_told(message) or f"git {args[0]} failed")

    @cached_property
    def _can_read_mailmap(self) -> bool:
        """Whether the tree of HEAD is not damaged: there, git would end before it lists anything."""
        try:
            self.output("cat-file", "tree", "HEAD^{tree}")
        except RepositoryError:
            return False
        return True

    def _start(self, args: Sequence[str], source: IO[bytes]) -> Any:
        from mom_lsp.git.git_python import Git, GitCommandNotFound

        config = (*CONFIG, MAILMAP) if "log" in args and self._can_read_mailmap else CONFIG
        options = [part for entry in config for part in ("-c", entry)]
        command = ["git", f"--git-dir={self.git_dir}", "--no-pager", *options, *args]
        try:
            git, environment = Git(str(self.git_dir)), {**self._environment, **self._also()}
            return git.execute(command, istream=cast(Any, source), as_process=True, env=environment)
        except GitCommandNotFound as error:
            raise RepositoryError("git was not found: install it, or add it to PATH") from error
        except (OSError, ValueError) as error:  # an argument has a NUL or is too long
            raise RepositoryError(f"cannot run git: {error}") from error


class _Drain(threading.Thread):
    """Reads a pipe to its end in a thread, so that git never blocks on it."""

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._pipe, self._read = pipe, b""
        self.start()

    def run(self) -> None:
        with self._pipe:
            while block := self._pipe.read(65536):
                self._read = (self._read + block)[:65536]

    def text(self) -> str:
        self.join()
        return self._read.decode("utf-8", "replace")


class _Watch:
    """Kills a process after some seconds, or once nobody wants its output."""

    def __init__(self, kill: Callable[[], None], timeout: float | None, stop: Stop | None) -> None:
        self._kill, self._timeout, self._stop = kill, timeout, stop
        self.over = threading.Event()  # set when the process has ended
        if timeout is not None or stop is not None:
            threading.Thread(target=self._run, name="mom-git-watch", daemon=True).start()

    def _run(self) -> None:
        until = float("inf") if self._timeout is None else time.monotonic() + self._timeout
        while (left := until - time.monotonic()) > 0 and not (self._stop is not None and self._stop()):
            if self.over.wait(left if self._stop is None else min(left, POLL)):
                return
        self._kill()


def _scrub_environment() -> None:
    """Remove the GIT_* variables that a hook inherits: they would point git elsewhere."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]


def is_damage(error: RepositoryError) -> bool:
    """Whether git failed since an object is missing or damaged."""
    return DAMAGE.search(str(error)) is not None


def _told(errors: str) -> str:
    """Return what git says about its end, and what to do if an object is missing or damaged."""
    lines = STORED.sub("", errors).strip().splitlines()
    fatal = [line for line in lines if line.startswith("fatal:")]
    told = (fatal or lines or [""])[0].removeprefix("fatal: ")
    return told + ADVICE if DAMAGE.search(told) else told
