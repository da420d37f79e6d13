"""Which memories get vectors, and when: between passes, in a child process, without being in the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import NamedTuple

import lancedb
import psutil
import pytest
from hash_encoder import GATE, hashed, hashed_through_gate
from indexing_runs import in_a_process, rows, run, titles
from processes import LONG, eventually
from repositories import Repo, fill

from mom_lsp import datafolder
from mom_lsp.encode import choose
from mom_lsp.indexing import Progress, Summary, index, serve_requests, watch
from mom_lsp.indexing.marker import load_marker, save_marker
from mom_lsp.indexqueue import claim_start, enqueue, pending
from mom_lsp.journal import Journal
from mom_lsp.settings import Settings
from mom_lsp.store import Store, content_hash, embedding_text, encoding_lease, writer_lease

ZEBRAS = "Add zebras\n\nBecause they were missing."
# Indexes where an encoder is a function of ours, whose batches pass through a gate of the test.
GATED = """
import sys, threading
from pathlib import Path
from types import SimpleNamespace
import hash_encoder
from mom_lsp.git import locate
from mom_lsp.indexing import encoding, index, index_rules
from mom_lsp.settings import Settings

if __name__ == "__main__":
    index_rules.choose = lambda model: SimpleNamespace(name=model or "hash")
    encoding.encode_texts = hash_encoder.hashed_through_gate
    index(locate(Path(sys.argv[1])), Settings, report=lambda progress: None, stop=threading.Event())
"""


class Named(NamedTuple):
    """An encoder that only the child may ask."""

    name: str


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encode by hashes instead of by a model."""
    monkeypatch.setattr("mom_lsp.indexing.index_rules.choose", lambda model: Named(model or "hash"))
    monkeypatch.setattr("mom_lsp.indexing.encoding.encode_texts", hashed)


@dataclass
class Batch:
    """A batch in the child, which waits at the gate."""

    gate: Connection
    process: int
    texts: list[str]

    def go_on(self) -> None:
        self.gate.send(None)


@pytest.fixture
def gate(encoder: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Listener]:
    """Encode four texts at a time, each batch as soon as the test lets it pass."""
    for name in ("FIRST_BATCH", "MIN_BATCH", "MAX_BATCH"):
        monkeypatch.setattr(f"mom_lsp.indexing.encoding.{name}", 4)
    monkeypatch.setattr("mom_lsp.indexing.encoding.encode_texts", hashed_through_gate)
    with Listener(str(tmp_path / "gate"), "AF_UNIX") as listener:
        monkeypatch.setenv(GATE, str(listener.address))
        yield listener


def arrived(gate: Listener) -> Batch:
    connection = gate.accept()
    return Batch(connection, *connection.recv())


def pass_all(gate: Listener, batch: Batch) -> None:
    """Let this batch pass, and all others that come."""

    def serve() -> None:
        batch.go_on()
        while True:
            try:
                arrived(gate).go_on()
            except OSError:  # the gate is closed at the end of the test
                return

    threading.Thread(target=serve, daemon=True).start()


class Indexing:
    """Indexing in a thread: `watch`, or one run, whose summary is kept."""

    def __init__(self, repo: Repo, settings: Settings, *, watching: bool) -> None:
        self.repo, self.settings, self.messages, self.summary = repo, settings, set[str](), Summary()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._watch if watching else self._run, daemon=True)
        self.thread.start()

    def _watch(self) -> None:
        watch(self.repo.location, lambda: self.settings, self._report, self.stop)

    def _run(self) -> None:
        location = self.repo.location
        self.summary = index(location, lambda: self.settings, report=self._report, stop=self.stop)

    def _report(self, progress: Progress) -> None:
        self.messages.add(progress.message)

    def end(self) -> None:
        self.thread.join(LONG)
        assert not self.thread.is_alive()


@pytest.fixture
def watching(project: Repo, gate: Listener, monkeypatch: pytest.MonkeyPatch) -> Iterator[Indexing]:
    """Watch a repository of twenty commits."""
    monkeypatch.setattr("mom_lsp.indexing.watcher.SETTLE", 0.05)
    fill(project, 20)
    indexing = Indexing(project, Settings(), watching=True)
    try:
        yield indexing
    finally:
        indexing.stop.set()
        indexing.end()


def with_model(name: str) -> Settings:
    return replace(Settings(), encoder=replace(Settings().encoder, model=name))


def suggestible(repo: Repo) -> set[str]:
    return {row["content"] for row in rows(repo) if not row["noise"]}


