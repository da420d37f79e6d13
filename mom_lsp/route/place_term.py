"""The place term: how strongly a memory belongs to the lines asked about.

Each kind of evidence is a number in [0, 1]; they count as independent, so the term is their noisy-or, which is bounded
and grows with each. The strengths follow what each signal finds alone on real follow-up commits: blame most, then the
function, then the file, weighted by how few files a memory touches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mom_lsp.route.talk import talked_about
from mom_lsp.route.text_index import NOWHERE
from mom_lsp.route.view import View

LINE = 0.85  # it wrote a line asked about; the share of the lines adds the rest
NEAR = 0.45  # it wrote a nearby line
EARLIER = 0.45  # it wrote a line asked about before the last writer; half of it for the one before that, ...
SYMBOL = 0.45  # it changed the same function
FILE = 0.3  # it changed the same file and no other
CO_CHANGED = 0.15  # it changed a file that always changes together with this one
WINDOW = 12  # nearby lines, above and below
CO_CHANGED_FILES = 5
CO_CHANGED_ROWS = 500  # newest changes of a file that determine which files change with it
CACHED_FILES = 32  # of a view
MAX_FILES = 30  # a change of more files does not show which of them belong together


@dataclass(frozen=True, slots=True)
class Spot:
    """The place that a question is about."""

    path: str
    symbol: str = ""
    start: int = 1  # 1-based lines of the open text, inclusive
    end: int = 1
    writers: Mapping[int, str] = field(default_factory=dict)  # line of the open text -> commit that wrote it
    texts: Mapping[int, str] = field(default_factory=dict)  # the lines of the open text that have a writer
    lines: tuple[str, ...] = ()  # in view: the range and its surroundings
    asked: tuple[str, ...] = ()  # the lines of the range alone
    whole: bool = False  # whether that is the whole file
    earlier: Mapping[int, Sequence[str]] = field(default_factory=dict)  # line -> the commits before its writer


@dataclass(slots=True)
class PlaceEvidence:
    """The evidence of all rows, (n,) each in [0, 1]."""

    line: np.ndarray
    near: np.ndarray
    symbol: np.ndarray
    file: np.ndarray
    co_changed: np.ndarray
    lines: dict[int, list[int]] = field(default_factory=dict)  # row -> lines within the range that it wrote
    pinned: set[int] = field(default_factory=set)  # rows that are pinned on the lines and did not write them
    share: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (n,) share of the lines asked about that it wrote
    earlier: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (n,) 1 for the writer before a line's last one,
    # 1/2 for the one before that, ...; noise does not count

    rows: list[np.ndarray] = field(default_factory=list)  # with any evidence; empty if unknown
    _strength: np.ndarray | None = None  # computed on demand

    def strength(self) -> np.ndarray:
        """Return the noisy-or of the parts, (n,), which must not change afterwards."""
        if self._strength is None:
            parts = [self.line, self.near, self.symbol, self.file, self.co_changed]
            parts += [EARLIER * self.earlier] if len(self.earlier) else []
            rows = np.concatenate(self.rows) if self.rows else np.flatnonzero(sum(parts))  # with repeats
            self._strength = np.zeros(len(self.line))
            self._strength[rows] = 1.0 - np.prod([1.0 - part[rows] for part in parts], axis=0)
        return self._strength


def place(view: View, *spots: Spot) -> PlaceEvidence:
    """Return the place evidence of all memories for one or several spots: the strongest of each kind."""
    parts = [_place(view, spot) for spot in spots]
    asked = np.array([spot.end - spot.start + 1 for spot in spots], np.float64)
    whole = parts[0]
    whole.share = whole.share * asked[0] / asked.sum()
    for part, count in zip(parts[1:], asked[1:], strict=True):
        for name in ("line", "near", "symbol", "file", "co_changed", "earlier"):
            setattr(whole, name, np.maximum(getattr(whole, name), getattr(part, name)))
        whole.share += part.share * count / asked.sum()
        whole.rows += part.rows
        for row, lines in part.lines.items():
            whole.lines.setdefault(row, []).extend(lines)
    whole.near[whole.line > 0] = 0.0
    whole.earlier[whole.line > 0] = 0.0
    return whole


def _place(view: View, spot: Spot) -> PlaceEvidence:
    around = _file_place(view, spot.path)
    size = view.catalog.size
    result = PlaceEvidence(np.zeros(size), np.zeros(size), np.zeros(size), around.file, around.co_changed)
    result.share, result.earlier, result.rows = np.zeros(size), np.zeros(size), [around.rows]
    _by_lines(view, spot, result)
    _by_earlier_writers(view, spot, result)
    for name in around.names if spot.symbol else ():
        rows = view.catalog.rows_of_symbol.get(f"{name}\t{spot.symbol}")
        if rows is not None:
            rows = rows[view.suggestible[rows]]
            result.symbol[rows] = SYMBOL * view.catalog.rarity[rows]
            result.rows.append(rows)
    return result


def place_of_writers(view: View, lines: Mapping[int, Sequence[int]]) -> PlaceEvidence:
    """Return the evidence that each row wrote its lines, and no other."""
    none = np.zeros(view.catalog.size)
    result = PlaceEvidence(none.copy(), none, none, none, none, {row: list(written) for row, written in lines.items()})
    result.line[list(lines)] = LINE
    result.rows = [np.array(list(lines), np.int64)]
    result.share = (result.line > 0).astype(float)  # it wrote all of its own lines
    result.earlier = none
    return result


@dataclass(frozen=True, slots=True)
class _FilePlace:
    """The evidence that is the same for every line of a file."""

    names: list[str]  # the file's, newest first
    file: np.ndarray  # (n,)
    co_changed: np.ndarray  # (n,)
    rows: np.ndarray  # with either


def _file_place(view: View, path: str) -> _FilePlace:
    """Return the evidence of a file from the cache, or compute it."""
    known: _FilePlace | None = view.by_file.get(path)
    if known is None:
        if len(view.by_file) >= CACHED_FILES:
            view.by_file.clear()
        known = view.by_file[path] = _read_file_place(view, path)
    return known


def _read_file_place(view: View, path: str) -> _FilePlace:
    catalog = view.catalog
    names = catalog.names_of(path, view.valid)
    rows = catalog.rows_touching(names)
    rows = rows[view.suggestible[rows]]
    file, co_changed = np.zeros(catalog.size), np.zeros(catalog.size)
    file[rows] = FILE * catalog.rarity[rows]
    commits = rows[~catalog.is_file[rows] & ~catalog.is_discussion[rows]]
    newest = commits[np.argsort(-catalog.time[commits], kind="stable")][:CO_CHANGED_ROWS]
    small = newest[(catalog.path_count[newest] > 1) & (catalog.path_count[newest] <= MAX_FILES)]
    frequent = catalog.most_touched(small, CO_CHANGED_FILES, without=names)
    touched = [rows]
    for other, count in reversed(frequent):
        along = catalog.rows_touching([other])
        along = along[view.suggestible[along] & (file[along] == 0.0)]
        co_changed[along] = CO_CHANGED * count / max(1, len(newest)) * catalog.rarity[along]
        touched.append(along)
    return _FilePlace(names, file, co_changed, np.concatenate(touched))


def _by_lines(view: View, spot: Spot, result: PlaceEvidence) -> None:
    asked = max(1, spot.end - spot.start + 1)
    written: dict[int, list[int]] = {}
    around = [line for line in range(spot.start - WINDOW, spot.end + WINDOW + 1) if line in spot.writers]
    rows = view.catalog.row_of_commit.many(spot.writers[line] for line in around)
    for line, row in zip(around, rows.tolist(), strict=True):
        if row != NOWHERE and view.suggestible[row]:
            written.setdefault(row, []).append(line)
    written |= talked_about(view, spot.path, spot.texts, spot.writers)
    result.rows.append(np.array(list(written), np.int64))
    for row, lines in written.items():
        inside = [line for line in lines if spot.start <= line <= spot.end]
        if inside:
            result.lines[row] = inside
            result.share[row] = len(inside) / asked
            result.line[row] = LINE + (0.99 - LINE) * result.share[row]
        else:
            distance = min(min(abs(line - spot.start), abs(line - spot.end)) for line in lines)
            result.near[row] = NEAR * (1 - (distance - 1) / WINDOW)


def _by_earlier_writers(view: View, spot: Spot, result: PlaceEvidence) -> None:
    for commits in spot.earlier.values():
        rows = view.catalog.row_of_commit.many(commits)
        rows = rows[(rows != NOWHERE) & view.suggestible[rows]]
        result.earlier[rows] = np.maximum(result.earlier[rows], 1.0 / np.arange(1, len(rows) + 1))
        result.rows.append(rows)
