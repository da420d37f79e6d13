"""Two guarantees about bytes on disk: a secret is never written, and forgotten memories are gone."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hash_encoder import hashed
from memories import HashEncoder, dump
from repositories import Mom, Repo, Start

from mom_lsp import datafolder
from mom_lsp.indexing import index
from mom_lsp.journal import Journal
from mom_lsp.lm.titles import TitleFile
from mom_lsp.lm.trace_file import TraceFile
from mom_lsp.lm.traces import Observation
from mom_lsp.settings import Settings
from mom_lsp.store import Store, content_hash, embedding_text

# Assembled at run time, so that no scanner takes this file for a leak.
SECRETS = {
    "GitHub": "gh" + "p_" + "R8mK2vXqLw9TzYb4NcJd7HfGs3PaEuQ1oVi5",
    "AWS": "AK" + "IA" + "Q7XW3NJ5RBHTPZ4L",
    "Anthropic": "sk-" + "ant-" + "api03-" + "Zk7Qw2Lm9Xc4Vb8Nt1Ry6Up3Sd5Fg0Hj" * 2 + "Zk7Qw2Lm9Xc4Vb8Nt1Ry6Up3Sd5FgAA",
    "Slack": "xo" + "xb-" + "284719305612-" + "917364528190-" + "Kd8sLq2mXw7vRt4nBz9yPc3h",
    "password": "Vq7" + "zR2" + "mK9x" + "Tw4L",
    "PEM": "MIIEpAIBAAKCAQEA" + "x7Kq2Vm9Lw4Rt8Zb3Nc6Yd1Hf5Gs0Jp" + "QuWe",
}


def with_secret(kind: str) -> str:
    """Return a line in which the secret stands as people write it."""
    value = SECRETS[kind]
    if kind == "PEM":
        return f"-----BEGIN RSA {'PRIVATE'} KEY-----\n{value}\n{value[::-1]}\n-----END RSA {'PRIVATE'} KEY-----"
    return f'password = "{value}"' if kind == "password" else f"token: {value}"


def commented(text: str) -> str:
    return "".join(f"# {line}\n" for line in text.split("\n"))


def everything(data: Path) -> bytes:
    """Return every byte of a data folder, and what compressed columns of it hold."""
    parts = [path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file()]
    parts += [str(path).encode() for path in data.rglob("*")]
    if (data / "lance/memories.lance").is_dir():
        parts.append(repr(dump(Store(data))).encode())
    return b"\0".join(parts)


@pytest.fixture
def mom(project: Repo, moms: Start) -> Mom:
    project.commit("Begin", {"a.py": "a = 1\n"})
    return moms(project)


# Secrets


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_in_no_result_and_in_no_byte_on_disk(project: Repo, mom: Mom, kind: str) -> None:
    line = with_secret(kind)
    code = f"def connect(host):\n    key = '''{line}'''\n    return host, key\n"
    project.commit(f"Add the giraffe login\n\nBecause the old one was lost, use\n{line}\nfor now.", {"login.py": code})
    project.commit("Use it differently", {"login.py": code.replace("host", "server")})
    comment = f"# NOTE: the giraffe server needs this, because nobody else may log in:\n{commented(line)}x = 1\n"
    project.commit("Explain", {"explained.py": comment})
    text = f"# Contributing\n\n## Giraffe login\n\nYou must always use this one because it is ours:\n\n{line}\n"
    project.commit("Document", {"CONTRIBUTING.md": text})
    mom.index()
    data = project.location.data
    mom.call("note", text=f"The giraffe login is {line}", path="login.py", line=1)
    found = mom.search("giraffe")
    assert {"Add the giraffe login"} < {one["title"] for one in found}, "the text around a secret is kept"
    shown = repr([found, mom.call("export"), [mom.call("show", id=one["id"]) for one in found]])
    value = SECRETS[kind]
    for secret in (value, value[::-1]) if kind == "PEM" else (value,):
        assert secret not in shown
        assert secret.encode() not in everything(data)


# Forgetting

WORDS = "quokkazimbaloo vexillarpontik drumbletwixon"  # no compression makes these shorter


def search(mom: Mom, text: str = WORDS) -> list[dict[str, Any]]:
    """Search the current index, as an engine that polls it or a new process would."""
    mom.service.library.reload()
    return mom.search(text)


def present(data: Path) -> set[str]:
    """Return the words that are still in some file."""
    found = everything(data).lower()
    return {word for word in WORDS.split() if word.encode() in found}


def forget(mom: Mom) -> dict[str, dict[str, Any]]:
    """Forget whatever holds the words (a comment, and the commit that wrote it), and return it by id."""
    found = {memory["id"]: memory for memory in search(mom)}
    assert found
    for identity in found:
        assert mom.call("forget", id=identity)["ok"]
    assert search(mom) == []
    return found


def restore(mom: Mom, forgotten: Iterable[str]) -> None:
    for identity in forgotten:
        assert mom.call("restore", id=identity)["ok"]


@pytest.mark.parametrize("source", ["commit", "comment", "document", "changelog", "decision", "rule for agents"])
def test_a_forgotten_memory_is_in_no_byte_on_disk_until_restored(project: Repo, mom: Mom, source: str) -> None:
    match source:
        case "commit":
            project.commit(f"Fix {WORDS}\n\nBecause of {WORDS}.", {"zoo.py": "def zoo():\n    pass\n"})
        case "comment":
            project.commit(
                "Say what is to be done", {"zoo.py": f"# TODO: {WORDS} must be done before the release\nx = 1\n"}
            )
        case "document":
            text = f"# Contributing\n\n## Rules\n\nYou must always {WORDS}, because of the tests.\n"
            project.commit("Document", {"CONTRIBUTING.md": text})
        case "changelog":
            text = f"# Changelog\n\n## 1.0\n\n- Fixed {WORDS}, which failed because of the cache\n- Fixed the rest\n"
            project.commit("Document", {"CHANGELOG.md": text})
        case "decision":
            text = f"# Use {WORDS}\n\n## Decision\n\nWe use it, since it never fails, and it must be kept.\n"
            project.commit("Document", {"docs/adr/0001-use.md": text})
        case "rule for agents":
            project.commit("Document", {"AGENTS.md": f"# Rules\n\n- You must never use {WORDS}, because it is slow.\n"})
    mom.index()
    data = project.location.data
    assert present(data) == set(WORDS.split())
    forgotten = forget(mom)
    assert present(data) == set()

    project.commit("Go on", {"b.py": "b = 1\n"})
    mom.index()
    assert present(data) == set()
    shutil.rmtree(data / "lance")
    mom.index()
    assert present(data) == set()
    assert search(mom) == []

    restore(mom, forgotten)
    after = {memory["id"]: memory for memory in search(mom)}
    assert after.keys() == forgotten.keys()
    for identity, memory in after.items():
        assert memory["body"] == forgotten[identity]["body"]
        assert memory["source"] == forgotten[identity]["source"]
    assert present(data) == set(WORDS.split())


def test_a_forgotten_memory_of_a_plain_folder_stays_forgotten(
    home: Path, tmp_path: Path, moms: Callable[[Path], Mom]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    file = folder / "zoo.py"
    text = f"# TODO: {WORDS} must be done before the release\n"
    file.write_text(text + "y = 1\n\n# NOTE: another comment that has to stay in the index\nx = 1\n")
    mom = moms(folder)
    mom.index()
    data = mom.location.data
    assert present(data) == set(WORDS.split())
    forgotten = forget(mom)
    assert present(data) == set()
    file.write_text("\n\n" + text)
    mom.index()
    file.unlink()
    mom.index()
    file.write_text(text)
    mom.index()
    assert present(data) == set()
    restore(mom, forgotten)
    assert {one["id"] for one in search(mom)} == forgotten.keys()


def test_one_of_several_commits_with_the_same_id_can_be_forgotten_and_restored(project: Repo, mom: Mom) -> None:
    for name in ("one", "two", "three"):
        project.commit(f"Import\n\n{WORDS} {name}", {f"{name}.py": "x = 1\n"}, date=1_600_000_000)
    mom.index()
    before = dump(Store(project.location.data))
    chosen = next(one for one in search(mom) if one["source"]["path"] == "two.py")
    mom.call("forget", id=chosen["id"])
    assert {one["source"]["path"] for one in search(mom)} == {"one.py", "three.py"}
    shutil.rmtree(project.location.data / "lance")
    mom.index()
    assert {one["source"]["path"] for one in search(mom)} == {"one.py", "three.py"}
    mom.call("restore", id=chosen["id"])
    assert dump(Store(project.location.data)) == before


@pytest.mark.parametrize("way", ["forget", "import", "another process"])
def test_forgetting_a_memory_removes_its_trace_and_title(project: Repo, mom: Mom, way: str) -> None:
    mom.index()
    data = project.location.data
    (found,) = search(mom, "Begin")
    identity, grid = found["id"], np.full((2, 3), 0.5)
    TraceFile(data / datafolder.TRACES).add("model", 2, 3, Observation("", {identity: grid}, {identity: 0.5}, identity))
    TitleFile(data / datafolder.TITLES).put(identity, "Introduce a")
    files = [data / datafolder.TRACES, data / datafolder.TITLES]
    assert all(identity.encode() in file.read_bytes() for file in files)
    event = {"time": 5.0, "type": "forget", "memory": identity, "data": {}}
    if way == "forget":
        mom.call("forget", id=identity)
    elif way == "import":
        mom.call("import", events=[event])
    else:
        with Journal(data / "journal.sqlite") as journal:
            journal.append("forget", identity, now=5.0)
        mom.service.follow()
    assert not any(identity.encode() in file.read_bytes() for file in files)


def test_a_forgotten_note_is_in_no_byte_on_disk_after_a_purge(project: Repo, mom: Mom) -> None:
    mom.index()
    data = project.location.data
    identity = mom.call("note", text=f"Remember {WORDS}", path="a.py", line=1)["id"]
    assert present(data) == set(WORDS.split())
    forget(mom)
    mom.call("restore", id=identity)
    assert len(search(mom)) == 1
    forget(mom)
    assert mom.call("purge")["ok"]
    assert present(data) == set()
    mom.index()
    assert search(mom) == []
    with sqlite3.connect(data / "journal.sqlite") as journal:
        assert WORDS not in "\n".join(journal.iterdump())


def run(project: Repo, **options: Any) -> None:
    index(project.location, Settings, report=lambda progress: None, stop=threading.Event(), **options)


def test_forgetting_a_memory_removes_its_embedding(project: Repo, mom: Mom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mom_lsp.indexing.index_rules.choose", lambda model: HashEncoder())
    monkeypatch.setattr("mom_lsp.indexing.encoding.encode_texts", hashed)
    project.commit(f"Fix {WORDS}", {"zoo.py": "z = 1\n"})
    run(project)
    data = project.location.data
    store = Store(data)
    (found,) = [memory for memory in store.get([row["id"] for row in dump(store)]).values() if WORDS in memory.title]
    content = content_hash(embedding_text(found))
    vector = hashed("", [embedding_text(found)]).astype("float16").tobytes()
    assert content in store.vectors("hash")[0]
    assert vector in everything(data)
    with Journal(data / "journal.sqlite") as journal:
        journal.append("forget", found.id, now=0.0)
    run(project)
    assert content not in Store(data).vectors("hash")[0]
    assert len(Store(data).vectors("hash")[0]) == len(store.vectors("hash")[0]) >= 1
    assert vector not in everything(data)
    assert content.encode() not in everything(data)


def test_an_interrupted_erasure_is_completed(project: Repo, mom: Mom, monkeypatch: pytest.MonkeyPatch) -> None:
    project.commit(f"Fix {WORDS}", {"zoo.py": "z = 1\n"})
    mom.index()
    data = project.location.data
    (memory,) = search(mom)
    with Journal(data / "journal.sqlite") as journal:
        journal.append("forget", memory["id"], now=0.0)

    def power_cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Store, "compact", power_cut)
        mom.index()
    assert present(data) == set(WORDS.split())
    mom.index()
    assert present(data) == set()
    assert mom.index().nothing_new


@pytest.mark.parametrize("waiting", ["a rebase is in progress", "no commits yet"])
def test_what_is_forgotten_is_erased_whatever_the_worktree_waits_for(project: Repo, mom: Mom, waiting: str) -> None:
    project.commit(f"Fix {WORDS}", {"zoo.py": "z = 1\n"})
    mom.index()
    (memory,) = search(mom)
    if "rebase" in waiting:
        (project.root / ".git/rebase-merge").mkdir()
    else:
        project.git("symbolic-ref", "HEAD", "refs/heads/nothing-yet")
    assert mom.index().waiting == waiting
    mom.call("forget", id=memory["id"])
    mom.index()
    assert present(project.location.data) == set()
    assert mom.index().waiting == waiting


def test_an_interrupted_restore_is_completed(project: Repo, mom: Mom, monkeypatch: pytest.MonkeyPatch) -> None:
    project.commit("Say what is to be done", {"zoo.py": f"# TODO: {WORDS} must be done before the release\nx = 1\n"})
    mom.index()
    before = dump(Store(project.location.data))
    forgotten = forget(mom)
    with Journal(project.location.data / "journal.sqlite") as journal:
        for identity in forgotten:
            journal.append("restore", identity, now=0.0)

    def power_cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Store, "upsert", power_cut)
        mom.index()
    mom.index()
    assert dump(Store(project.location.data)) == before
    assert replace(mom.index(), seconds=0.0).nothing_new
