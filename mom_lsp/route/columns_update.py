"""The arrays of a catalog after a few rows were removed and added: far cheaper than to make them all anew.

The rows that are left are numbered in their order, then come the new ones; what many rows share (paths, symbols,
issues, authors) may be numbered differently than in arrays that are made anew, which no answer depends on.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa

from mom_lsp.route.columns import arrays_of, lines_of, links_of
from mom_lsp.route.same_change import same_changes
from mom_lsp.route.text_index import NOWHERE, Arrays, Lookup, lookup_of_keys

TEXTS = ("id", "content")
NUMBERS = (
    *("time", "evidence", "informative", "length"),
    *("suggestible", "is_file", "is_note", "is_discussion", "path_count", "change"),
)
POSTINGS = ("added_lines", "removed_lines", "talked_lines", "names")
GROUPS = ("blobs", "paths", "symbols", "issues")


def updated(old: Arrays, kept: np.ndarray, fresh: pa.Table, links: pa.Table) -> dict[str, np.ndarray]:
    """Return the arrays of the rows that are left and of new ones.

    Args:
        old: the arrays before.
        kept: (n,) whether each of their rows is left.
        fresh: the COLUMNS of the new rows.
        links: the LINKS of all rows, those that are left first.
    """
    new, first = arrays_of(fresh), int(kept.sum())
    moved = np.where(kept, np.cumsum(kept) - 1, NOWHERE)  # the new number of each old row
    added = np.arange(first, first + fresh.num_rows)  # the number of each new row
    arrays = {name: np.concatenate([old[name][kept], new[name]]) for name in NUMBERS}
    for name in TEXTS:
        arrays[name] = np.concatenate([_texts(old[name], kept), new[name]])
    arrays |= _lookup("ids", old, moved, new, added) | _renames(old, moved, new, added) | _authors(old, kept, new)
    for name in POSTINGS:
        arrays |= _postings(name, old, moved, new, added)
    groups = {name: _Groups(name, old, moved, new, added) for name in GROUPS}
    symbols, paths = groups["symbols"], groups["paths"]
    groups["symbol_names"] = _Groups("symbol_names", old, symbols.moved, new, symbols.unseen)
    for group in groups.values():
        arrays |= group.arrays
    codes = old["path_codes"][np.repeat(kept, old["path_count"])]
    arrays["path_codes"] = np.concatenate([paths.moved[codes], paths.added[new["path_codes"]]]).astype(np.int32)
    arrays["same_change"] = _same_changes(old, moved, new, arrays)
    return arrays | links_of(links)


class _Groups:
    """The rows of each of many texts; texts that no row has any more are left out.

    Attributes:
        arrays: as `columns` makes them.
        moved: the new number of each old text, NOWHERE for those that are left out.
        added: the number of each text of the new rows.
        unseen: the same, but NOWHERE for texts that the old rows had too.
    """

    def __init__(self, name: str, old: Arrays, moved: np.ndarray, new: Arrays, added: np.ndarray) -> None:
        """Join old and new groups; for the arguments, see `updated`. Rows that are NOWHERE are left out."""
        before, keys = len(old[f"{name}_ends"]), new[f"{name}_keys"]
        hashes = np.zeros(len(new[f"{name}_ends"]), np.uint64)
        hashes[new[f"{name}_numbers"]] = new[f"{name}_hashes"]
        numbers = Lookup(old, name).of_keys(hashes)
        unseen = numbers == NOWHERE
        numbers[unseen] = before + np.arange(unseen.sum())
        owners = np.concatenate([_owners(name, old), numbers[_owners(name, new)]])
        rows = np.concatenate([moved[old[f"{name}_rows"]], added[new[f"{name}_rows"]]])
        owners, rows = owners[rows != NOWHERE], rows[rows != NOWHERE]
        counts = np.bincount(owners, minlength=before + int(unseen.sum()))
        alive = counts > 0
        renumbered = np.where(alive, np.cumsum(alive) - 1, NOWHERE)
        self.moved, self.added = renumbered[:before], renumbered[numbers]
        self.unseen = np.where(unseen, self.added, NOWHERE)
        texts = np.concatenate([old[f"{name}_keys"], _texts(keys, unseen)])
        known = np.concatenate([old[f"{name}_hashes"], hashes[unseen]])
        at = np.concatenate([old[f"{name}_numbers"], numbers[unseen]])
        self.arrays = {
            f"{name}_keys": _texts(texts, alive),
            f"{name}_rows": rows[np.argsort(owners, kind="stable")].astype(np.int32),
            f"{name}_ends": np.cumsum(counts[alive]),
        } | lookup_of_keys(name, known[alive[at]], renumbered[at[alive[at]]])


def _owners(name: str, arrays: Arrays) -> np.ndarray:
    """Return the number of the text that has each row of the groups."""
    ends = arrays[f"{name}_ends"]
    return np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))


def _texts(packed: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return some of the packed texts, packed."""
    if kept.all():
        return packed
    lengths = np.diff(np.flatnonzero(packed == 0), prepend=-1)
    return np.asarray(packed[np.repeat(kept, lengths)])


