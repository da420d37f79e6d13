"""Which memories get vectors, and when."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
from indexing_runs import in_a_process, rows, run
from memories import HashEncoder
from repositories import Repo, fill

from mom_lsp.encode import choose
from mom_lsp.settings import Settings
from mom_lsp.store import Store, content_hash, embedding_text


@pytest.fixture
def encoders(monkeypatch: pytest.MonkeyPatch) -> list[HashEncoder]:
    """Encode by hashes instead of by a model; the list holds every encoder that was made."""
    made: list[HashEncoder] = []

    def make(model: str) -> HashEncoder:
        made.append(HashEncoder(model or "hash"))
        return made[-1]

    monkeypatch.setattr("mom_lsp.indexing.scheduler.choose", make)
    monkeypatch.setattr("mom_lsp.indexing.index_pass.choose", make)
    return made


def with_model(name: str) -> Settings:
    return replace(Settings(), encoder=replace(Settings().encoder, model=name))


def suggestible(repo: Repo) -> set[str]:
    return {row["content"] for row in rows(repo) if not row["noise"]}


def test_everything_suggestible_is_encoded_once(project: Repo, encoders: list[HashEncoder]) -> None:
    fill(project, 20)
    assert run(project, Settings()).encoded == len(suggestible(project))
    contents, _ = Store(project.location.data).vectors("hash")
    assert sorted(contents) == sorted(suggestible(project))
    assert run(project, Settings()).nothing_new
    project.commit("Add zebras\n\nBecause they were missing.", {"zebra.py": "z = 1\n"})
    assert run(project, Settings()).encoded == 1
    texts = [text for encoder in encoders for text in encoder.texts]
    assert sorted(map(content_hash, texts)) == sorted(suggestible(project))
    stored = Store(project.location.data).get([row["id"] for row in rows(project)])
    assert {content_hash(embedding_text(m)) for m in stored.values() if not m.noise} == suggestible(project)


def test_another_model_reencodes_everything(project: Repo, encoders: list[HashEncoder]) -> None:
    fill(project, 20)
    run(project, with_model("one"))
    assert run(project, with_model("two")).encoded == len(suggestible(project))
    store = Store(project.location.data)
    assert (len(store.vectors("one")[0]), len(store.vectors("two")[0])) == (0, len(suggestible(project)))


def test_interrupted_encoding_is_resumed(project: Repo, encoders: list[HashEncoder]) -> None:
    fill(project, 20)
    run(project, Settings())
    project.commit("Add zebras\n\nBecause they were missing.", {"zebra.py": "z = 1\n"})
    stop = threading.Event()
    run(project, Settings(), stop=stop, report=lambda p: stop.set() if p.phase == "compaction" else None)
    assert len(Store(project.location.data).vectors("hash")[0]) < len(suggestible(project))
    assert not run(project, Settings()).nothing_new
    assert len(Store(project.location.data).vectors("hash")[0]) == len(suggestible(project))


def test_without_its_libraries_search_is_lexical_and_says_so(project: Repo) -> None:
    project.commit("Add zebras\n\nBecause they were missing.", {"zebra.py": "z = 1\n"})
    (project.root.parent / "home/mom-lsp/settings.toml").unlink()
    blocker = """
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "onnxruntime" else real(name, *rest)
RUN"""
    indexed = in_a_process(blocker, project, "index")
    assert "the default encoder needs onnxruntime: reinstall mom-lsp" in indexed.stderr, indexed.stderr
    found = json.loads(in_a_process(blocker, project, "search", "zebras", "--json").stdout)
    assert [one["title"] for one in found["suggestions"]] == ["Add zebras"]


def test_the_real_model_ranks_similar_texts_first(project: Repo) -> None:
    project.commit("Retry when the network connection times out", {"a.py": "a = 1\n"})
    project.commit("Paint the button in a darker blue", {"b.css": "b {}\n"})
    (project.root.parent / "home/mom-lsp/settings.toml").unlink()
    quiet = in_a_process("RUN", project, "index")
    assert "2 embeddings" in quiet.stderr
    encoder = choose()
    contents, vectors = Store(project.location.data).vectors(encoder.name)
    content_of = {row["title"]: row["content"] for row in rows(project)}
    similarity = vectors @ encoder.encode(["the server does not answer in time"])[0]
    assert content_of["Retry when the network connection times out"] == contents[int(similarity.argmax())]
