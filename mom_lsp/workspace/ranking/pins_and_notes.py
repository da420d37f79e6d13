"""The pins and notes of the user on a place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from mom_lsp.extract.code import line_keys
from mom_lsp.extract.symbols import enclosing_symbol
from mom_lsp.memory import Pin
from mom_lsp.route.place_term import PlaceEvidence
from mom_lsp.route.view import View
from mom_lsp.workspace.library.library import Snapshot
from mom_lsp.workspace.ranking.query import OpenFile, Query


def rows_of_pins_and_notes(snapshot: Snapshot, view: View, where: PlaceEvidence | None, query: Query) -> set[int]:
    """Return the rows that are pinned where a question is about, and those of the notes on its functions."""
    if where is None:
        return set()
    notes = view.catalog.notes[where.symbol[view.catalog.notes] > 0]
    pinned = {
        row
        for spot in query.spots
        for row, pin in pins_in(snapshot, view, spot.path)
        if spot.whole or counts_in(pin, spot.symbol)
    }
    lines = lines_of_pins_and_notes(snapshot, view, query.file) if query.file is not None else {}
    spot = query.spot
    on_lines = {row for row, at in lines.items() if spot and any(spot.start <= line <= spot.end for line in at)}
    return pinned | on_lines | set(notes.tolist())


def pins_in(snapshot: Snapshot, view: View, path: str) -> Iterator[tuple[int, Pin]]:
    """Yield (row, pin) of the pins in a file, whatever its name was then."""
    life, row_of = snapshot.life, view.catalog.row_of
    names = view.names_of(path) if life.pinned else []
    for memory in sorted(life.pinned):
        if (row := row_of.get(memory)) is not None:
            yield from ((row, pin) for pin in life.of(memory).pins if pin.path in names)


def counts_in(pin: Pin, symbol: str) -> bool:
    """Whether a pin in a file counts in one of its functions, "" for outside of any.

    A pin without function and line counts in the whole file. A pin on a line that is too short to be found again
    counts outside of functions, where that line was.
    """
    if pin.symbol:
        return pin.symbol == symbol
    return not pin.key and not (pin.line and symbol)


def lines_of_pins_and_notes(snapshot: Snapshot, view: View, file: OpenFile) -> dict[int, list[int]]:
    """Return the lines of an open file that pins and notes are on now, by row."""
    names, row_of = view.names_of(file.path), view.catalog.row_of
    marks = [(row, pin) for row, pin in pins_in(snapshot, view, file.path) if pin.key]
    for note in snapshot.notes.values():
        if note.source.path in names:
            key = next(iter(note.added_lines), 0)
            marks.append((row_of[note.id], Pin(note.source.path, line=note.source.line or 0, key=key)))
    keys = {pin.key for _, pin in marks if pin.key}
    lines_of_key: Mapping[int, Sequence[int]] = _lines_with(keys, chain(enumerate(file.lines, 1), file.edited.items()))
    found: dict[int, list[int]] = {}
    for row, pin in marks:
        lines = lines_of_key.get(pin.key, ()) if pin.key else _line_without_key(pin.line, file)
        lines = [n for n in lines if not pin.symbol or enclosing_symbol(file.lines, n, file.path) == pin.symbol]
        if lines:
            was = file.mapped.index(pin.line) + 1 if pin.line in file.mapped else pin.line
            found.setdefault(row, []).append(min(lines, key=lambda line: abs(line - was)))
    return found


def _line_without_key(was: int, file: OpenFile) -> Sequence[int]:
    """Return where a line is now that is too short to be found by its text, nothing if it has been edited since.

    What is on the whole file, at line 0, is on its first line.
    """
    if not was:
        return [1] if file.lines else []
    line = file.mapped.index(was) + 1 if was in file.mapped else was
    return [line] if 0 < line <= len(file.lines) and not line_keys([file.lines[line - 1]]) else []


def _lines_with(keys: set[int], lines: Iterable[tuple[int, str]]) -> dict[int, list[int]]:
    """Return the numbers of the lines that have some keys, by key."""
    found: dict[int, list[int]] = {}
    for number, line in lines if keys else ():
        for key in keys & line_keys([line]):
            found.setdefault(key, []).append(number)
    return found
