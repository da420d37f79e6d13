"""The folder of the engine's sockets and keys: private to this user on this machine, never in the data folder.

A data folder may be a copy, or come from an archive: a reference to an engine in it would be to the engine of another
folder, or a trap. So an engine is found by the identity of its data folder, which no copy shares.
"""

from __future__ import annotations

import os
import stat

from mom_lsp.datafolder import identity

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the 4 ms that importing typing takes
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_SOCKET_PATH = 100  # bytes; the system's limit is 104 to 108
LONGEST_SUFFIX = ".sock"
RUN, SHARED = "/run/user", "/tmp"


def find_file(data: str | os.PathLike[str], suffix: str) -> str:
    """Return the path of a file of a data folder's engine. Raises OSError if there is none."""
    name = _name(data) + suffix
    for base in _bases():
        path = os.path.join(_folder(base), name)
        if _is_private(_folder(base)) and os.path.lexists(path):
            return path
    raise FileNotFoundError(name)


def new_files(data: str | os.PathLike[str]) -> str:
    """Return the path, without suffix, for the files of a new engine for a data folder.

    Raises:
        OSError: the data folder does not exist, or there is no private folder for the files.
    """
    import contextlib

    name = _name(data)
    for base in _bases():
        folder = _folder(base)
        with contextlib.suppress(OSError):  # it exists, or cannot be created
            os.makedirs(folder, 0o700) if base == _cache() else os.mkdir(folder, 0o700)
        path = os.path.join(folder, name)
        fits = len(os.fsencode(path + LONGEST_SUFFIX)) <= MAX_SOCKET_PATH
        if fits and _is_private(folder) and os.access(folder, os.W_OK):
            return path
    raise OSError("no private folder for the engine's socket; set XDG_RUNTIME_DIR to a folder that only you can access")


def is_private(path: str | os.PathLike[str], kind: Callable[[int], bool]) -> bool:
    """Whether only this user can access `path`, and it is of this kind. Raises OSError."""
    status = os.lstat(path)
    if os.name == "nt":  # a user's temporary folder is private
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
    """Yield the possible parent folders, best first."""
    if os.name != "nt":
        yield from filter(None, [os.environ.get("XDG_RUNTIME_DIR")])
        yield f"{RUN}/{os.geteuid()}"
    yield from filter(None, map(os.environ.get, ("TMPDIR", "TEMP", "TMP")))
    yield SHARED
    # Another user may have made our folder in the shared one first; nobody else can in the home.
    yield _cache()


def _cache() -> str:
    """Return the user's cache folder, the only one here that may have to be made."""
    return os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
