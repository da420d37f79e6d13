"""The data folder of a repository: the names of what is in it, how it is created, and what is wrong with it.

A data folder travels with its repository: it is copied, moved, unpacked, mounted read-only, or left behind by `sudo`.
"""

from __future__ import annotations

import errno
import os

from mom_lsp.durable_file import flush
from mom_lsp.errors import DataFolderError

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the 4 ms that importing typing takes
if TYPE_CHECKING:
    from pathlib import Path

NAME = "mom"  # of the folder itself, in the git directory that all worktrees share

JOURNAL = "journal.sqlite"  # what the user did: the one file that cannot be rebuilt
DISCUSSIONS = "discussions.sqlite"  # what was imported from exports, which the user may no longer have
INDEX = "lance"  # the folder of the tables
TRACES = "traces.sqlite"  # attention traces
TITLES = "titles.sqlite"  # generated titles
BLAMES = "blame.sqlite"  # who wrote the lines of the files that were opened last
REQUESTS = "requests"  # the folder of the index queue
LEASE = "writer.lock"
ENCODING = "encoding.lock"  # held by the process that encodes
STARTING = "indexer.starting"
ATTRIBUTES = "attributes"  # for git: hunk-header rules by language
BLANK_GIT = "git"  # an empty git directory, for commands that must not read the repository's configuration
ENGINE_LOG = "engine.log"
HOOK_LOG = "hook.log"

# In the folder of the tables, so that deleting the tables deletes them too
MARKER = f"{INDEX}/complete.json"  # what is completely indexed
MEMORIES, VECTORS = f"{INDEX}/memories.lance", f"{INDEX}/vectors.lance"
SCHEMA = f"{INDEX}/schema"
CATALOG = f"{INDEX}/catalog.arrays"
DOMAINS = f"{INDEX}/domains.arrays"
DOMAINS_FORMAT = "domains 3"  # increase it whenever they would be computed, named or saved differently
MEANING = f"{INDEX}/meaning.arrays"  # the vectors in bytes, in the order of the catalog
LINE_KEYS = f"{INDEX}/lines.arrays"  # hashes of the lines of HEAD's files
FOLDER_FILES = f"{INDEX}/files.json"  # what the files of a folder without git were when they were read
IGNORED_REVISIONS = f"{INDEX}/ignore-revs"  # formatting commits, which blame skips
ERASING = f"{INDEX}/erasing"
QUARANTINE = f"{INDEX}/quarantine"  # the folder of manifests that were set aside
DAMAGED = f"{INDEX}/damaged"  # written by whoever met damage: the next pass checks everything
POINT = f"{INDEX}/durable.json"  # what of the tables is durable

SPACE = 500_000_000  # bytes that indexing needs, at most repositories
LEAST_SPACE = 20_000_000  # bytes without which it does not begin
# What says that a disk is full: C, Rust, SQLite and a quota.
FULL = ("No space left on device", "os error 28", "disk is full", "Disk quota exceeded", "os error 122")


def make(data: Path) -> None:
    """Create a data folder, but never its repository. Raises OSError.

    It gets the default mode, since it holds what the repository holds; the journal has a mode of its own.
    """
    if _is_left(data):
        raise FileNotFoundError(errno.ENOENT, "the repository was moved or deleted", str(data.parent))
    if not data.is_dir():
        data.mkdir(parents=True, exist_ok=True)
        flush(data.parent)


def check(data: Path) -> None:
    """Raise DataFolderError where an engine can neither read the folder nor create it."""
    if why := why_unreadable(data):
        raise DataFolderError(why)
    if _is_left(data):
        raise DataFolderError(f"{data.parent} was moved or deleted: open it at its new path")
    if not data.is_dir():
        check_indexable(data)


def _is_left(data: Path) -> bool:
    """Whether the repository of a data folder was moved or deleted."""
    git_dir = data.parent
    return data.name == NAME and not (git_dir / "HEAD" if git_dir.name == ".git" else git_dir).exists()


