"""The two files that hold settings: the user's, and the one that a repository brings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WORKSPACE_FILE = ".mom.toml"
MAX_FILE_BYTES = 64 * 1024

Stamp = tuple[tuple[int, int] | None, ...]


def user_file() -> Path:
    """Return where the user's own settings are, whether or not the file exists."""
    import platformdirs

    return platformdirs.user_config_path("mom-lsp") / "settings.toml"


def stamp(root: Path) -> Stamp:
    """Return what changes when a file of settings does; cheap enough to be asked twice a second."""
    return tuple(_changed(path) for path in (user_file(), root / WORKSPACE_FILE))


def read_options(path: Path, *, trusted: bool) -> tuple[dict[str, Any], str]:
    """Return the options in a file, none if there is no such file, and what keeps it from being read.

    One that is not `trusted`, because a repository brings it, must not lead elsewhere by a link.
    """
    try:
        return _read_toml(path, follow=trusted), ""
    except FileNotFoundError:
        return {}, ""
    except RecursionError:
        return {}, "nested too deeply; ignored"
    except (OSError, ValueError) as error:  # a TOMLDecodeError and a UnicodeDecodeError are ValueErrors
        return {}, f"{error}; ignored"


def _changed(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _read_toml(path: Path, *, follow: bool) -> dict[str, Any]:
    import tomllib

    if not follow and path.is_symlink():
        raise ValueError("is a symbolic link")
    if path.exists() and not path.is_file():
        raise ValueError("is not a regular file")
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"is larger than {MAX_FILE_BYTES} bytes")
    return tomllib.loads(content.decode("utf-8"))
