"""Vectors and encoder are in memory only while questions in words are asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from memories import HashEncoder
from repositories import SHOW_ALL, Mom, Repo, Start, copy_of, indexed
from three_commits import ALPHA, text, write_three_commits

from mom_lsp.store import Store
from mom_lsp.workspace.library import library
from mom_lsp.workspace.library.meaning import read_meaning


class CountingEncoder(HashEncoder):
    """Counts how often it was unloaded."""

    unloaded = 0

    def unload(self) -> None:
        self.unloaded += 1


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return indexed(tmp_path_factory.mktemp("template"), write_three_commits)


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> CountingEncoder:
    encoder = CountingEncoder()
    monkeypatch.setattr("mom_lsp.engine.service.choose", lambda model: encoder)
    return encoder


@pytest.fixture
def mom(home: Path, template: Repo, tmp_path: Path, encoder: CountingEncoder, moms: Start) -> Mom:
    """mom with a vector for every memory."""
    (home / "mom-lsp" / "settings.toml").write_text("[model]\nenable = false\n" + SHOW_ALL)
    mom = moms(copy_of(template, tmp_path / "repo"))
    contents = [content for content in mom.service.library.snapshot().catalog.contents if content]
    store = mom.service.library.store
    assert isinstance(store, Store)
    store.put_vectors(encoder.name, contents, HashEncoder().encode(contents))
    return mom


def vectors(mom: Mom) -> int:
    return len(mom.service.library.snapshot().vectors)


def test_questions_about_a_place_need_neither_encoder_nor_vectors(mom: Mom, encoder: HashEncoder) -> None:
    assert mom.suggest("src/a.py", 2) and mom.call("why", path="src/a.py", line=2)["citations"]
    mom.call("hints", path="src/a.py", text=text(mom), start=1, end=4)
    assert (encoder.texts, vectors(mom)) == ([], 0)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("search", {"text": "callers"}),
        ("suggest", {"intent": "callers"}),
        ("suggest", {"intent": "callers", "path": "src/a.py", "start": 2, "end": 2}),
    ],
)
def test_questions_in_words_are_encoded_the_first_time_too(
    mom: Mom, encoder: HashEncoder, method: str, params: dict[str, object]
) -> None:
    mom.suggest("src/a.py", 2)
    first = mom.call(method, **params)
    assert len(encoder.texts) == 1 and vectors(mom) > 0
    assert {**mom.call(method, **params), "took_ms": 0} == {**first, "took_ms": 0}


def test_unused_vectors_and_encoder_are_unloaded_and_loaded_again(mom: Mom, encoder: CountingEncoder) -> None:
    library = mom.service.library
    before = mom.search("callers")
    library.unload(60.0)
    assert (vectors(mom) > 0, encoder.unloaded) == (True, 0), "they were used a moment ago"
    library.unload(0.0)
    assert (vectors(mom), encoder.unloaded) == (0, 1)
    library.unload(0.0)
    assert encoder.unloaded == 1
    assert mom.suggest("src/a.py", 2)[0]["title"] == ALPHA
    assert mom.search("callers") == before


def test_vectors_that_took_long_to_read_replace_no_newer_memories(mom: Mom, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*given: Any) -> Any:
        monkeypatch.setattr(library, "read_meaning", read_meaning)
        Repo(mom.root).commit("Count in zebras\n\nBecause callers ask.", {"src/c.py": "zebras = 1\n"})
        mom.index()
        return read_meaning(*given)

    mom.suggest("src/a.py", 2)
    monkeypatch.setattr(library, "read_meaning", interrupted)
    mom.service.library.snapshot_with_vectors()
    assert "Count in zebras" in mom.titles("zebras")


def test_a_note_has_a_vector_from_the_first_search_on(mom: Mom) -> None:
    mom.call("note", text="Ask Ada before changing this", path="src/a.py", line=2)
    mom.search("callers")
    snapshot = mom.service.library.snapshot()
    (note,) = snapshot.notes
    assert snapshot.slots[snapshot.catalog.row_of[note]] >= 0


def test_with_the_encoder_turned_off_nothing_is_encoded(mom: Mom, home: Path, encoder: HashEncoder) -> None:
    (home / "mom-lsp" / "settings.toml").write_text("[encoder]\nenable = false\n")
    mom.service.follow_settings()
    assert mom.search("alpha")
    assert (encoder.texts, vectors(mom)) == ([], 0)
