"""Where the engine of a data folder listens: a socket that only this user can open, and a key only this user can read.

`engine.json` in the data folder names the socket. A data folder may come with an unpacked archive, so what it says is
checked before it is used.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from pathlib import Path

from mom_lsp.errors import ChildError
from mom_lsp.process.commands import is_mine

MAX_SOCKET_PATH = 100  # bytes; the system's limit is 104 to 108
PIPE_PREFIX = r"\\.\pipe\mom-"  # Windows: a pipe of this machine, never of another one


def new_address(data_dir: Path) -> str:
    """Choose where the engine of `data_dir` listens: a short path in a folder that only this user may enter."""
    import hashlib  # here: who only reads an address is done sooner
    import secrets
    import tempfile

    name = hashlib.blake2b(os.fsencode(data_dir.resolve()), digest_size=8).hexdigest()
    if os.name == "nt":
        return f"{PIPE_PREFIX}{name}-{secrets.token_hex(8)}"
    for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):
        if not base or not Path(base).is_dir() or not os.access(base, os.W_OK):
            continue
        folder = Path(base) / f"mom-{os.geteuid()}"
        address = folder / f"{name}.sock"
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        if is_mine(folder, stat.S_ISDIR) and len(os.fsencode(address)) <= MAX_SOCKET_PATH:
            address.unlink(missing_ok=True)  # left by an engine that was killed; we hold the lock
            return str(address)
    raise ChildError(
        "no private folder for the engine's socket; set XDG_RUNTIME_DIR to a folder that only you can enter"
    )


def read_address(data_dir: Path) -> str:
    """Return the address in engine.json; ValueError or OSError if there is none or it is not ours."""
    record = json.loads((data_dir / "engine.json").read_text("utf-8"))
    address = record.get("address") if isinstance(record, dict) else None
    if not isinstance(address, str):
        raise ValueError("no address")
    if os.name == "nt":
        if not address.startswith(PIPE_PREFIX):
            raise ValueError("not a pipe of ours")
    elif not (is_mine(Path(address).parent, stat.S_ISDIR) and is_mine(Path(address), stat.S_ISSOCK)):
        raise ValueError("not a socket of ours")
    return address


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` at once by a file that only this user can read."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600, exist_ok=False)
    fresh.write_bytes(content)
    fresh.replace(path)
