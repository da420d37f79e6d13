"""The user's own word about a place: what was pinned there, and the notes on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mom_lsp.extract.code import line_keys
from mom_lsp.extract.symbols import enclosing_symbol
from mom_lsp.memory import Pin
from mom_lsp.route.place_term import PlaceEvidence
from mom_lsp.route.view import View
from mom_lsp.workspace.library.library import Snapshot
from mom_lsp.workspace.ranking.query import OpenFile, Query


def own_memories(snapshot: Snapshot, view: View, where: PlaceEvidence | None, query: Query) -> set[int]:
    """Return the rows of what the user pinned where a question is about, and of the notes on its functions."""
    if where is None:
        return set()
    notes = view.catalog.notes[where.symbol[view.catalog.notes] > 0]
    there = {
        row
        for spot in query.spots
        for row, pin in pins_in(snapshot, view, spot.path)
        if spot.whole or counts_in(pin, spot.symbol)
    }
    lines = said_at(snapshot, view, query.file) if query.file is not None else {}
    spot = query.spot
    on = {row for row, at in lines.items() if spot and any(spot.start <= line <= spot.end for line in at)}
    return there | on | set(notes.tolist())


def pins_in(snapshot: Snapshot, view: View, path: str) -> Iterator[tuple[int, Pin]]:
    """Yield (row, pin) of what was pinned in a file, under whatever name it had then."""
    life, row_of = snapshot.life, view.catalog.row_of
    names = view.names_of(path) if life.pinned else []
    for memory in sorted(life.pinned):
        if (row := row_of.get(memory)) is not None:
            yield from ((row, pin) for pin in life.of(memory).pins if pin.path in names)


def counts_in(pin: Pin, symbol: str) -> bool:
    """Whether a pin of a file counts in a function of it, "" for outside of any.

    One that names neither function nor line counts in the whole file. One of a line that says too little to be found
    again counts outside of functions, as that line was.
    """
    if pin.symbol:
        return pin.symbol == symbol
    return not pin.key and not (pin.line and symbol)


def said_at(snapshot: Snapshot, view: View, file: OpenFile) -> dict[int, list[int]]:
    """Return the rows of the notes and pins on lines of an open file, and where these lines are now."""
    names, row_of = view.names_of(file.path), view.catalog.row_of
    said = [(row, pin) for row, pin in pins_in(snapshot, view, file.path) if pin.key]
    for note in snapshot.notes.values():
        if note.source.path in names and note.added_lines:
            said.append((row_of[note.id], Pin(note.source.path, line=note.source.line or 1, key=note.added_lines[0])))
    standing: Mapping[int, Sequence[int]] = _lines_with({pin.key for _, pin in said}, file.lines)
    found: dict[int, list[int]] = {}
    for row, pin in said:
        there = standing.get(pin.key, ())
        there = [n for n in there if not pin.symbol or enclosing_symbol(file.lines, n, file.path) == pin.symbol]
        if there:
            was = file.mapped.index(pin.line) + 1 if pin.line in file.mapped else pin.line
            found.setdefault(row, []).append(min(there, key=lambda line: abs(line - was)))
    return found


def _lines_with(keys: set[int], lines: Sequence[str]) -> dict[int, list[int]]:
    """Return the lines (from 1) of a text that have some keys, by key."""
    found: dict[int, list[int]] = {}
    for number, line in enumerate(lines if keys else (), 1):
        for key in keys & line_keys([line]):
            found.setdefault(key, []).append(number)
    return found
