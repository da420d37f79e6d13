"""Which file of a change to name: code before tests, tests before prose and settings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mom_lsp.extract.kinds import is_prose

_TEST = re.compile(
    r"(?:^|/)(?:tests?|testing|testdata|specs?|__tests__|fixtures)/|(?:^|/)test_|[_.-](?:tests?|spec)\.", re.IGNORECASE
)
_ASIDE = re.compile(
    r"(?:^|/)(?:\.[^/]+|[A-Z][A-Z_-]+(?:\.\w+)?$|[^/]+\.(?:txt|lock|toml|ini|cfg)$)"
)  # ".github/x", "AUTHORS"


def main_file(paths: Sequence[str]) -> str | None:
    """Return the first code among some paths, else the first test, else the first path; None for none."""
    return min(paths, key=_precedence, default=None)


def _precedence(path: str) -> int:
    return 2 if is_prose(path) or _ASIDE.search(path) else 1 if _TEST.search(path) else 0
