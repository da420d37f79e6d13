"""What a report is made from: one consistent state of the store, the journal and HEAD, read once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mom_lsp.errors import NoIndex
from mom_lsp.journal import Event
from mom_lsp.lm.trace_file import TraceFile
from mom_lsp.pathnames import quoted
from mom_lsp.phrases import kind_name
from mom_lsp.report.activations import Activations, of_history, of_journal
from mom_lsp.report.feedback import Feedback, feedback
from mom_lsp.route.failures import Failures
from mom_lsp.tiers.tiers import Tiers, kept_tiers
from mom_lsp.workspace import Workspace
from mom_lsp.workspace.library.proven import Proven, proven
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.library.strength import aged

NEWEST = 1_500  # commits that name earlier ones; the null models take a second for these
SEED = 0  # of samples: the same index gives the same report
SOURCES = ("commit", "file", "discussion", "user")
TITLE = 90  # characters


@dataclass(frozen=True)
class Facts:
    """Everything that the sections of a report read."""

    workspace: Workspace
    state: State
    traces: TraceFile
    now: float  # seconds since 1970

    @cached_property
    def rows(self) -> np.ndarray:
        """(m,) the rows of the memories that may be suggested on this HEAD: those that `mom status` counts."""
        return np.flatnonzero(self.state.view.suggestible)

    @cached_property
    def events(self) -> list[Event]:
        """The events of the journal."""
        return list(self.workspace.library.journal.events())

    @cached_property
    def feedback(self) -> Feedback:
        """What was shown, and what became of it."""
        return feedback(self.events, self.now)

    @cached_property
    def tiers(self) -> Tiers:
        """Tier and strength of all rows, (n,)."""
        return kept_tiers(aged(self.state.view, self.state.snapshot.life, self.now), self.proven.tiers)

    @cached_property
    def proven(self) -> Proven:
        """What proved useful where."""
        return proven(self.state)

    @cached_property
    def failures(self) -> Failures:
        """The changes that were reverted, and the fixes that needed a fix."""
        return Failures(self.state.view)

    @cached_property
    def described(self) -> tuple[np.ndarray, np.ndarray]:
        """The kind and the source of each of `rows`, in the words of the product, (m,) each."""
        ids = self.state.snapshot.catalog.ids
        stored: dict[str, tuple[str, str]] = {}
        try:
            table = self.workspace.library.store.columns(["id", "kind", "source_type"])
        except NoIndex:
            pass
        else:
            columns = [table[name].to_pylist() for name in ("id", "kind", "source_type")]
            stored = {row[0]: (row[1], row[2]) for row in zip(*columns, strict=True)}
        found = [stored.get(ids[row], ("note", "user")) for row in self.rows.tolist()]
        kinds = np.array([kind_name(kind, source) for kind, source in found], object)
        return kinds, np.array([source for _, source in found], object)

    @cached_property
    def folders(self) -> np.ndarray:
        """The folder of the first file of each of `rows`, (m,): two steps deep, "" for a memory without a file."""
        catalog = self.state.snapshot.catalog
        paths = (next(iter(catalog.paths_of(row)), None) for row in self.rows.tolist())
        return np.array([folder_of(path) for path in paths], object)

    @cached_property
    def history(self) -> Activations:
        """What the newest commits that name earlier ones needed where."""
        return of_history(self.state, NEWEST)

    @cached_property
    def accepted(self) -> Activations:
        """What the user accepted where."""
        return of_journal(self.state.snapshot.life.routes, len(self.rows))

    def titles(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the titles of memories, and of those that are gone their ids."""
        wanted = list(dict.fromkeys(ids))
        known = self.state.get(wanted)
        return {one: _short(known[one].title) if one in known else one[:8] for one in wanted}

    def sample(self, rows: np.ndarray, count: int) -> np.ndarray:
        """Return at most `count` of some rows, in order."""
        if len(rows) <= count:
            return rows
        return np.sort(np.random.default_rng(SEED).choice(rows, count, replace=False))


def folder_of(path: str | None) -> str:
    """Return the folder of a path, two steps deep."""
    if path is None:
        return ""
    folders = path.split("/")[:-1]
    return quoted("/".join(folders[:2]) + "/") if folders else "(top folder)"


def counted(values: Sequence[str] | np.ndarray) -> list[tuple[str, int]]:
    """Return each value with its number, the most frequent first."""
    names, counts = np.unique(np.asarray(values, str), return_counts=True)
    return sorted(zip(names.tolist(), counts.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))


def _short(title: str) -> str:
    return title if len(title) <= TITLE else f"{title[: TITLE - 1]}…"
