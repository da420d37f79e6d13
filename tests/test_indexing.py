"""Indexing: the store says what the repository says, however often, in whatever order and however interrupted."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from memories import HashEncoder, dump, on_head
from processes import LONG
from repositories import Repo, clone, fill, make_repository

from mom_lsp import datafolder
from mom_lsp.encode import SentenceEncoder
from mom_lsp.indexing import Progress, Summary, extraction, index, serve_requests, watch
from mom_lsp.indexqueue import enqueue, pending
from mom_lsp.settings import Settings
from mom_lsp.store import Store, content_hash, embedding_text

LEXICAL = replace(Settings(), encoder=replace(Settings().encoder, enable=False))
ADR = """# 1. Use sums

## Status

Accepted

## Context

Workers count, and callers need one number of them all.

## Decision

We use sums, because they are
associative and can be computed by several workers at once.
"""


def run(
    repo: Repo,
    settings: Settings = LEXICAL,
    *,
    report: Callable[[Progress], None] = lambda progress: None,
    stop: threading.Event | None = None,
    **options: Any,
) -> Summary:
    return index(repo.location, settings, report=report, stop=stop or threading.Event(), **options)


def rows(repo: Repo) -> list[dict[str, Any]]:
    return dump(Store(repo.location.data))


def from_scratch(repo: Repo, path: Path) -> list[dict[str, Any]]:
    """Return the rows of a fresh clone, indexed at once."""
    whole = clone(repo, path)
    run(whole)
    return rows(whole)


def titles(repo: Repo) -> list[str]:
    return sorted(row["title"] for row in rows(repo))


def test_datafolder_names_every_file_that_indexing_writes(project: Repo) -> None:
    names = {value for name, value in vars(datafolder).items() if name.isupper() and isinstance(value, str)}
    fill(project, 30)
    run(project)
    data = project.location.data
    found = {str(file.relative_to(data)) for folder in (data, data / datafolder.INDEX) for file in folder.iterdir()}
    assert found <= names
    assert found >= {datafolder.INDEX, datafolder.MEMORIES, datafolder.MARKER, datafolder.SCHEMA, datafolder.CATALOG}


# The same result


def test_indexing_twice_changes_nothing(project: Repo) -> None:
    fill(project, 30)
    first = run(project)
    assert (first.commits, first.nothing_new) == (30, False)
    before, version = rows(project), Store(project.location.data).version
    second = run(project)
    assert second == replace(Summary(), nothing_new=True, seconds=second.seconds)
    (project.location.data / "lance/complete.json").unlink()
    assert run(project).commits == 0
    assert rows(project) == before
    assert len(before) > 30
    assert Store(project.location.data).version - version < 6


def test_incremental_equals_from_scratch(project: Repo, tmp_path: Path) -> None:
    fill(project, 20, files=5)
    run(project)
    for number in range(4):
        text = f"# TODO: number {number} must be done before the release\nx = {number}\n"
        project.commit(f"Add number {number}\n\nSo that it counts.", {"new.py": text})
        run(project)
    project.git("mv", "new.py", "old.py")
    project.commit("Rename it")
    run(project)
    assert on_head(project) == from_scratch(project, tmp_path / "clone")


def pick(project: Repo) -> None:
    """Cherry-pick a commit of a branch, then merge the branch: both are in the history."""
    project.commit("Begin", {"a.py": "a = 1\n", "b.py": "b = 1\n"})
    project.git("checkout", "--quiet", "-b", "side")
    picked = project.commit("Fix b\nbecause of a line that belongs to no paragraph of its own", {"b.py": "b = 2\n"})
    project.commit("More on the side", {"c.py": "c = 1\n"})
    project.git("checkout", "--quiet", "main")
    project.commit("Go on", {"a.py": "a = 2\n"})
    project.git("cherry-pick", picked)
    run(project)
    project.git("merge", "--quiet", "--no-ff", "-m", "Merge the side\n\nSince c was needed as well.", "side")


def clash(project: Repo) -> None:
    """Commit three different changes in one second under one subject, and reach them in the wrong order."""
    project.commit("Begin", {"base.py": "x = 1\n"})
    project.git("checkout", "--quiet", "-b", "side")
    project.commit("Import", {"one.py": "x = 1\n"}, date=1_600_000_000)
    project.git("checkout", "--quiet", "main")
    project.commit("Import", {"two.py": "x = 2\n"}, date=1_600_000_000)
    run(project)
    project.commit("Import", {"three.py": "x = 3\n"}, date=1_600_000_000)
    run(project)
    project.git("merge", "--quiet", "--no-ff", "-m", "Merge the side", "side")


@pytest.mark.parametrize(("history", "shared"), [(pick, "Fix b"), (clash, "Import")])
def test_the_order_of_indexing_does_not_matter(
    project: Repo, tmp_path: Path, history: Callable[[Repo], None], shared: str
) -> None:
    history(project)
    run(project)
    found = rows(project)
    assert found == from_scratch(project, tmp_path / "clone")
    united = [row for row in found if row["title"] == shared]
    commits = [sha for row in united for sha in row["commits"]]
    if history is pick:
        assert (len(united), len(commits)) == (1, 2)
    else:
        assert sorted(path for row in united for path in row["paths"]) == ["one.py", "three.py", "two.py"]
    assert len({sha for row in found for sha in row["commits"]}) == len(project.repository.history("HEAD"))


def test_an_amended_commit_is_one_memory_that_says_the_new_text(project: Repo) -> None:
    project.commit("Fix it\n\nBecause of rain.", {"a.py": "a = 1\n"})
    run(project)
    (before,) = rows(project)
    project.write("a.py", "a = 2\n")
    project.git("commit", "--quiet", "--all", "--amend", "-m", "Fix it\n\nBecause of snow.", env={})
    date = project.git("show", "-s", "--format=%at", before["commits"][0])
    project.git("commit", "--quiet", "--amend", "--no-edit", f"--date=@{date} +0000")
    run(project)
    (after,) = rows(project)
    assert after["id"] == before["id"]
    assert after["body"] == "Because of snow."
    assert project.head in after["commits"]


# Interrupted


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 7, 10])
def test_stopped_and_started_again_equals_uninterrupted(
    project: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    fill(project, 60)
    monkeypatch.setattr(extraction, "FIRST_CHUNK", 10)
    monkeypatch.setattr(extraction, "CHUNK", 20)
    monkeypatch.setattr(extraction, "FILE_CHUNK", 5)
    stop, seen = threading.Event(), list[Progress]()

    def report(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == steps:
            stop.set()

    run(project, report=report, stop=stop)
    assert len(seen) == steps
    resumed = run(project)
    assert resumed.commits + resumed.files > 0 or steps > 9
    assert rows(project) == from_scratch(project, tmp_path / "clone")
    assert Store(project.location.data).searchable
    assert run(project).nothing_new


def test_after_the_first_chunk_the_newest_can_be_found(project: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(project, 60)
    monkeypatch.setattr(extraction, "FIRST_CHUNK", 10)
    stop = threading.Event()
    run(project, report=lambda progress: stop.set() if progress.done else None, stop=stop)
    store = Store(project.location.data)
    assert {row["commits"][0] for row in dump(store)} == set(project.repository.history("HEAD")[:10])
    found = [memory.title for memory in store.get([i for i, _ in store.search_text("CALLER 59", 3)]).values()]
    assert "Change step 59 of worker 19" in found
    assert store.search_text("step_1 nowhere", 3)[0][1] > 0


# Only what is new


def in_a_process(code: str, repo: Repo, *args: str) -> subprocess.CompletedProcess[str]:
    """Run `mom` in a process of its own, `code` before and after it."""
    before, _, after = code.partition("RUN")
    program = f"import sys\n{before}\ntry:\n    from mom_lsp.cli import main; main()\nexcept SystemExit as e:\n"
    program += f"    assert not e.code, e.code\n{after}"
    command = [sys.executable, "-P", "-c", program, "-C", str(repo.root), *args]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONG)


def test_nothing_new_opens_no_store(project: Repo) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    code = "RUN\nprint({'lancedb', 'pyarrow', 'numpy', 'torch'} & set(sys.modules))"
    assert "lancedb" in in_a_process(code, project, "index").stdout
    again = in_a_process(code, project, "index")
    assert again.stdout == "set()\n", again.stderr
    assert "nothing new" in again.stderr


def test_only_the_files_that_changed_are_read_again(project: Repo) -> None:
    fill(project, 20)
    project.commit("Decide", {"docs/adr/0001-use-sums.md": ADR})
    assert run(project).files == 21
    project.commit("Change", {"src/worker_3.py": "# TODO: worker three must be written again from the start\n"})
    changed = run(project)
    assert (changed.commits, changed.files) == (1, 1)
    spans = [row for row in on_head(project) if row["paths"] == ["src/worker_3.py"] and row["source_type"] == "file"]
    assert [row["title"] for row in spans] == ["TODO: worker three must be written again from the start"]
    assert any(row["source"].find("use-sums.md") > 0 for row in on_head(project))


def test_excluding_files_rebuilds_and_including_them_does_again(project: Repo) -> None:
    fill(project, 5)
    project.commit("Touch another", {"other.py": "# NOTE: this one stays, because it is not excluded at all\n"})
    run(project)
    before = rows(project)
    excluding = replace(LEXICAL, exclude=("src/",))
    assert run(project, excluding).commits == 6
    assert {row["noise"] for row in rows(project)} == {"excluded", ""}
    assert {path for row in rows(project) if row["source_type"] == "file" for path in row["paths"]} == {"other.py"}
    assert run(project, excluding).nothing_new
    run(project)
    assert rows(project) == before


def test_a_revision_can_be_indexed(project: Repo) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    project.git("branch", "side")
    project.commit("On main", {"b.py": "b = 1\n"})
    run(project, rev="side")
    assert titles(project) == ["Begin"]
    run(project)
    assert titles(project) == ["Begin", "On main"]


# Without git


def test_a_folder_without_git_follows_its_files(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "src").mkdir(parents=True)
    one, two = folder / "src/one.py", folder / "two.py"
    one.write_text("# TODO: one must be done before anything else here\n")
    two.write_text("# HACK: two works around a bug of the compiler\n")
    (folder / "link.py").symlink_to(one)
    (folder / "gone.py").symlink_to(folder / "nowhere")
    (folder / "binary.py").write_bytes(b"# TODO: this is no text at all, so leave it\0")
    plain = Repo(folder)
    assert run(plain).memories == 2
    before = rows(plain)
    assert run(plain).memories == 0
    assert rows(plain) == before
    one.write_text("\n\n# TODO: one must be done before anything else here\n")
    two.unlink()
    run(plain)
    (row,) = rows(plain)
    assert json.loads(row["source"])[4] == 3  # the line
    assert row["paths"] == ["src/one.py"]


def test_many_files_of_a_folder_are_few_versions(home: Path, tmp_path: Path) -> None:
    for number in range(50):
        folder = tmp_path / "folder"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.py").write_text(f"# TODO: file {number} must be done before the others\n")
    plain = Repo(tmp_path / "folder")
    run(plain)
    assert len(rows(plain)) == 50
    assert Store(plain.location.data).version < 10


# Encoding


@pytest.fixture
def encoders(monkeypatch: pytest.MonkeyPatch) -> list[HashEncoder]:
    """Encode by hashes instead of by a model; the list holds every encoder that was made."""
    made: list[HashEncoder] = []

    def make(model: str) -> HashEncoder:
        made.append(HashEncoder(model or "hash"))
        return made[-1]

    monkeypatch.setattr("mom_lsp.indexing.scheduler.SentenceEncoder", make)
    monkeypatch.setattr("mom_lsp.indexing.index_pass.SentenceEncoder", make)
    return made


def with_model(name: str) -> Settings:
    return replace(Settings(), encoder=replace(Settings().encoder, model=name))


def suggestible(repo: Repo) -> set[str]:
    return {row["content"] for row in rows(repo) if not row["noise"]}


def test_everything_that_may_be_suggested_is_encoded_once(project: Repo, encoders: list[HashEncoder]) -> None:
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


def test_another_model_encodes_everything_again(project: Repo, encoders: list[HashEncoder]) -> None:
    fill(project, 20)
    run(project, with_model("one"))
    assert run(project, with_model("two")).encoded == len(suggestible(project))
    store = Store(project.location.data)
    assert (len(store.vectors("one")[0]), len(store.vectors("two")[0])) == (0, len(suggestible(project)))


def test_encoding_that_was_stopped_goes_on(project: Repo, encoders: list[HashEncoder]) -> None:
    fill(project, 20)
    run(project, Settings())
    project.commit("Add zebras\n\nBecause they were missing.", {"zebra.py": "z = 1\n"})
    stop = threading.Event()
    run(project, Settings(), stop=stop, report=lambda p: stop.set() if p.phase == "compaction" else None)
    assert len(Store(project.location.data).vectors("hash")[0]) < len(suggestible(project))
    assert not run(project, Settings()).nothing_new
    assert len(Store(project.location.data).vectors("hash")[0]) == len(suggestible(project))


def test_without_the_library_search_works_by_words_and_says_so(project: Repo) -> None:
    project.commit("Add zebras\n\nBecause they were missing.", {"zebra.py": "z = 1\n"})
    (project.root.parent / "home/mom-lsp/settings.toml").unlink()
    blocker = """
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"sentence_transformers", "torch"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocker())
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "sentence_transformers" else real(name, *rest)
RUN"""
    indexed = in_a_process(blocker, project, "index")
    assert "sentence-transformers is not installed" in indexed.stderr, indexed.stderr
    assert "search works by words" in indexed.stderr
    found = json.loads(in_a_process(blocker, project, "search", "zebras", "--json").stdout)
    assert [one["title"] for one in found["suggestions"]] == ["Add zebras"]


@pytest.mark.slow
def test_the_real_model_puts_like_beside_like(project: Repo) -> None:
    pytest.importorskip("sentence_transformers")
    project.commit("Retry when the network connection times out", {"a.py": "a = 1\n"})
    project.commit("Paint the button in a darker blue", {"b.css": "b {}\n"})
    (project.root.parent / "home/mom-lsp/settings.toml").unlink()
    quiet = in_a_process("RUN", project, "index")
    assert "2 encoded" in quiet.stderr
    assert "Loading" not in quiet.stderr
    encoder = SentenceEncoder()
    contents, vectors = Store(project.location.data).vectors(encoder.name)
    content_of = {row["title"]: row["content"] for row in rows(project)}
    similarity = vectors @ encoder.encode(["the server does not answer in time"])[0]
    assert content_of["Retry when the network connection times out"] == contents[int(similarity.argmax())]


# Watching


class Watcher:
    """`watch` in a thread of its own; `passes` counts the ends of its passes."""

    def __init__(self, repo: Repo) -> None:
        self.stop, self.condition, self.passes, self.messages = threading.Event(), threading.Condition(), 0, set[str]()
        self.thread = threading.Thread(target=watch, args=(repo.location, lambda: LEXICAL, self.report, self.stop))
        self.thread.start()

    def report(self, progress: Progress) -> None:
        with self.condition:
            self.passes += progress.phase == "waiting"
            self.messages.add(progress.message)
            self.condition.notify_all()

    def until(self, condition: Callable[[], bool]) -> None:
        with self.condition:
            assert self.condition.wait_for(condition, LONG)

    def end(self) -> None:
        self.stop.set()
        self.thread.join(LONG)
        assert not self.thread.is_alive()


@pytest.fixture
def watcher(project: Repo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watcher]:
    """Watch a repository of one commit; a pass comes soon after a change, and only then."""
    module = sys.modules["mom_lsp.indexing.watcher"]
    monkeypatch.setattr(module, "SETTLE", 0.05)
    monkeypatch.setattr(module, "HEARTBEAT", 3600.0)
    project.commit("Begin", {"a.py": "a = 1\n"})
    watcher = Watcher(project)
    try:
        watcher.until(lambda: watcher.passes > 0)
        yield watcher
    finally:
        watcher.end()


def test_a_new_commit_is_indexed(project: Repo, watcher: Watcher) -> None:
    assert titles(project) == ["Begin"]
    project.commit("Go on", {"a.py": "a = 2\n"})
    watcher.until(lambda: titles(project) == ["Begin", "Go on"])


def test_a_commit_of_a_worktree_made_since_is_indexed(project: Repo, watcher: Watcher, tmp_path: Path) -> None:
    linked = project.worktree(tmp_path / "linked", "--detach")
    seen = watcher.passes
    watcher.until(lambda: watcher.passes > seen)
    linked.commit("On no branch", {"a.py": "a = 3\n"})
    watcher.until(lambda: titles(project) == ["Begin", "On no branch"])


def test_a_repository_that_is_gone_is_not_made_again(project: Repo, watcher: Watcher, tmp_path: Path) -> None:
    project.root.rename(tmp_path / "elsewhere")
    watcher.thread.join(LONG)
    assert not watcher.thread.is_alive() and not project.root.exists()


def test_a_request_is_served(project: Repo, watcher: Watcher) -> None:
    enqueue(project.location.data, project.location.git_dir, "test")
    watcher.until(lambda: not pending(project.location.data))


def test_nothing_new_is_no_reason_for_another_pass(project: Repo, watcher: Watcher) -> None:
    project.commit("Go on", {"a.py": "a = 2\n"})
    watcher.until(lambda: titles(project) == ["Begin", "Go on"])
    with watcher.condition:
        before = watcher.passes
        while watcher.condition.wait_for(lambda seen=before: watcher.passes > seen, 0.5):  # its consequences
            before = watcher.passes
            assert before < 12, "each pass causes the next"


def test_serving_is_stopped_without_a_word(project: Repo) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    enqueue(project.location.data, project.location.git_dir, "test")
    stop = threading.Event()
    stop.set()
    serve_requests(project.location, LEXICAL, report=lambda progress: None, stop=stop)
    assert len(pending(project.location.data)) == 1
    serve_requests(project.location, LEXICAL, report=lambda progress: None, stop=threading.Event())
    assert pending(project.location.data) == []
    assert make_repository(project.root.parent / "other").location.data != project.location.data
