"""The saved vectors: what the indexer saves is what a reader would compute, and only the rest is read again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hash_encoder import hashed
from memories import HashEncoder
from repositories import Mom, Repo, Start, copy_of, indexed
from three_commits import ALPHA, write_three_commits

from mom_lsp import datafolder
from mom_lsp.indexing.domain_pass import save_meaning
from mom_lsp.route.vectors import Vectors
from mom_lsp.store import Store
from mom_lsp.workspace.library import meaning
from mom_lsp.workspace.library.catalog_arrays import catalog_arrays, catalog_version
from mom_lsp.workspace.library.meaning import Meaning, read_meaning

MODEL = HashEncoder().name


class Watched(Store):
    """A store that remembers which vectors were read."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self.read: list[str | None] = []  # content keys; None for all

    def vectors(self, model: str, contents: Sequence[str] | None = None) -> tuple[list[str], np.ndarray]:
        """Read vectors."""
        self.read += [None] if contents is None else list(contents)
        return super().vectors(model, contents)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return indexed(tmp_path_factory.mktemp("template"), write_three_commits)


@pytest.fixture
def mom(home: Path, template: Repo, tmp_path: Path, moms: Start) -> Mom:
    return moms(copy_of(template, tmp_path / "repo"))


@pytest.fixture
def store(mom: Mom) -> Watched:
    """A store with a vector of every memory, which are saved too."""
    store = Watched(mom.location.data)
    encode(store)
    save_meaning(store, catalog_arrays(store, {}), {}, MODEL)
    store.read.clear()
    return store


def encode(store: Store) -> list[str]:
    """Add a vector for every memory that has none; return their contents."""
    lacking = sorted(set(store.columns(["content"])["content"].to_pylist()) - store.encoded(MODEL) - {""})
    store.put_vectors(MODEL, lacking, HashEncoder().encode(lacking))
    return lacking


def read(store: Store, notes: dict[str, np.ndarray] | None = None) -> Meaning:
    from mom_lsp.route.catalog import Catalog

    catalog = Catalog(catalog_arrays(store, {}))
    return read_meaning(store, MODEL, catalog, notes or {}, catalog_version(store.version, {}))


def computed(mom: Mom) -> Meaning:
    """Return what is read where nothing is saved."""
    file = mom.location.data / datafolder.MEANING
    kept = file.rename(file.with_suffix(".kept"))
    try:
        return read(Store(mom.location.data))
    finally:
        kept.rename(file)


def check_same(one: Meaning, other: Meaning) -> None:
    assert len(one.vectors) == len(other.vectors) > 0
    for name in ("codes", "scales", "rows"):
        assert np.array_equal(getattr(one.vectors, name), getattr(other.vectors, name)), name
    for name in ("of", "names", "centers", "starts"):
        assert np.array_equal(getattr(one.domains, name), getattr(other.domains, name)), name
    assert np.array_equal(one.slots, other.slots)
    assert one.state == other.state


def test_saved_vectors_are_mapped_and_none_is_read(mom: Mom, store: Watched) -> None:
    found = read(store)
    assert store.read == []
    assert not found.vectors.codes.flags.writeable, "they are in the file"
    check_same(found, computed(mom))


def test_after_a_commit_only_the_new_vectors_are_read(mom: Mom, store: Watched) -> None:
    (mom.root / "src/a.py").write_text("third = 3\n")
    Repo(mom.root, [2_000_000_000]).commit("Add a third", {"src/c.py": "third = 3\n"})
    mom.index()
    store.refresh()
    fresh = encode(store)
    found = read(store)
    assert fresh and set(fresh) == set(store.read)
    check_same(found, computed(mom))


def test_where_most_is_lacking_everything_is_read(mom: Mom, store: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "FEW", 0)
    Repo(mom.root, [2_000_000_000]).commit("Add a third", {"src/c.py": "third = 3\n"})
    mom.index()
    store.refresh()
    encode(store)
    found = read(store)
    assert store.read == [None]
    check_same(found, computed(mom))


def test_vectors_of_notes_are_added_to_the_saved_ones(mom: Mom, store: Watched) -> None:
    content = store.columns(["content"])["content"].to_pylist()[0]
    other = {content: HashEncoder().encode(["another text"])[0]}
    found = read(store, other)
    row = int(np.flatnonzero(np.array(store.columns(["content"])["content"].to_pylist()) == content)[0])
    expected = Vectors.of(other[content][None]).floats()[0]
    assert np.array_equal(found.vectors.floats(found.slots[[row]])[0], expected)


def test_vectors_saved_for_another_model_do_not_count(store: Watched) -> None:
    assert store.saved_meaning(MODEL) is not None
    assert store.saved_meaning("another") is None


def test_damaged_vectors_are_read_from_the_store(mom: Mom, store: Watched) -> None:
    expected = computed(mom)
    file = mom.location.data / datafolder.MEANING
    file.write_bytes(file.read_bytes()[:-1])
    check_same(read(store), expected)


def test_the_indexer_saves_what_it_encoded(project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mom_lsp.indexing.index_rules.choose", lambda model: HashEncoder())
    monkeypatch.setattr("mom_lsp.indexing.encoding.encode_texts", hashed)
    (project.root.parent / "home/mom-lsp/settings.toml").write_text("[model]\nenable = false\n")
    write_three_commits(project)
    mom = moms(project)
    for number in range(2):
        project.commit(f"Add file {number}", {f"src/{number}.py": f"number = {number}\n"})
        mom.index()
        store = Watched(mom.location.data)
        found = read(store)
        assert (store.read, len(found.vectors)) == ([], 4 + number)
        check_same(found, computed(mom))


def test_no_vector_of_a_forgotten_memory_stays(mom: Mom, store: Watched) -> None:
    alpha = next(one["id"] for one in mom.search(ALPHA) if one["title"] == ALPHA)
    mom.call("forget", id=alpha)
    mom.index()
    assert not (mom.location.data / datafolder.MEANING).exists()
