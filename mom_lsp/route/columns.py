"""The columns that routing reads, as plain arrays: the contents of a `Catalog`, and its cache between runs.

Building them from the store's table takes most of the time of a catalog; loading the arrays is instant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pyarrow as pa

from mom_lsp.pathnames import unquoted
from mom_lsp.process.free_memory import release_free_memory
from mom_lsp.route.edges import Names, edges_of
from mom_lsp.route.postings import name_keys, sorted_postings
from mom_lsp.route.same_change import change_keys, same_changes
from mom_lsp.route.text_index import Arrays, lookup, packed, unpacked
from mom_lsp.store.arrow_rows import DISCUSSION, read_pair, read_symbol

FORMAT = 11  # of the arrays: increment it when they change
LINKS = ("source_type", "title", "commits", "refs", "numbers", "aliases")  # what names commits, and what refers to them
COLUMNS = (
    "id",
    "source_type",
    "source",
    "time",
    "commits",
    "blobs",
    "paths",
    "symbols",
    "refs",
    "numbers",
    "aliases",
    "title",
    "renames",
    "evidence",
    "informative",
    "length",
    "added",
    "removed",
    "added_lines",
    "removed_lines",
    "noise",
    "content",
)


def arrays_of(table: pa.Table) -> dict[str, np.ndarray]:
    """Return the arrays of a catalog, made from the COLUMNS of all memories. Texts are packed by `packed`."""
    import pyarrow.compute as pc  # here: it takes 60 ms, and saved arrays need none

    discussed = pc.equal(table["source_type"], "discussion").to_numpy()
    renames, rename_rows = _texts(table["renames"])
    renames = ["\t".join(read_pair(text)) for text in renames]
    arrays = {
        "id": packed(table["id"].to_pylist()),
        "content": packed(table["content"].to_pylist()),
        "time": table["time"].to_numpy(),
        "evidence": table["evidence"].to_numpy(),
        "informative": table["informative"].to_numpy(),
        "length": table["length"].to_numpy(),
        "suggestible": pc.equal(table["noise"], "").to_numpy(),
        "is_file": pc.equal(table["source_type"], "file").to_numpy(),
        "is_note": pc.equal(table["source_type"], "user").to_numpy(),
        "is_discussion": discussed,
        "renames": packed(renames),
        "rename_rows": rename_rows,
    }
    arrays |= links_of(table)
    release_free_memory()  # each time, or the peaks of all steps add up
    arrays |= lookup("ids", table["id"].to_pylist(), np.arange(table.num_rows))
    arrays |= _authors(table["source"].to_pylist())
    arrays |= _grouped("issues", *_issues(table))
    for name, read in (("blobs", str), ("paths", unquoted), ("symbols", read_symbol)):
        arrays |= _grouped(name, *_flat(table[name]), read)
        release_free_memory()
    names = [key.partition("\t")[2] for key in unpacked(arrays["symbols_keys"])]
    arrays |= _grouped("symbol_names", pa.array(names, pa.string()), np.arange(len(names)))
    keys, rows = _flat(table["paths"])
    arrays["path_codes"] = keys.dictionary_encode().indices.to_numpy()
    arrays["path_count"] = np.bincount(rows, minlength=table.num_rows)
    for name in ("added_lines", "removed_lines"):
        items, rows = _flat(table[name])
        keys, talked = items.to_numpy(), discussed[rows]
        arrays |= _postings(name, keys[~talked], rows[~talked])
        if name == "added_lines":
            arrays |= _postings("talked_lines", keys[talked], rows[talked])
        release_free_memory()
    titles = pc.if_else(pc.equal(table["source_type"], "commit"), table["title"], "").to_pylist()
    arrays["change"] = change_keys(titles)
    arrays["same_change"] = same_changes(arrays["change"], arrays["path_count"] == 0, partial(lines_of, arrays))
    return arrays | _postings("names", *_names(table))


def links_of(table: pa.Table) -> dict[str, np.ndarray]:
    """Return the arrays of what refers to what, made from the LINKS of all memories."""
    import pyarrow.compute as pc

    discussed = pc.equal(table["source_type"], "discussion").to_numpy()
    commits, rows = _texts(table["commits"])
    talked, talk_rows = _where(commits, rows, discussed[rows])
    commits, rows = _where(commits, rows, ~discussed[rows])
    edges = _edges(table, dict(zip(commits, rows.tolist(), strict=True)))
    return lookup("commits", commits, rows) | edges | _grouped("talked", pa.array(talked, pa.string()), talk_rows)


def lines_of(arrays: Arrays, rows: np.ndarray) -> dict[int, frozenset[int]]:
    """Return the keys of the lines that some rows added or removed, by row."""
    found: dict[int, list[int]] = {}
    for name in ("added_lines", "removed_lines"):
        holders = arrays[f"{name}_rows"]
        wanted = np.zeros(len(arrays["time"]), bool)
        wanted[rows] = True
        at = np.flatnonzero(wanted[holders])
        for row, key in zip(holders[at].tolist(), arrays[f"{name}_keys"][at].tolist(), strict=True):
            found.setdefault(row, []).append(key)
    return {row: frozenset(keys) for row, keys in found.items()}


def _where(texts: Sequence[str], rows: np.ndarray, chosen: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Return the chosen ones of some texts, and their rows."""
    return [texts[at] for at in np.flatnonzero(chosen).tolist()], rows[chosen]


