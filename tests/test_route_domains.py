"""Domains: balanced and named however memories come and go, and no worse than flat search when all are opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hash_encoder import hashed
from hypothesis import given
from hypothesis import strategies as st
from memories import HashEncoder
from repositories import Repo, Start, fill

from mom_lsp.route.domain_names import common_place, named
from mom_lsp.route.domain_partition import Partition, largest
from mom_lsp.route.domain_points import PATH_WIDTH, joined, path_vector, unit
from mom_lsp.route.domains import updated
from mom_lsp.route.gate import ALL, Domains, domains_of, with_gate
from mom_lsp.route.vectors import Vectors
from mom_lsp.store import Store, writer_lease
from mom_lsp.store.arrays import load_arrays, save_arrays

WIDTH = 16
seeds = st.integers(0, 2**32 - 1)


def make_points(seed: int, size: int, alike: float = 0.0) -> np.ndarray:
    """Return points around a few centers; with `alike` some are all the same."""
    random = np.random.default_rng(seed)
    centers = random.standard_normal((5, WIDTH + PATH_WIDTH))
    points = centers[random.integers(5, size=size)] + 0.5 * random.standard_normal((size, WIDTH + PATH_WIDTH))
    points[random.random(size) < alike] = centers[0]
    return unit(points)


def ids(numbers: np.ndarray) -> list[str]:
    return [f"m{number}" for number in numbers]


def sorted_in(points: np.ndarray, numbers: np.ndarray, before: Partition | None = None) -> Partition:
    met = np.ones(len(numbers), bool)
    found = updated(before or Partition.empty(), ids(numbers), met, lambda rows: points[numbers[rows]])
    return found.called([f"name {number}" for number in range(found.count)], "model")


@given(seeds, st.integers(1, 400), st.sampled_from([0.0, 0.5, 1.0]), st.lists(st.integers(1, 120), max_size=4))
def test_no_domain_is_too_large_however_memories_come_and_go(
    seed: int, size: int, alike: float, steps: list[int]
) -> None:
    points, random = make_points(seed, size, alike), np.random.default_rng(seed)
    kept = sorted_in(points, np.arange(min(size, 60)))
    for step in [*steps, size]:
        numbers = np.sort(random.permutation(size)[: max(1, step)])
        kept = sorted_in(points, numbers, kept)
        assert kept.sizes.max() <= largest(len(numbers)) and kept.sizes.sum() == len(numbers)
        assert kept.ids.tolist() == [identity.encode() for identity in ids(numbers)]
    assert kept.count >= size / largest(size)
    again = sorted_in(points, numbers, kept)
    assert again.arrays().keys() == kept.arrays().keys()
    assert (again.domain == kept.domain).all() and (
        again.centers == kept.centers
    ).all()  # without new memories, no moves


def test_updates_are_deterministic_and_look_only_at_new_memories() -> None:
    points, looked = make_points(1, 500), []
    kept = sorted_in(points, np.arange(450))
    assert (kept.domain == sorted_in(points, np.arange(450)).domain).all()

    def look(rows: np.ndarray) -> np.ndarray:
        looked.extend(rows.tolist())
        return points[rows]

    grown = updated(kept, ids(np.arange(452)), np.ones(452, bool), look)
    assert {450, 451} <= set(looked) and len(set(looked)) <= largest(452) + 3
    assert (grown.domain[:450] == kept.domain).mean() > 0.9
    later = updated(kept, ids(np.arange(450)), np.arange(450) >= 0, look)
    assert later.names == kept.names


@given(seeds, st.integers(1, 300), st.integers(1, 30))
def test_opening_all_domains_equals_flat_search(seed: int, size: int, count: int) -> None:
    points, random = make_points(seed, size), np.random.default_rng(seed)
    meaning, kept = unit(points[:, :WIDTH]), sorted_in(points, np.arange(size))
    known = np.flatnonzero(random.random(size) < 0.8)  # of which there is a vector
    domains = domains_of(kept, [*ids(np.arange(size)), "unsorted"])
    known = np.append(known, size)
    meaning = np.vstack([meaning, meaning[:1]])
    rows = domains.order(known)
    domains = with_gate(domains, kept, rows, WIDTH)
    vectors, allowed = Vectors.of(meaning, rows, rows), random.random(size + 1) < 0.7
    query = unit(random.standard_normal(WIDTH))
    flat = Vectors.of(meaning, known, known).nearest(query, allowed, count).tolist()
    assert vectors.nearest(query, allowed, count, domains.opened(query, ALL)).tolist() == flat
    nearly = domains.opened(query, 1.0 - 1e-12)
    assert nearly is not None and vectors.nearest(query, allowed, count, nearly).tolist() == flat
    some = domains.opened(query, 0.3)
    assert some is not None and sum(end - first for first, end in some) <= len(rows)
    found = vectors.nearest(query, allowed, count, some).tolist()
    among = set(np.concatenate([rows[first:end] for first, end in some]).tolist())
    assert size in among  # what has no domain yet is always looked at
    assert (
        found
        == Vectors.of(meaning, known, known)
        .nearest(query, allowed & np.isin(np.arange(size + 1), list(among)), count)
        .tolist()
    )


@pytest.mark.parametrize(
    "change",
    [
        {"domain": np.array([0, 99])},
        {"centers": np.full((1, 4), np.nan)},
        {"names": np.array([1.5])},
        {"ids": np.array([b"a", b"a"])},
        {"domain": np.zeros(7, np.int32)},
        {"built": np.array([1, 2])},
        {"model": np.zeros(1, np.uint8)},
    ],
)
def test_tampered_arrays_are_rejected(change: dict[str, np.ndarray]) -> None:
    kept = sorted_in(make_points(3, 2), np.arange(2))
    assert Partition.of_arrays(kept.arrays(), "model").ids.tolist() == [b"m0", b"m1"]
    assert not Partition.of_arrays(kept.arrays() | change, "model").count
    assert not Partition.of_arrays(kept.arrays(), "another").count
    assert not Partition.of_arrays({}).count


def test_saved_arrays_are_loaded_unless_the_file_is_damaged(tmp_path: Path) -> None:
    file, arrays = tmp_path / "kept", {"a": np.arange(5), "b": np.zeros((0, 3), np.float32), "c": np.array([b"x"])}
    save_arrays(file, "key", arrays)
    found = load_arrays(file, "key")
    assert found is not None
    assert all((found[name] == array).all() and found[name].shape == array.shape for name, array in arrays.items())
    assert load_arrays(file, "another") is None and load_arrays(tmp_path / "none", "key") is None
    whole = file.read_bytes()
    for harmed in (
        whole[:-1],
        whole[:40],
        b"",
        b"[]\n" + whole,
        whole.replace(b"<i8", b"|O8"),
        whole.replace(b"[5]", b"[7]"),
    ):
        file.write_bytes(harmed)
        assert (known := load_arrays(file, "key")) is None or known["a"].dtype == np.int64
    assert list(tmp_path.iterdir()) == [file]


def test_a_domain_name_has_a_path_and_topic_words() -> None:
    paths = {0: [["lib/vtls/a.c"], ["lib/vtls/b.c", "docs/x.md"], ["lib/vtls/c.c"]], 2: [["x/y.py"]] * 3}
    titles = {0: ["tls: fix certificate", "tls certificate check", "tls: certificate"], 2: ["parser"] * 3}
    names = named(["", "known", ""], paths, titles, [*titles[0], "url: fix", "http: fix", "ftp"])
    assert names == ["lib/vtls: certificate, tls", "known", "x/y.py: parser"]
    again = named([*names, ""], {3: paths[2]}, {3: titles[2]}, ["parser"])
    assert again[3] not in names and again[3]
    assert common_place([["a/x"], ["b/x"], ["c/x"], ["a/y"]]) == "a"
    assert common_place([["a/x"], ["b/x"], ["c/x"]]) == "a, b"
    assert common_place([]) == ""


def test_paths_cluster_by_folder_even_without_embeddings() -> None:
    near, far = (
        path_vector("lib/vtls/a.c") @ path_vector("lib/vtls/b.c"),
        path_vector("lib/vtls/a.c") @ path_vector("x"),
    )
    assert near > 0.5 > abs(far)
    points = joined(np.zeros((2, 3), np.float32), np.array([path_vector("a"), path_vector("b")]))
    assert np.linalg.norm(points, axis=1) == pytest.approx([1, 1])
    assert Domains().opened(np.ones(3), 0.5) is None and Domains().name(7) == ""


def test_the_indexer_assigns_domains_and_answers_show_their_names(
    project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(project, 40)
    mom, data = moms(project), project.location.data

    def kept() -> Partition:
        return Partition.of_arrays(Store(data).saved_domains() or {})

    def index_check() -> tuple[bool, str]:
        return next((one["ok"], one["fix"]) for one in mom.call("doctor")["checks"] if one["name"] == "index")

    mom.index()
    by_path = kept()  # there is no encoder yet
    assert by_path.count > 2 and not by_path.met.any()
    assert {one["domain"] for one in mom.search("caller saw the wrong sum")} <= set(by_path.names)
    (data / "lance" / "domains.arrays").write_bytes(b"PK nonsense")
    assert index_check() == (False, "run `mom index`; a running engine rebuilds them within a minute")
    with writer_lease(data):
        assert index_check() == (True, "")  # an indexer is about to make them
    mom.service.follow()
    assert mom.search("caller saw the wrong sum") and not mom.service.library.snapshot().domains.names
    mom.index()
    assert np.array_equal(kept().domain, by_path.domain) and index_check() == (True, "")
    project.commit("Calm the zebras\n\nBecause they ran.", {"zoo/zebra.py": "z = 1\n"})
    mom.index()
    assert len(kept().ids) == len(by_path.ids) + 1
    assert mom.search("zebras")[0]["domain"] in kept().names
    monkeypatch.setattr("mom_lsp.indexing.index_rules.choose", lambda model: HashEncoder("hash"))
    monkeypatch.setattr("mom_lsp.indexing.encoding.encode_texts", hashed)
    (project.root.parent / "home/mom-lsp/settings.toml").write_text("")
    assert not mom.index().nothing_new
    assert kept().met.all() and kept().model == "hash"
    assert mom.index().nothing_new
    mom.call("note", text="Zebras bite", path="zoo/zebra.py", line=1)
    (project.root / ".mom.toml").write_text('exclude = ["zoo/zebra.py"]\n')
    mom.index()  # a row without a vector alone is as wide as the others
    (project.root / ".mom.toml").unlink()
    mom.index()
    zebra = next(one for one in mom.search("zebras") if one["source"]["type"] == "commit")
    mom.call("forget", id=zebra["id"])
    mom.index()
    assert zebra["id"].encode() not in kept().ids.tolist()
    assert not any("zebra" in name for name in kept().names)