def encoded(repo: Repo, model: str = "hash") -> list[str]:
    return sorted(Store(repo.location.data).vectors(model)[0])


# What is encoded


def test_everything_suggestible_is_encoded_once(project: Repo, encoder: None) -> None:
    fill(project, 20)
    assert run(project, Settings()).encoded == len(suggestible(project))
    assert encoded(project) == sorted(suggestible(project))
    assert run(project, Settings()).nothing_new
    project.commit(ZEBRAS, {"zebra.py": "z = 1\n"})
    assert run(project, Settings()).encoded == 1
    assert encoded(project) == sorted(suggestible(project))
    store = Store(project.location.data)
    texts = {
        content_hash(text): text for text in map(embedding_text, store.get([r["id"] for r in rows(project)]).values())
    }
    contents, vectors = store.vectors("hash")
    assert (vectors == hashed("hash", [texts[content] for content in contents]).astype("float16")).all()


def test_compaction_of_vectors_takes_time_in_proportion_to_their_number(
    project: Repo, encoder: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"FIRST_BATCH": 1, "MIN_BATCH": 1, "MAX_BATCH": 1, "COMPACT_EVERY": 2}.items():
        monkeypatch.setattr(f"mom_lsp.indexing.encoding.{name}", value)
    fill(project, 30)
    count = run(project, Settings()).encoded
    table = lancedb.connect(project.location.data / datafolder.INDEX).open_table("vectors")
    assert table.stats()["fragment_stats"]["num_fragments"] <= 2
    compacted = set[int]()  # how many vectors each compaction wrote
    for version in table.list_versions():
        table.checkout(version["version"])
        found = table.stats()
        if found["fragment_stats"]["num_fragments"] == 1:
            compacted.add(found["num_rows"])
    assert sum(compacted) < 5 * count


def test_another_model_reencodes_everything(project: Repo, encoder: None) -> None:
    fill(project, 20)
    run(project, with_model("one"))
    assert run(project, with_model("two")).encoded == len(suggestible(project))
    assert (encoded(project, "one"), encoded(project, "two")) == ([], sorted(suggestible(project)))


def test_an_index_whose_texts_were_others_is_reencoded_without_a_trace_of_the_old_vectors(
    project: Repo, encoder: None
) -> None:
    fill(project, 20)
    run(project, Settings())
    data, texts = project.location.data, [f"an older text {at}" for at in range(40)]
    older = [content_hash(text) for text in texts]
    with writer_lease(data) as acquired:
        assert acquired
        store = Store(data)
        store.keep_vectors([])
        store.put_vectors("hash", older, hashed("hash", texts))
    schema, marker = data / datafolder.SCHEMA, load_marker(data)
    schema.write_text("1 " + schema.read_text().partition(" ")[2])  # as an older version of mom left it
    marker.rules = "older"
    save_marker(data, marker)
    assert run(project, Settings()).encoded == len(suggestible(project))
    assert encoded(project) == sorted(suggestible(project))
    assert load_marker(data).encoded == "hash"


def test_interrupted_encoding_is_resumed(project: Repo, gate: Listener) -> None:
    fill(project, 20)
    indexing = Indexing(project, Settings(), watching=False)
    arrived(gate).go_on()
    second = arrived(gate)
    indexing.stop.set()
    indexing.end()
    assert len(encoded(project)) == 4 and not load_marker(project.location.data).encoded
    assert not psutil.pid_exists(second.process)
    indexing = Indexing(project, Settings(), watching=False)
    pass_all(gate, arrived(gate))
    indexing.end()
    assert encoded(project) == sorted(suggestible(project))
    assert indexing.summary.encoded == len(suggestible(project)) - 4


def test_without_its_libraries_search_is_lexical_and_says_so(project: Repo) -> None:
    project.commit(ZEBRAS, {"zebra.py": "z = 1\n"})
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


# While it runs


def test_a_commit_made_meanwhile_is_found_at_once_and_encoded_next(
    project: Repo, watching: Indexing, gate: Listener
) -> None:
    batch = arrived(gate)
    project.commit(ZEBRAS, {"zebra.py": "z = 1\n"})
    eventually(lambda: "Add zebras" in titles(project))
    assert encoded(project) == [] and psutil.pid_exists(batch.process)
    batch.go_on()
    following = arrived(gate)
    assert following.texts[0].startswith("Add zebras") and following.process == batch.process
    pass_all(gate, following)
    eventually(lambda: load_marker(project.location.data).encoded == "hash")
    assert encoded(project) == sorted(suggestible(project))
    eventually(lambda: not psutil.pid_exists(batch.process))


