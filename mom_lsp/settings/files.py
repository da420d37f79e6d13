"""The two settings files: the user's, and the repository's `.mom.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WORKSPACE_FILE = ".mom.toml"
MAX_FILE_BYTES = 64 * 1024
IGNORED = "the whole file is ignored"

Stamp = tuple[tuple[int, int] | None, ...]


def user_file() -> Path:
    """Return the path of the user's own settings file, whether or not it exists."""
    import platformdirs

    return platformdirs.user_config_path("mom-lsp") / "settings.toml"


def stamp(root: Path) -> Stamp:
    """Return a value that changes when a settings file does; cheap enough to poll twice a second."""
    return tuple(_file_stamp(path) for path in (user_file(), root / WORKSPACE_FILE))


def read_options(path: Path, *, trusted: bool) -> tuple[dict[str, Any], str]:
    """Return (options, problem) of a file; a file that does not exist has neither.

    A file that is not `trusted`, because it comes with a repository, must not be a symbolic link.
    """
    try:
        return _read_toml(path, follow=trusted), ""
    except FileNotFoundError:
        return {}, ""
    except RecursionError:
        return {}, f"nested too deeply; {IGNORED}"
    except (OSError, ValueError) as error:  # a TOMLDecodeError and a UnicodeDecodeError are ValueErrors
        return {}, f"{error}; {IGNORED}"


def _file_stamp(path: Path) -> tuple[int, int] | None:
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
    return tomllib.loads(content.decode("utf-8-sig"))
