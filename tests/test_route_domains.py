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

from mom_lsp.route.domain_names import common_place, named, salient
from mom_lsp.route.domain_partition import Partition, largest
from mom_lsp.route.domain_points import PATH_WIDTH, joined, path_vector, unit
from mom_lsp.route.domains import _Work, updated
from mom_lsp.route.gate import ALL, Domains, domains_of, with_gate
from mom_lsp.route.vectors import Vectors
from mom_lsp.store import Store, writer_lease
from mom_lsp.store.arrays import load_arrays, save_arrays

WIDTH = 16
seeds = st.integers(0, 2**32 - 1)
WHY = "Because callers saw the wrong sum."


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


@pytest.mark.parametrize("size", [25, 100, 400, 1600])
def test_there_are_about_as_many_domains_as_the_square_root_of_the_memories(size: int) -> None:
    count = sorted_in(make_points(2, size), np.arange(size)).count
    assert 0.7 * size**0.5 <= count <= 1.5 * size**0.5


def test_domains_are_rebuilt_when_memories_doubled_or_halved() -> None:
    points = make_points(3, 500)
    kept = sorted_in(points, np.arange(200))
    for size, built in ((400, 200), (401, 401), (100, 200), (99, 99)):
        assert sorted_in(points, np.arange(size), kept).built == built


def test_domains_do_not_depend_on_how_many_memories_are_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    points = make_points(4, 300)

    def grown() -> Partition:
        return sorted_in(points, np.arange(300), sorted_in(points, np.arange(200)))

    whole = grown()
    monkeypatch.setattr("mom_lsp.route.domains.BLOCK", 16)
    parts = grown()
    assert (parts.domain == whole.domain).all() and (parts.sizes == whole.sizes).all()
    np.testing.assert_allclose(parts.centers, whole.centers, atol=1e-5)


def test_a_domain_whose_memories_are_all_gone_is_dissolved() -> None:
    points = make_points(5, 200)
    kept = sorted_in(points, np.arange(200))
    left = np.flatnonzero(kept.domain != kept.count - 1)  # not the last one's
    after = sorted_in(points, left, kept)
    assert after.sizes.min() > 0 and after.sizes.sum() == len(left)


def test_where_all_domains_are_too_small_the_largest_stays() -> None:
    work = _Work(np.eye(3, dtype=np.float32), np.array([1, 3, 2]), ["a", "b", "c"])
    domain = work.dissolve(np.array([0, 1, 1, 1, 2, 2, -1]), 9)
    assert domain.tolist() == [-1, 0, 0, 0, -1, -1, -1]
    assert (work.names, work.sizes.tolist()) == (["b"], [3])


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
    sample = [*titles[0], "url: fix", "http: fix", "ftp"]
    names = named(["", "known", ""], paths, titles, sample, [["lib/vtls/a.c"]] * 3 + [["x"]] * 3)
    assert names == ["lib/vtls: certificate, tls", "known", "x/y.py: parser"]
    again = named([*names, ""], {3: paths[2]}, {3: titles[2]}, ["parser"], [])
    assert again[3] not in names and again[3]
    assert common_place([["a/x"], ["b/x"], ["c/x"], ["a/y"]], {}) == "a"
    assert common_place([["a/x"], ["b/x"], ["c/x"]], {}) == "a, b"
    assert common_place([], {}) == ""


def test_a_file_that_every_change_touches_does_not_name_a_domain() -> None:
    paths = [["CHANGES.rst", "src/cli.py"]] * 4 + [["CHANGES.rst"]]
    assert common_place(paths, {"CHANGES.rst": 0.9, "src": 0.3, "src/cli.py": 0.1}) == "src/cli.py"


def test_the_words_of_a_name_are_telling_and_each_is_said_once() -> None:
    titles = [
        "Scroll the preview window",
        "Fix the preview window of @ada (https://example.org/preview)",
        "preview window: scrolling with the mouse",
        "Wrap long lines in src/terminal.go",
        "Revert 0123456789abcdef",
    ]
    elsewhere = {"preview": 0.1, "window": 0.1, "preview window": 0.1, "long": 0.3, "scroll": 0.1, "scrolling": 0.1}
    found = list(salient(titles, elsewhere, "src/terminal.go"))
    assert found == ["preview window"]  # not its words, nor what one title says, nor people, commits and addresses
    assert list(salient(titles * 2, elsewhere, ""))[:2] == ["preview window", "mouse"]
    assert list(salient(["Bind the keys", "the binding of keys"] * 2, {"other": 0.01}, "")) == ["keys", "bind"]


def test_paths_cluster_by_folder_even_without_embeddings() -> None:
    near, far = (
        path_vector("lib/vtls/a.c") @ path_vector("lib/vtls/b.c"),
        path_vector("lib/vtls/a.c") @ path_vector("x"),
    )
    assert near > 0.5 > abs(far)
    points = joined(np.zeros((2, 3), np.float32), np.array([path_vector("a"), path_vector("b")]))
    assert np.linalg.norm(points, axis=1) == pytest.approx([1, 1])
    assert Domains().opened(np.ones(3), 0.5) is None and Domains().name(7) == ""


def test_a_changelog_does_not_name_the_domain_of_the_changes_that_mention_it(project: Repo, moms: Start) -> None:
    for number in range(30):
        project.commit(f"Limit the server to {number} rows\n\n{WHY}", {f"server/a{number}.py": "a = 1\n"})
        change = {f"part{number}/a.py": "a = 1\n", "CHANGES.md": f"# Changes\n\n{number}\n"}
        project.commit(f"Limit the client to {number} rows\n\n{WHY}", change)
    mom = moms(project)
    mom.index()
    found = {one["domain"] for one in mom.search("callers saw the wrong sum")}
    assert any(name.startswith("part") for name in found)
    assert not any(name.startswith("CHANGES") for name in found)


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
