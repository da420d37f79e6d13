"""What proved useful in one worktree: the motifs of the journal, without those that thawed in HEAD's history."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

from mom_lsp.motifs.crystallise import Motif, Registry, registries
from mom_lsp.motifs.routes import Place, Visit, place_of, place_of_visit
from mom_lsp.route.view import View
from mom_lsp.tiers.decay import SEMANTIC, WORKING
from mom_lsp.tiers.lifecycle import Life
from mom_lsp.tiers.status_rules import judge
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.library.status import evidence_of

AT_ONE_PLACE = 3  # motifs at most
THAWED = frozenset({"replaced", "needs_revision", "archived"})  # statuses
LAYER_TIERS = {1: WORKING, 2: SEMANTIC}  # the tier that a validated and a promoted memory keeps


@dataclass(frozen=True)
class ProvenInFile:
    """The motifs that apply in one file, by row."""

    everywhere: Mapping[int, Motif] = field(default_factory=dict)  # in all of the file
    by_symbol: Mapping[str, Mapping[int, Motif]] = field(default_factory=dict)  # in a function, those of the file too

    def at(self, symbol: str) -> Mapping[int, Motif]:
        """Return the motifs that apply in a function, "" for outside of any."""
        return self.by_symbol.get(symbol, self.everywhere)

    @cached_property
    def anywhere(self) -> Mapping[int, Motif]:
        """The motifs that apply in any part of the file."""
        found = dict(self.everywhere)
        for motifs in self.by_symbol.values():
            found.update(motifs)
        return found

    def without(self, thawed: Container[int]) -> ProvenInFile:
        """Return the same without some rows."""

        def left(motifs: Mapping[int, Motif]) -> dict[int, Motif]:
            return {row: motif for row, motif in motifs.items() if row not in thawed}

        return ProvenInFile(left(self.everywhere), {symbol: left(at) for symbol, at in self.by_symbol.items()})


NOTHING_PROVEN = ProvenInFile()


@dataclass(frozen=True)
class Proven:
    """The motifs of one HEAD, one registry for each task, and the layers of SCMS that count."""

    registries: Mapping[str, Registry]
    row_of: Callable[[str], int | None]  # of a memory that has not thawed
    layers: Mapping[int, int] = field(default_factory=dict)  # row -> 1 validated, 2 promoted

    def in_file(self, task: str, path: str) -> ProvenInFile:
        """Return the motifs that apply in a file, under its present name."""
        registry = self.registries.get(task, Registry())
        if not registry.motifs or not path:
            return NOTHING_PROVEN
        file = place_of(path)
        inside = (one.place for one in registry.motifs if one.place[: len(file)] == file)
        symbols = {place: place[-1].partition("\t")[2] for place in inside if len(place) > len(file)}
        found = {symbol: self._rows(registry.at(place)) for place, symbol in symbols.items()}
        return ProvenInFile(self._rows(registry.at(file)), found)

    def searched(self, key: str) -> Mapping[int, Motif]:
        """Return the motifs of a search, by row."""
        return self._rows(self.registries["search"].at((key,)))

    def best(self, memory: str) -> Motif | None:
        """Return the most solid motif of a memory, None if it has none."""
        if self.row_of(memory) is None:
            return None
        motifs = [one for registry in self.registries.values() for one in registry.of(memory)]
        return max(motifs, key=lambda one: (one.sigma, one.visits), default=None)

    @cached_property
    def rows(self) -> frozenset[int]:
        """The rows of all motifs."""
        memories = {one.memory for registry in self.registries.values() for one in registry.motifs}
        return frozenset(row for memory in memories if (row := self.row_of(memory)) is not None)

    @cached_property
    def tiers(self) -> Mapping[int, int]:
        """The tier that a row does not fall below: what proved useful survives (SCMS layers 1 and 2, and motifs)."""
        return {row: LAYER_TIERS[layer] for row, layer in self.layers.items()} | dict.fromkeys(self.rows, SEMANTIC)

    def _rows(self, motifs: Mapping[str, Motif]) -> dict[int, Motif]:
        best = sorted(motifs.values(), key=lambda one: -one.sigma)
        found = ((self.row_of(one.memory), one) for one in best)
        return dict([(row, one) for row, one in found if row is not None][:AT_ONE_PLACE])


def proven(state: State) -> Proven:
    """Return what proved useful on a HEAD.

    A motif thaws if its memory is gone, reverted, archived or failed where it was used; a dismissal at its place turns
    its utility. Whether its code has drifted is checked where it would be shown.
    """
    view, life, tree = state.view, state.snapshot.life, state.head.tree
    layers = layers_of(view, life)
    present: dict[str, str] = {}

    def located(visit: Visit) -> Place:
        if visit.task == "search":
            return place_of_visit(visit)
        if visit.path not in present:
            later = () if visit.path in tree else view.catalog.later_names_of(visit.path, view.valid)
            present[visit.path] = next((name for name in later if name in tree), visit.path)
        return place_of(present[visit.path], visit.symbol)

    rows: dict[str, int | None] = {}

    def row_of(memory: str) -> int | None:
        if memory not in rows:
            rows[memory] = _frozen_row(view, life, memory)
        return rows[memory]

    return Proven(registries(life.routes, located), row_of, layers)


def _frozen_row(view: View, life: Life, memory: str) -> int | None:
    """Return the row of a memory, None if it thawed."""
    row, usage = view.catalog.row_of.get(memory), life.of(memory)
    if row is None or not view.suggestible[row] or usage.forgotten:
        return None
    return None if judge(usage, evidence_of(view, row, usage), "").status in THAWED else row


def layers_of(view: View, life: Life) -> dict[int, int]:
    """Return the rows of the validated and promoted memories, with their layer, as the journal has it."""
    catalog, found = view.catalog, dict[int, int]()
    for memory, changes in life.transitions.items():
        row = catalog.row_of.get(memory)
        last = next((one for one in reversed(changes) if one.holds(partial(_is_on, view))), None)
        if row is not None and last is not None and last.layer:
            found[row] = last.layer
    return found


def _is_on(view: View, commit: str) -> bool:
    row = view.catalog.row_of_commit.get(commit)
    return row is not None and bool(view.distance[row] >= 0)


class ProvenCache:
    """Caches the result of `proven` until the view or the feedback change. Thread-safe."""

    def __init__(self) -> None:
        self._key: tuple[View, Life] | None = None
        self._found: Proven | None = None
        self._lock = threading.Lock()

    def of(self, state: State) -> Proven:
        """Return what proved useful on a HEAD."""
        view, life = state.view, state.snapshot.life
        with self._lock:
            if self._found is None or self._key is None or self._key[0] is not view or self._key[1] is not life:
                self._found, self._key = proven(state), (view, life)
            return self._found
