"""The record of an engine, by which its clients find it: a socket that only this user can open, and a key."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from mom_lsp.process.runtime_folder import find_file, is_private

PIPE_PREFIX = r"\\.\pipe\mom-"  # Windows: a pipe of this machine, never of another one


def new_address(files: Path) -> str:
    """Return where an engine with these files listens; what was left there by one that was killed is removed."""
    if os.name == "nt":
        import secrets

        return f"{PIPE_PREFIX}{files.name}-{secrets.token_hex(8)}"
    address = files.with_suffix(".sock")
    address.unlink(missing_ok=True)
    return str(address)


def read_record(data: Path) -> dict[str, Any]:
    """Return {"address", "pid", "version", "data"} of the engine of a data folder.

    Raises:
        OSError, ValueError: there is none.
    """
    record = json.loads(Path(find_file(data, ".json")).read_text("utf-8"))
    if not isinstance(record, dict) or not isinstance(record.get("address"), str):
        raise ValueError("no address")
    return record


def read_address(data: Path) -> tuple[str, bytes]:
    """Return where the engine of a data folder listens, and its key.

    Raises:
        OSError, ValueError: there is none, or it is not ours.
    """
    address = read_record(data)["address"]
    if os.name == "nt":
        if not address.startswith(PIPE_PREFIX):
            raise ValueError("not a pipe of ours")
    elif not (is_private(Path(address).parent, stat.S_ISDIR) and is_private(address, stat.S_ISSOCK)):
        raise ValueError("not a socket of ours")
    return address, Path(find_file(data, ".key")).read_bytes()


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` at once by a file that only this user can read."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600, exist_ok=False)
    fresh.write_bytes(content)
    fresh.replace(path)