def check_indexable(data: Path) -> None:
    """Raise DataFolderError where nothing is indexed and the folder is read-only."""
    if why := why_read_only(data):
        raise DataFolderError(f"nothing is indexed yet, and {why}")


def identity(folder: str | os.PathLike[str]) -> str:
    """Return the device, inode and path of a folder, which no copy of it shares. Raises OSError."""
    status = os.stat(folder)
    return f"{status.st_dev:x}-{status.st_ino:x} {os.path.realpath(folder)}"


class OpenFolder:
    """A folder that is held open, so that its inode is not reused."""

    def __init__(self, folder: Path) -> None:
        """Open a folder. Raises OSError."""
        self._folder, self.identity = folder, identity(folder)
        self._descriptor = None if os.name == "nt" else os.open(folder, os.O_RDONLY | os.O_DIRECTORY)

    def is_there(self) -> bool:
        """Whether the folder is still in its place."""
        try:
            return identity(self._folder) == self.identity
        except OSError:
            return False

    def release(self) -> None:
        """Close it; closing it twice is harmless."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def why_read_only(data: Path, *names: str) -> str:
    """Return why some files in a data folder cannot be written, and what to do about it; "" if they can be.

    Args:
        data: the folder; if it is missing, its parent is checked.
        names: of files in it; missing ones are not checked.
    """
    places = [data, *(data / name for name in names)] if os.path.lexists(data) else [data.parent]
    for place in places:
        rights = os.W_OK | os.X_OK if place.is_dir() else os.W_OK
        if os.path.lexists(place) and not os.access(place, rights):
            return f"{place} cannot be written: {_advice(place, data)}"
    return ""


def why_unreadable(data: Path) -> str:
    """Return why a data folder cannot be read, and what to do about it; "" if it can be."""
    try:
        str(data).encode()
    except UnicodeEncodeError:
        return f"the path {data} is not valid UTF-8, and LanceDB cannot open it: rename the folder"
    if data.is_dir() and not os.access(data, os.R_OK | os.X_OK):
        return f"{data} cannot be read: {_advice(data, data, f'`chmod -R a+rX {data}`')}"
    return ""


def free_space(data: Path) -> int:
    """Return the free bytes on the disk of a data folder, which may be missing. Raises OSError."""
    import shutil  # here: most commands need none of it

    return shutil.disk_usage(next(place for place in (data, *data.parents) if place.exists())).free


def why_full(data: Path, said: str = "") -> str:
    """Return why nothing can be indexed for lack of space, and what to do about it; "" if there is space.

    The same words each time, however the lack shows: a process may be killed by it, fail, or say what failed.

    Args:
        data: the folder.
        said: what failed while writing there. A quota, or a large file that did not fit, leaves the disk free space.
    """
    try:
        full = free_space(data) < LEAST_SPACE
    except OSError:  # moved or deleted: `check` says so
        full = False
    if not full and not any(sign in said for sign in FULL):
        return ""
    return f"the disk that holds {data} is full: free some space. Indexing needs about {SPACE // 10**6} MB"


def _advice(place: Path, data: Path, command: str = "`mom index`") -> str:
    """Return what to do about missing access in a data folder; `command` is for its owner."""
    if os.name == "nt":
        return "give yourself write permission, or work in your own clone"
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        return "its file system is mounted read-only. Remount it read-write, or work in a clone elsewhere"
    status = place.stat()
    if status.st_uid == os.geteuid():
        return f"run `chmod -R u+rwX {data}`"
    owner = _user(status.st_uid)
    if data.parent.stat().st_uid == os.geteuid():
        return f"it belongs to {owner}. Run `sudo chown -R {_user(os.geteuid())} {data}`"
    return f"it belongs to {owner}. Ask {owner} to run {command}, or work in your own clone"


def _user(number: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