def _lookup(name: str, old: Arrays, moved: np.ndarray, new: Arrays, added: np.ndarray) -> dict[str, np.ndarray]:
    numbers = moved[old[f"{name}_numbers"]]
    left = numbers != NOWHERE
    keys = np.concatenate([old[f"{name}_hashes"][left], new[f"{name}_hashes"]])
    return lookup_of_keys(name, keys, np.concatenate([numbers[left], added[new[f"{name}_numbers"]]]))


def _renames(old: Arrays, moved: np.ndarray, new: Arrays, added: np.ndarray) -> dict[str, np.ndarray]:
    rows = moved[old["rename_rows"]]
    left = rows != NOWHERE
    return {
        "renames": np.concatenate([_texts(old["renames"], left), new["renames"]]),
        "rename_rows": np.concatenate([rows[left], added[new["rename_rows"]]]),
    }


def _authors(old: Arrays, kept: np.ndarray, new: Arrays) -> dict[str, np.ndarray]:
    """Return the authors; one whose memories are all gone keeps its number."""
    count = len(old["authors_hashes"])
    numbers = Lookup(old, "authors").of_keys(new["authors_hashes"])
    unseen = numbers == NOWHERE
    numbers[unseen] = count + np.arange(unseen.sum())
    number_of = np.zeros(len(numbers), np.int32)
    number_of[new["authors_numbers"]] = numbers
    hashes = np.concatenate([old["authors_hashes"], new["authors_hashes"][unseen]])
    all = np.concatenate([old["authors_numbers"], numbers[unseen]])
    author = np.concatenate([old["author"][kept], number_of[new["author"]]])
    return {"author": author} | lookup_of_keys("authors", hashes, all)


def _postings(name: str, old: Arrays, moved: np.ndarray, new: Arrays, added: np.ndarray) -> dict[str, np.ndarray]:
    rows = moved[old[f"{name}_rows"]]
    left = rows != NOWHERE
    keys = np.concatenate([old[f"{name}_keys"][left], new[f"{name}_keys"]])
    rows = np.concatenate([rows[left], added[new[f"{name}_rows"]]])
    order = np.argsort(keys, kind="stable")  # new rows come after old ones
    return {f"{name}_keys": keys[order], f"{name}_rows": rows[order].astype(np.int32)}


def _same_changes(old: Arrays, moved: np.ndarray, new: Arrays, arrays: Arrays) -> np.ndarray:
    """Return the rows that stand for the same change; only titles of new and of removed rows are compared again."""
    left = moved != NOWHERE
    again = np.union1d(old["change"][~left], new["change"])
    known = np.full(len(arrays["change"]), NOWHERE)
    known[: left.sum()] = moved[old["same_change"][left]]
    known[np.isin(arrays["change"], again)] = NOWHERE
    return same_changes(arrays["change"], arrays["path_count"] == 0, partial(lines_of, arrays), known)
