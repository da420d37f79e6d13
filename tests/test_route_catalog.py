"""Catalogs and views, against plain Python."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from catalogs import make_catalog, make_memory, make_view, sha
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.memory import Anchor, Reference, Source
from mom_lsp.route.view import View

paths = st.lists(st.sampled_from(["a", "b", "c/d", "é", "x y"]), unique=True, max_size=4)


@given(st.lists(st.tuples(paths, st.lists(st.sampled_from(["f", "g"]), unique=True, max_size=2)), max_size=8))
def test_a_catalog_groups_like_plain_python(rows: list[tuple[list[str], list[str]]]) -> None:
    memories = [
        make_memory(n, anchors=tuple(Anchor(path, tuple(symbols)) for path in touched), blobs=tuple(touched))
        for n, (touched, symbols) in enumerate(rows)
    ]
    catalog = make_catalog(*memories)
    assert list(catalog.ids) == [memory.id for memory in memories]
    every = {path for touched, _ in rows for path in touched}
    assert {path: found.tolist() for path, found in catalog.rows_of_path.items()} == {
        path: [n for n, (touched, _) in enumerate(rows) if path in touched] for path in every
    }
    assert {key: found.tolist() for key, found in catalog.rows_of_symbol.items()} == {
        f"{path}\t{symbol}": [n for n, (t, s) in enumerate(rows) if path in t and symbol in s]
        for path in every
        for symbol in "fg"
        if any(path in t and symbol in s for t, s in rows)
    }
    assert [catalog.paths_of(n) for n in range(len(rows))] == [touched for touched, _ in rows]
    assert catalog.path_count.tolist() == [len(touched) for touched, _ in rows]
    asked = sorted(every)[:2]
    assert catalog.rows_touching(asked).tolist() == [n for n, (t, _) in enumerate(rows) if set(t) & set(asked)]
    assert catalog.row_of_commit.many(m.commits[0] for m in memories).tolist() == list(range(len(memories)))
    assert [catalog.row_of.get(memory.id) for memory in memories] == list(range(len(memories)))
    assert catalog.row_of.get("nobody") is None and "nobody" not in catalog.row_of


def test_surprise_is_a_quintile_raised_by_later_references() -> None:
    plain = [make_memory(n, evidence=float(n)) for n in range(10)]
    assert make_view(*plain).surprise.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    fixed = [*plain[:8], *(make_memory(n, evidence=float(n), references=(Reference("fixes", sha(0)),)) for n in (8, 9))]
    assert make_view(*fixed).surprise[0] > 1
    assert make_view(make_memory(1, noise="bot")).surprise.tolist() == [1]
    assert make_view().surprise.tolist() == []


def test_surprise_is_relative_to_what_the_settings_leave() -> None:
    memories = [make_memory(n, evidence=float(n), anchors=(Anchor(f"{n // 5}.py"),)) for n in range(10)]
    fresh, asked = make_view(*memories), make_view(*memories)
    assert asked.surprise.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    left = [view.without("1.py".__eq__, comments=True, documents=True).surprise for view in (fresh, asked)]
    assert left[0][:5].tolist() == left[1][:5].tolist() == [1, 2, 3, 4, 5]


def test_names_follow_only_renames_in_the_current_history() -> None:
    first, second = make_memory(1, renames=(("a", "b"),)), make_memory(2, renames=(("b", "c"), ("q", "z")))
    catalog = make_catalog(first, second, make_memory(3, renames=(("c", "a"),)))
    assert catalog.names_of("c", np.array([True, True, True])) == ["c", "b", "a"]
    assert catalog.names_of("c", np.array([False, True, True])) == ["c", "b"]
    assert catalog.names_of("a", np.array([True, True, False])) == ["a"]


def test_a_file_memory_is_valid_only_where_its_blob_is() -> None:
    span = replace(
        make_memory(1), source=Source("file", path="a"), commits=(), blobs=("b1", "b2"), anchors=(Anchor("a"),)
    )
    catalog = make_catalog(span)
    valid = {str(tree): bool(View(catalog, (), tree).valid[0]) for tree in ({"a": "b2"}, {"a": "b3"}, {"z": "b1"}, {})}
    assert list(valid.values()) == [True, False, False, False]
