"""The socket for terminal commands, with a plain byte protocol so that its client starts fast.

It is beside the engine's other socket, in a private folder. The client sends these fields, each terminated by NUL,
and then closes its side:

    version, identity of the data folder, folder, "tty" or "", width,
    any number of NAME=VALUE of the environment, "", any number of arguments

The engine answers `<exit code> <bytes of standard output>`, a newline, and both outputs, or nothing if it cannot.
On Windows there is no such socket, and the command runs in its own process.
"""

from __future__ import annotations

import os
import stat
import sys

from mom_lsp import __version__
from mom_lsp.datafolder import identity
from mom_lsp.process.runtime_folder import find_file, is_private

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the 4 ms that importing typing takes
if TYPE_CHECKING:
    import _socket
    import socket
    from collections.abc import Callable
    from typing import Any

MAX_REQUEST = 2**20  # bytes
TIMEOUT = 30.0  # seconds for the engine; after that the command runs in its own process
PASSED_ON = ("TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM_PROGRAM", "JUPYTER_COLUMNS")


def ask(data: str, arguments: list[str]) -> tuple[int, bytes, bytes] | None:
    """Run a command in the engine of a data folder; return exit code and outputs, None if it cannot. Raises OSError."""
    address = find_file(data, ".cmd")
    if not is_private(address, stat.S_ISSOCK):
        return None
    tty = sys.stdout.isatty()
    width = os.get_terminal_size(sys.stdout.fileno()).columns if tty else 0
    environment = [f"{name}={os.environ[name]}" for name in PASSED_ON if name in os.environ]
    fields = [__version__, identity(data), os.getcwd(), "tty" if tty else "", str(width), *environment, "", *arguments]
    answer = _exchange(address, b"".join(os.fsencode(field) + b"\0" for field in fields))
    if not answer:
        return None
    head, _, outputs = answer.partition(b"\n")
    code, length = map(int, head.split())
    return code, outputs[:length], outputs[length:]


def _exchange(address: str, request: bytes) -> bytes:
    import _socket  # `socket`, which wraps it, takes 5 ms to import

    line = _socket.socket(_socket.AF_UNIX)
    try:
        line.settimeout(TIMEOUT)
        line.connect(address)
        line.sendall(request)
        line.shutdown(_socket.SHUT_WR)
        return _all(line)
    finally:
        line.close()


def _all(line: _socket.socket, limit: int = 2**30) -> bytes:
    parts, size = [], 0
    while size < limit and (part := line.recv(65_536)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


class CommandSocket:
    """The engine's end: runs each command in its own thread."""

    def __init__(self, address: str, run: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
        """Listen at a path in a private folder.

        Args:
            address: the path.
            run: runs {"argv", "data", "folder", "terminal": {"tty", "width", "environ"}}, where `data` is the identity
                of the data folder, and returns {"stdout", "stderr", "code"}, None if it failed.
        """
        import contextlib
        import socket
        import threading

        self.address, self._run, self._start = address, run, threading.Thread
        self._listener = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(address)  # left by an engine that was killed
        self._listener.bind(address)
        os.chmod(address, 0o600)
        self._listener.listen(64)
        self._start(target=self._accept, name="mom-commands", daemon=True).start()

    def close(self) -> None:
        """Accept no more commands."""
        import contextlib
        import socket

        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        with contextlib.suppress(FileNotFoundError):  # a logout, or a cleaner of temporary files
            os.unlink(self.address)

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:  # closed
                return
            self._start(target=self._serve, args=[line], name="mom-command", daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        import contextlib

        with line, contextlib.suppress(OSError):  # a client that is gone needs no answer
            line.settimeout(TIMEOUT)
            version, *fields = _all(line, MAX_REQUEST).decode("utf-8", "surrogateescape").split("\0")[:-1] or [""]
            if version != __version__:
                return
            answer = self._run(_request(fields))
            if answer is None:
                return
            out, err = (answer[name].encode("utf-8", "replace") for name in ("stdout", "stderr"))
            line.sendall(b"%d %d\n%b%b" % (answer["code"], len(out), out, err))


def _request(fields: list[str]) -> dict[str, Any]:
    data, folder, tty, width, *rest = fields
    end = rest.index("")
    environ = dict(variable.partition("=")[::2] for variable in rest[:end])
    return {
        "argv": rest[end + 1 :],
        "data": data,
        "folder": folder,
        "terminal": {"tty": bool(tty), "width": int(width), "environ": environ},
    }