def test_a_memory_forgotten_meanwhile_gets_no_vector(project: Repo, watching: Indexing, gate: Listener) -> None:
    batch, data = arrived(gate), project.location.data
    by_content = {row["content"]: row for row in rows(project)}
    forgotten, *others = (by_content[content_hash(text)] for text in batch.texts)
    with Journal(data / datafolder.JOURNAL) as journal:
        journal.append("forget", forgotten["id"], now=0.0)
    enqueue(data, project.location.git_dir, "forget")
    eventually(lambda: not pending(data))
    batch.go_on()
    following = arrived(gate)
    assert encoded(project) == sorted(one["content"] for one in others)
    pass_all(gate, following)
    eventually(lambda: load_marker(data).encoded == "hash")
    assert forgotten["content"] not in encoded(project)
    for file in (one for one in data.rglob("*") if one.is_file()):
        assert forgotten["title"].encode() not in file.read_bytes(), file


def test_a_hook_gets_the_writer_lease_meanwhile(project: Repo, watching: Indexing, gate: Listener) -> None:
    batch, data = arrived(gate), project.location.data
    assert claim_start(data, 0.0), "a hook would start an indexer"
    with writer_lease(data) as acquired:
        assert acquired
        batch.go_on()
        assert encoded(project) == []
    pass_all(gate, arrived(gate))
    eventually(lambda: load_marker(data).encoded == "hash")


def test_mom_index_serves_requests_that_come_meanwhile(project: Repo, gate: Listener) -> None:
    fill(project, 20)
    indexing = Indexing(project, Settings(), watching=False)
    batch, data = arrived(gate), project.location.data
    project.commit(ZEBRAS, {"zebra.py": "z = 1\n"})
    enqueue(data, project.location.git_dir, "post-commit")
    eventually(lambda: not pending(data))
    assert "Add zebras" in titles(project) and encoded(project) == []
    pass_all(gate, batch)
    indexing.end()
    assert indexing.summary.encoded == len(encoded(project)) == len(suggestible(project))


def test_no_vector_of_a_model_that_is_no_longer_configured_is_written(project: Repo, gate: Listener) -> None:
    fill(project, 20)
    indexing = Indexing(project, with_model("one"), watching=False)
    arrived(gate).go_on()
    batch = arrived(gate)
    assert len(encoded(project, "one")) == 4
    indexing.settings = with_model("two")
    pass_all(gate, batch)
    indexing.end()
    assert indexing.summary.encoded == 4 + len(suggestible(project))
    assert (encoded(project, "one"), encoded(project, "two")) == ([], sorted(suggestible(project)))


# Several processes


def test_the_process_that_encodes_exits_with_a_killed_indexer(project: Repo, gate: Listener) -> None:
    fill(project, 20)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    indexer = subprocess.Popen([sys.executable, "-c", GATED, str(project.root)], env=environment)
    child = psutil.Process(arrived(gate).process)
    indexer.kill()
    indexer.wait(LONG)
    child.wait(LONG)
    assert encoded(project) == [] and len(titles(project)) > 20


def test_a_process_that_was_killed_while_encoding_is_told_and_replaced(project: Repo, gate: Listener) -> None:
    fill(project, 20)
    indexing = Indexing(project, Settings(), watching=False)
    arrived(gate).go_on()
    psutil.Process(arrived(gate).process).kill()
    indexing.end()
    assert any("exited unexpectedly" in message for message in indexing.messages)
    indexing = Indexing(project, Settings(), watching=False)
    pass_all(gate, arrived(gate))
    indexing.end()
    assert encoded(project) == sorted(suggestible(project))


def test_only_one_process_encodes_and_mom_index_waits_for_it(project: Repo, encoder: None) -> None:
    fill(project, 20)
    enqueue(project.location.data, project.location.git_dir, "post-commit")
    with encoding_lease(project.location.data):
        silent, stop = lambda progress: None, threading.Event()
        assert serve_requests(project.location, Settings, report=silent, stop=stop).commits == 20
        indexing = Indexing(project, Settings(), watching=False)
        eventually(lambda: "another mom process is encoding here" in indexing.messages)
        assert encoded(project) == []
    indexing.end()
    assert indexing.summary.encoded == len(suggestible(project))


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
