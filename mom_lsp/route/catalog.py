"""All memories as columns in RAM: their paths, symbols, lines and references. Text and vectors are elsewhere.

A catalog is immutable and independent of HEAD; `view.py` selects the rows that are valid on one HEAD.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa

from mom_lsp.extract.renames import folders_of, in_folder
from mom_lsp.route.columns import arrays_of
from mom_lsp.route.postings import Postings
from mom_lsp.route.text_index import Arrays, Lookup, PackedTexts, RowGroups, unpacked

EMPTY = np.zeros(0, np.int64)


class Catalog:
    """The rows of the store, by number. All row arrays are int64."""

    def __init__(self, arrays: Arrays) -> None:
        """Take the arrays that `arrays_of` made of the store's table."""
        self._arrays = arrays
        self.ids, self.row_of = PackedTexts(arrays["id"]), Lookup(arrays, "ids")
        self.size = len(self.ids)
        self.time, self.evidence = arrays["time"], arrays["evidence"]
        self.informative = arrays["informative"]  # (n,) probability that the text tells something
        self.length = arrays["length"]  # (n,) characters of the body
        self.suggestible, self.is_file, self.is_note = (arrays[name] for name in ("suggestible", "is_file", "is_note"))
        self.is_discussion = arrays["is_discussion"]
        self.row_of_commit = Lookup(arrays, "commits")
        self.talk_of_commit = RowGroups(arrays, "talked")  # the rows of discussions by the commits they led to
        self.rows_of_blob = RowGroups(arrays, "blobs")
        self.rows_of_path = RowGroups(arrays, "paths")
        self.rows_of_symbol = RowGroups(arrays, "symbols")
        self._symbol_names = RowGroups(arrays, "symbol_names")  # numbers of symbols
        self.rows_of_issue = RowGroups(arrays, "issues")  # "#123"
        self.same_change = arrays["same_change"]  # (n,) the first row with the same change, for most itself
        self.author = arrays["author"]  # (n,) a number for each
        self.path_count = arrays["path_count"]  # (n,) files that a memory touches
        self.rarity = 1.0 / (1.0 + np.log(np.maximum(1, self.path_count)))  # (n,) 1 for a memory about one file
        self._paths = PackedTexts(arrays["paths_keys"])
        self.first_path = np.concatenate([[0], np.cumsum(self.path_count)])
        # Of commits; the lines that discussions are about; identifiers that were added or removed.
        self.added_lines, self.removed_lines, self.talked_lines, self.names = (
            Postings(arrays[f"{name}_keys"], arrays[f"{name}_rows"])
            for name in ("added_lines", "removed_lines", "talked_lines", "names")
        )

    @classmethod
    def of_table(cls, table: pa.Table) -> Catalog:
        """Return the catalog of the COLUMNS of all memories."""
        return cls(arrays_of(table))

    def paths_of(self, row: int) -> list[str]:
        """Return the paths of a memory."""
        codes = self._arrays["path_codes"][self.first_path[row] : self.first_path[row + 1]]
        return [self._paths[code] for code in codes.tolist()]

    def most_touched(self, rows: np.ndarray, count: int, *, without: Iterable[str] = ()) -> list[tuple[str, int]]:
        """Return the paths that most of some memories touch, with the number; the first of equals."""
        starts, counts = self.first_path[rows], self.path_count[rows]
        at = np.arange(counts.sum()) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
        codes, first, times = np.unique(self._arrays["path_codes"][at], return_index=True, return_counts=True)
        left, found = set(without), list[tuple[str, int]]()
        for which in np.lexsort((first, -times)).tolist():
            if len(found) < count and self._paths[codes[which]] not in left:
                found.append((self._paths[codes[which]], int(times[which])))
        return found

    @cached_property
    def led(self) -> np.ndarray:
        """(n,) whether it is a discussion that led to any commit, on whichever HEAD."""
        led = np.zeros(self.size, bool)
        for rows in self.talk_of_commit.values():
            led[rows] = True
        return led

    @cached_property
    def notes(self) -> np.ndarray:
        """The rows of the user's notes."""
        return np.flatnonzero(self.is_note)

    @property
    def contents(self) -> list[str]:
        """The key of each memory's embedding, "" if it has none."""
        return unpacked(self._arrays["content"])

    @property
    def edges(self) -> np.ndarray:
        """The references in every history, (e, 3): source row, number of the relation, target row."""
        return self._arrays["edges"]

    @property
    def quotes(self) -> np.ndarray:
        """The references by title, (q, 3): source row, number of the relation, number of the title."""
        return self._arrays["quotes"]

    def rows_titled(self, number: int) -> np.ndarray:
        """Return the rows of the commits with a quoted title."""
        ends = self._arrays["titled_ends"]
        return self._arrays["titled_rows"][ends[number - 1] if number else 0 : ends[number]]

    @property
    def reverting(self) -> np.ndarray:
        """(r,) the rows that revert something, whether it is indexed or not."""
        return self._arrays["reverting"]

    @cached_property
    def _new_names(self) -> Mapping[str, list[tuple[str, int]]]:
        """(old path, row) by new path."""
        names: dict[str, list[tuple[str, int]]] = {}
        renames = unpacked(self._arrays["renames"])
        for text, row in zip(renames, self._arrays["rename_rows"].tolist(), strict=True):
            old, _, new = text.partition("\t")
            names.setdefault(new, []).append((old, row))
        return names

    def names_of(self, path: str, valid: np.ndarray) -> list[str]:
        """Return a path and the names it had before, following renames of valid rows."""
        return _followed(path, self._new_names, valid)

    @cached_property
    def _old_names(self) -> Mapping[str, list[tuple[str, int]]]:
        """(new path, row) by old path."""
        names: dict[str, list[tuple[str, int]]] = {}
        for new, olds in self._new_names.items():
            for old, row in olds:
                names.setdefault(old, []).append((new, row))
        return names

    def later_names_of(self, path: str, valid: np.ndarray) -> list[str]:
        """Return the names that a path got later, following renames of valid rows."""
        return _followed(path, self._old_names, valid)[1:]

    def paths_of_symbol(self, symbol: str) -> list[str]:
        """Return the files in which a function or section of a name was ever changed."""
        numbers = self._symbol_names.get(symbol, EMPTY).tolist()
        return sorted(self._symbols[number].partition("\t")[0] for number in numbers)

    @cached_property
    def _symbols(self) -> PackedTexts:
        """The keys of `rows_of_symbol`, by number."""
        return PackedTexts(self._arrays["symbols_keys"])

    def rows_touching(self, paths: Iterable[str]) -> np.ndarray:
        """Return the rows of the memories about any of these paths, each once."""
        groups = [self.rows_of_path[path] for path in paths if path in self.rows_of_path]
        if len(groups) == 1:
            return groups[0]
        return np.unique(np.concatenate(groups)) if groups else EMPTY


def _followed(path: str, names: Mapping[str, Sequence[tuple[str, int]]], valid: np.ndarray) -> list[str]:
    """Return a path and the names that renames of valid rows, or of folders around it, lead to."""
    found, todo = [path], [path]
    while todo and len(found) < 16:
        name = todo.pop()
        of_folders = ((folder, other, row) for folder in folders_of(name) for other, row in names.get(folder, ()))
        others = [*names.get(name, ()), *((in_folder(name, folder, other), row) for folder, other, row in of_folders)]
        for other, row in others:
            if valid[row] and other not in found:
                found.append(other)
                todo.append(other)
    return found
