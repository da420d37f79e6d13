"""Where everything lies that names a process: in a folder of this user on this machine, never in the data folder.

A data folder may be a copy, or come with an unpacked archive: what it said of a running engine would be about the
engine of another folder, or a trap. So an engine is found by what no copy shares, the identity of its data folder.
"""

from __future__ import annotations

import os
import stat

from mom_lsp.datafolder import identity

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the 4 ms that importing typing takes
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_SOCKET_PATH = 100  # bytes; the system's limit is 104 to 108
LONGEST = ".sock"  # of the suffixes


def find_file(data: str | os.PathLike[str], suffix: str) -> str:
    """Return the path of a file of the engine that serves a data folder. Raises OSError if there is none."""
    name = _name(data) + suffix
    for base in _bases():
        path = os.path.join(_folder(base), name)
        if _is_private(_folder(base)) and os.path.lexists(path):
            return path
    raise FileNotFoundError(name)


def new_files(data: str | os.PathLike[str]) -> str:
    """Return the path, without a suffix, of the files of an engine that is about to serve a data folder.

    Raises:
        OSError: there is no such data folder, or no place for files that only this user can reach.
    """
    import contextlib

    name = _name(data)
    for base in _bases():
        folder = _folder(base)
        with contextlib.suppress(OSError):  # it is there already, or cannot be there
            os.mkdir(folder, 0o700)
        path = os.path.join(folder, name)
        if _is_private(folder) and os.access(folder, os.W_OK) and len(os.fsencode(path + LONGEST)) <= MAX_SOCKET_PATH:
            return path
    raise OSError("no private folder for the engine's socket; set XDG_RUNTIME_DIR to a folder that only you can enter")


def is_private(path: str | os.PathLike[str], kind: Callable[[int], bool]) -> bool:
    """Tell whether nobody but this user can write `path` (or replace what it names). Raises OSError."""
    status = os.lstat(path)
    if os.name == "nt":  # a user's folder for temporary files is nobody else's
        return kind(status.st_mode)
    return kind(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def _name(data: str | os.PathLike[str]) -> str:
    from zlib import crc32

    inode, _, path = identity(data).partition(" ")
    return f"{inode}-{crc32(os.fsencode(path)):08x}"


def _is_private(folder: str) -> bool:
    try:
        return is_private(folder, stat.S_ISDIR)
    except OSError:
        return False


def _folder(base: str) -> str:
    return os.path.join(base, "mom" if os.name == "nt" else f"mom-{os.geteuid()}")


def _bases() -> Iterator[str]:
    """Yield the folders that may hold ours, best first."""
    if os.name != "nt":
        yield from filter(None, [os.environ.get("XDG_RUNTIME_DIR")])
        yield f"/run/user/{os.geteuid()}"
    yield from filter(None, map(os.environ.get, ("TMPDIR", "TEMP", "TMP")))
    yield "/tmp"
