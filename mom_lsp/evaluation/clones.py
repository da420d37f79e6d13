"""The clones that labels are about, as `--repo OWNER/NAME=CLONE` names them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def clones_of(options: Iterable[str]) -> dict[str, Path]:
    """Return the folder of each repository."""
    return {name: Path(clone) for name, _, clone in (one.partition("=") for one in options)}
