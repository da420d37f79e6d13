"""The record by which clients find an engine: the address of a private socket, and a key."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from mom_lsp.process.runtime_folder import find_file, is_private

PIPE_PREFIX = r"\\.\pipe\mom-"  # Windows: a local pipe, never a remote one


def new_address(files: Path) -> str:
    """Return the address for an engine with these files, and remove a socket left by a killed one."""
    if os.name == "nt":
        import secrets

        return f"{PIPE_PREFIX}{files.name}-{secrets.token_hex(8)}"
    address = files.with_suffix(".sock")
    address.unlink(missing_ok=True)
    return str(address)


def read_record(data: Path) -> dict[str, Any]:
    """Return {"address", "pid", "version", "data"} of the engine of a data folder.

    Raises:
        OSError, ValueError: there is no valid record.
    """
    record = json.loads(Path(find_file(data, ".json")).read_text("utf-8"))
    if not isinstance(record, dict) or not isinstance(record.get("address"), str):
        raise ValueError("no address")
    return record


def read_address(data: Path) -> tuple[str, bytes]:
    """Return the address of the engine of a data folder, and its key.

    Raises:
        OSError, ValueError: there is none, or it is not private to this user.
    """
    address = read_record(data)["address"]
    if os.name == "nt":
        if not address.startswith(PIPE_PREFIX):
            raise ValueError("not a pipe of mom")
    elif not (is_private(Path(address).parent, stat.S_ISDIR) and is_private(address, stat.S_ISSOCK)):
        raise ValueError("not a private socket")
    return address, Path(find_file(data, ".key")).read_bytes()


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` atomically by a file that only this user can read."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600, exist_ok=False)
    fresh.write_bytes(content)
    fresh.replace(path)