def _grouped(name: str, keys: pa.Array, rows: np.ndarray, read: Callable[[str], str] = str) -> dict[str, np.ndarray]:
    """Return the keys as `read` reads them, their rows, and where the rows of each key end."""
    encoded = keys.dictionary_encode()
    texts = list(map(read, encoded.dictionary.to_pylist()))
    codes = encoded.indices.to_numpy()
    order = np.lexsort((rows, codes))
    return {
        f"{name}_keys": packed(texts),
        f"{name}_rows": rows[order].astype(np.int32),
        f"{name}_ends": np.cumsum(np.bincount(codes, minlength=len(encoded.dictionary))),
    } | lookup(name, texts, np.arange(len(texts)))


def _postings(name: str, keys: np.ndarray, rows: np.ndarray) -> dict[str, np.ndarray]:
    keys, rows = sorted_postings(keys, rows)
    return {f"{name}_keys": keys, f"{name}_rows": rows}


def _names(table: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Return the keys of the added and removed identifiers, and the row of each."""
    (added, added_rows), (removed, removed_rows) = _flat(table["added"]), _flat(table["removed"])
    words = pa.concat_arrays([added, removed]).dictionary_encode()
    keys = np.array(name_keys(words.dictionary.to_pylist()), np.uint32)
    return keys[words.indices.to_numpy()], np.concatenate([added_rows, removed_rows])


def _edges(table: pa.Table, row_of_commit: dict[str, int]) -> dict[str, np.ndarray]:
    """Return the references in every history."""
    import pyarrow.compute as pc

    commits = pc.equal(table["source_type"], "commit")
    numbers, number_rows = _texts(table["numbers"])
    aliases, alias_rows = _texts(table["aliases"])
    named = [*(f"#{number}" for number in numbers), *aliases]
    names = Names(
        pc.if_else(commits, table["title"], "").to_pylist(),
        list(zip(named, [*number_rows.tolist(), *alias_rows.tolist()], strict=True)),
    )
    references, sources = _texts(table["refs"])
    return edges_of(list(zip(sources.tolist(), references, strict=True)), row_of_commit, names)


def _authors(sources: Sequence[str]) -> dict[str, np.ndarray]:
    """Return a number for the author of each memory, (n,), and the numbers of the authors."""
    codes: dict[str, int] = {}
    numbers = np.array([codes.setdefault(json.loads(text)[2].lower(), len(codes)) for text in sources], np.int32)
    return {"author": numbers} | lookup("authors", codes, np.arange(len(codes)))


def _issues(table: pa.Table) -> tuple[pa.Array, np.ndarray]:
    """Return the issues and pull requests ("#N") that memories are about and do not only mention, and their rows."""
    numbers, number_rows = _texts(table["numbers"])
    references, sources = _texts(table["refs"])
    named = [
        (name, row)
        for relation, name, row in (
            (*text.split(" ", 1), row) for text, row in zip(references, sources.tolist(), strict=True)
        )
        if name[0] == "#" and relation != "mention"
    ]
    named += _talk(table)
    keys = [*(f"#{number}" for number in numbers), *(name for name, _ in named)]
    return pa.array(keys, pa.string()), np.concatenate([number_rows, np.array([row for _, row in named], np.int64)])


def _talk(table: pa.Table) -> list[tuple[str, int]]:
    """Return the pull request ("#N") of each review thread, and its row."""
    import pyarrow.compute as pc

    rows = np.flatnonzero(pc.equal(table["source_type"], "discussion").to_numpy())
    sources = table["source"].take(pa.array(rows)).to_pylist() if len(rows) else []
    return [(f"#{json.loads(text)[DISCUSSION + 1]}", row) for text, row in zip(sources, rows.tolist(), strict=True)]


def _flat(column: pa.ChunkedArray) -> tuple[pa.Array, np.ndarray]:
    """Return the items of a list column and the row of each. Items stay in Arrow: there are millions."""
    import pyarrow.compute as pc

    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], column.type)
    return array.flatten(), pc.list_parent_indices(array).to_numpy().astype(np.int64)


def _texts(column: pa.ChunkedArray) -> tuple[list[str], np.ndarray]:
    """Return the items of a list column as Python values, and the row of each."""
    items, rows = _flat(column)
    return items.to_pylist(), rows
