"""A catalog that is brought up to date says the same as one that is made anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from catalogs import make_memory, sha
from hypothesis import given, settings
from hypothesis import strategies as st

from mom_lsp.memory import Anchor, DiscussionPart, Memory, Reference, Source
from mom_lsp.route.catalog import Catalog
from mom_lsp.route.columns import COLUMNS, LINKS, arrays_of
from mom_lsp.route.columns_update import updated
from mom_lsp.route.text_index import Arrays, Lookup
from mom_lsp.store import Store
from mom_lsp.store.arrow_rows import to_table
from mom_lsp.workspace.library.catalog_arrays import catalog_arrays, catalog_key

MOST = 12  # memories
TITLES = ["Limit retries of the client", "!7 Limit retries of the client", "Count the failures", "fix"]
GROUPS = ("rows_of_blob", "rows_of_path", "rows_of_symbol", "rows_of_issue", "talk_of_commit")
RENUMBERED = ("blobs_", "paths_", "symbols_", "symbol_names_", "issues_", "authors_", "author", "path_codes")


def some(values: Sequence[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(values), max_size=most, unique=True).map(tuple)


def references() -> st.SearchStrategy[tuple[Reference, ...]]:
    targets = [*map(sha, range(MOST)), "#1", "#2", *(f'"{title}"' for title in TITLES), "someone/else#2"]
    one = st.builds(Reference, st.sampled_from(["revert", "fixes", "mention"]), st.sampled_from(targets))
    return st.lists(one, max_size=2).map(tuple)


@st.composite
def memories(draw: st.DrawFn) -> list[Memory]:
    """Memories with different numbers that share much."""
    numbers = draw(st.lists(st.integers(0, MOST - 1), unique=True, max_size=MOST))
    return [draw(memory(number)) for number in numbers]


@st.composite
def memory(draw: st.DrawFn, number: int) -> Memory:
    symbols = {path: draw(some(["f", "g", "é"])) for path in draw(some(["a", "b", "c/d"]))}
    author = draw(st.sampled_from(["ann@example.invalid", "Ann@example.invalid", "bob@example.invalid"]))
    kind = draw(st.sampled_from(["commit", "commit", "file", "discussion"]))
    part = DiscussionPart("pull_request", draw(st.integers(1, 2)), "merged", "t") if kind == "discussion" else None
    return make_memory(
        number,
        title=draw(st.sampled_from(TITLES)),
        source=Source(kind, commit=sha(number), email=author, time=draw(st.integers(0, 9)), discussion=part),
        blobs=draw(some(["x", "y"])),
        anchors=tuple(Anchor(path, names) for path, names in symbols.items()),
        added=draw(some(["alpha", "beta"])),
        removed=draw(some(["alpha", "gamma"])),
        added_lines=draw(some([1, 2, 3, 4])),
        removed_lines=draw(some([3, 4, 5])),
        references=draw(references()),
        numbers=draw(some([1, 2])),
        aliases=draw(some(['"Count the failures"', "!3"])),
        renames=draw(some([("a", "b"), ("b", "c/d")])),
        noise=draw(st.sampled_from(["", "", "bot"])),
    )


def table(*some: Memory) -> pa.Table:
    return to_table(some).select(COLUMNS)


def check_same(found: Arrays, anew: Arrays) -> None:
    """Check that two catalogs answer alike: only what many rows share may be numbered differently."""
    assert found.keys() == anew.keys()
    for name in anew:
        assert found[name].dtype == anew[name].dtype, name
        if not name.startswith(RENUMBERED):
            assert found[name].tolist() == anew[name].tolist(), name
    one, other = Catalog(found), Catalog(anew)
    for name in GROUPS:
        theirs = {key: rows.tolist() for key, rows in getattr(other, name).items()}
        assert {key: rows.tolist() for key, rows in getattr(one, name).items()} == theirs, name
    every = range(other.size)
    assert [one.paths_of(row) for row in every] == [other.paths_of(row) for row in every]
    assert [one.paths_of_symbol(name) for name in "fgé"] == [other.paths_of_symbol(name) for name in "fgé"]
    assert (one.author[:, None] == one.author).tolist() == (other.author[:, None] == other.author).tolist()
    for author in ("ann@example.invalid", "bob@example.invalid"):
        number = Lookup(anew, "authors").get(author)
        rows = (anew["author"] == number).tolist() if number is not None else [False] * other.size
        assert (found["author"] == Lookup(found, "authors").get(author)).tolist() == rows


@settings(deadline=None)
@given(memories(), st.data())
def test_an_updated_catalog_is_the_one_that_is_made_anew(all: list[Memory], data: st.DataObject) -> None:
    old = data.draw(st.lists(st.sampled_from(all), unique_by=id) if all else st.just([]))
    kept = np.array([data.draw(st.booleans()) for _ in old], bool)
    left = [memory for memory, stays in zip(old, kept, strict=True) if stays]
    replaced = [data.draw(memory(int(gone.id[1:]))) for gone in old if gone not in left and data.draw(st.booleans())]
    fresh = [*(memory for memory in all if memory not in old), *replaced]
    anew = table(*left, *fresh)
    found = updated(arrays_of(table(*old)), kept, table(*fresh), anew.select(LINKS))
    check_same(found, arrays_of(anew))


class Watched(Store):
    """A store that remembers after which row the columns of a catalog were read."""

    after = -1

    def columns(self, names: Sequence[str], where: str | None = None, *, after: int = 0) -> pa.Table:
        """Read columns."""
        self.after = after if names == COLUMNS else self.after
        return super().columns(names, where, after=after)


def test_only_the_rows_that_were_written_are_read_again(tmp_path: Path) -> None:
    store = Watched(tmp_path, create=True)
    many = [make_memory(number, anchors=(Anchor(f"{number}.py", ("f",)),)) for number in range(60)]
    note = make_memory(99, source=Source("user"), commits=())
    store.upsert(many)
    noted = {note.id: note}
    for change, notes, is_update in (
        (list, {}, False),  # nothing is saved yet
        (partial(store.upsert, [make_memory(60, title="Another one")]), {}, True),
        (partial(store.upsert, [make_memory(7, title="Replaced")]), noted, True),
        (partial(store.delete, [many[3].id, many[40].id]), noted, True),
        (partial(store.upsert, [make_memory(61, references=(Reference("revert", sha(7)),))]), {}, True),
        (store.compact, {}, None),  # writes as many rows again as LanceDB likes
        (partial(store.upsert, [replace(one, title="All of them") for one in many]), {}, False),
    ):
        change()
        store.after = -1
        found = catalog_arrays(store, notes)
        assert is_update in (None, store.after > 0)
        anew = arrays_of(pa.concat_tables([store.columns(COLUMNS), table(*notes.values())]))
        check_same({name: array for name, array in found.items() if name != "rows"}, anew)
        store.save_catalog(catalog_key(notes), found)
