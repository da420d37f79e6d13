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
    return min(paths, key=precedence, default=None)


def precedence(path: str) -> int:
    """Return 0 for code, 1 for tests, 2 for prose and settings."""
    return 2 if is_prose(path) or _ASIDE.search(path) else 1 if _TEST.search(path) else 0
