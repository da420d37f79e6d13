"""The scope of a search: the memories in a folder, in a file, or in domains."""

from __future__ import annotations

from difflib import get_close_matches

import numpy as np

from mom_lsp.errors import UsageError
from mom_lsp.route.gate import Domains
from mom_lsp.route.view import View


def rows_in(scope: str, view: View, domains: Domains) -> np.ndarray:
    """Return which rows of a view's catalog a search in some scope may find, (n,) bool.

    Args:
        scope: a folder or file relative to the root, now or in the past; the name of a domain; or a part of the names
            of some domains, which then count together.
        view: of the memories.
        domains: of the same rows.

    Raises:
        UsageError: there is no such folder, file or domain.
    """
    name = scope.strip().removeprefix("./").rstrip("/")
    found = np.zeros(view.catalog.size, bool)
    if name in ("", "."):
        return ~found
    for path in view.names_of(name):
        for touched, rows in view.catalog.rows_of_path.groups():
            if touched == path or touched.startswith(f"{path}/"):
                found[rows] = True
    if not found.any():
        wanted = [number for number, known in enumerate(domains.names) if _matches(name, known, domains.names)]
        found[: len(domains.of)] = np.isin(domains.of, wanted)
    if not found.any():
        folders = {path.rpartition("/")[0] for path in view.catalog.rows_of_path}
        near = get_close_matches(name, [*domains.names, *sorted(folders)], 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(f"no folder, file or domain is called {name}; {hint}`mom domains` lists the domains")
    return found


def sizes(view: View, domains: Domains) -> dict[str, int]:
    """Return how many memories of a view each domain has, by name in alphabetical order, without empty ones."""
    of = domains.of[: view.catalog.size]
    counts = np.bincount(of[(of >= 0) & view.suggestible[: len(of)]], minlength=len(domains.names))
    found = {name: int(count) for name, count in zip(domains.names, counts.tolist(), strict=True) if count}
    return dict(sorted(found.items()))


def _matches(wanted: str, name: str, names: tuple[str, ...]) -> bool:
    """Whether a domain is meant: it has the name, or none has and its own contains it."""
    return name == wanted if wanted in names else wanted.casefold() in name.casefold()
