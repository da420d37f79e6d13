"""Settings as two files give them: the user's, and what a repository brings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mom_lsp.settings.fields import Settings
from mom_lsp.settings.parse import parse_settings

WORKSPACE_FILE = ".mom.toml"
MAX_FILE_BYTES = 64 * 1024


def load_settings(root: Path | None) -> tuple[Settings, list[str]]:
    """Read the user's file, then what the workspace at `root` may say in `.mom.toml`; say what was wrong."""
    import platformdirs

    user_file = platformdirs.user_config_path("mom-lsp") / "settings.toml"
    settings, reports = _overlay(Settings(), user_file, trusted=True)
    if root is not None:
        settings, more = _overlay(settings, root / WORKSPACE_FILE, trusted=False)
        reports += more
    return settings, reports


def _overlay(base: Settings, path: Path, *, trusted: bool) -> tuple[Settings, list[str]]:
    try:
        options = _read_toml(path, follow=trusted)
    except FileNotFoundError:
        return base, []
    except RecursionError:
        return base, [f"{path}: nested too deeply; ignored"]
    except (OSError, ValueError) as error:  # a TOMLDecodeError and a UnicodeDecodeError are ValueErrors
        return base, [f"{path}: {error}; ignored"]
    settings, reports = parse_settings(options, trusted=trusted, base=base)
    return settings, [f"{path}: {report}" for report in reports]


def _read_toml(path: Path, *, follow: bool) -> dict[str, Any]:
    """Read a small regular file; one that a repository brings must not lead elsewhere by a link."""
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
