"""A request reads one version of everything, whatever the indexer writes meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from repositories import Mom, Repo, Start

from mom_lsp.store import Store, writer_lease

CODE = "def connect(host):\n    return open_socket(host, retries=3)\n"
SUBJECT = "Retry the connection three times"
BEFORE, AFTER = "Because the first server refuses callers.", "Because the second server refuses callers."
HERE = {"path": "a.py", "start": 2, "end": 2}


@pytest.fixture
def mom(project: Repo, moms: Start) -> Mom:
    project.commit("Begin", {"a.py": "def connect(host):\n    return open_socket(host)\n"})
    project.commit(f"{SUBJECT}\n\n{BEFORE}", {"a.py": CODE})
    mom = moms(project)
    mom.index()
    return mom


def in_the_midst(monkeypatch: pytest.MonkeyPatch, interrupt: Callable[[], object]) -> None:
    """Do something once, right after the next search by words."""
    search = Store.search_text

    def interrupted(store: Store, query: str, limit: int) -> Any:
        found = search(store, query, limit)
        monkeypatch.setattr(Store, "search_text", search)
        interrupt()
        return found

    monkeypatch.setattr(Store, "search_text", interrupted)


def count_looks(mom: Mom, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    library, looks = mom.service.library, list[object]()
    take = library.snapshot

    def snapshot() -> Any:
        looks.append(take())
        return looks[-1]

    monkeypatch.setattr(library, "snapshot", snapshot)
    return looks


def amend_and_index(mom: Mom, project: Repo) -> None:
    """Give the newest commit another reason: its memory keeps its id."""
    date = project.git("show", "-s", "--format=%ad", "--date=raw", "HEAD")
    project.git("commit", "-q", "--amend", "-m", f"{SUBJECT}\n\n{AFTER}", f"--date={date}")
    mom.index()


@pytest.mark.parametrize(("method", "given"), [("suggest", HERE), ("search", {"text": "retry connection"})])
def test_a_request_does_not_see_a_commit_indexed_between_its_reads(
    mom: Mom, project: Repo, monkeypatch: pytest.MonkeyPatch, method: str, given: dict[str, Any]
) -> None:
    in_the_midst(monkeypatch, lambda: amend_and_index(mom, project))
    (old,) = (one for one in mom.call(method, **given)["suggestions"] if one["title"] == SUBJECT)
    (new,) = (one for one in mom.call(method, **given)["suggestions"] if one["title"] == SUBJECT)
    assert (old["id"], old["body"], new["body"]) == (new["id"], BEFORE, AFTER)


def test_a_state_does_not_include_later_memories(mom: Mom, project: Repo) -> None:
    workspace = mom.service.workspace(str(mom.root))
    before = workspace.states.take(workspace.worktree.head)
    project.commit("Greet the zebra\n\nBecause it came.", {"b.py": "zebra = 1\n"})
    mom.index()
    after = workspace.states.take(workspace.worktree.head)
    (zebra,) = after.matches("zebra", 5)
    assert (before.matches("zebra", 5), before.get([zebra])) == ({}, {})
    assert after.get([zebra])[zebra].title == "Greet the zebra"


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("suggest", HERE),
        ("hints", HERE | {"text": CODE}),
        ("search", {"text": "retry"}),
        ("suggest", {"intent": "retry the connection"}),
        ("why", {"path": "a.py", "line": 2}),
        ("show", {}),
        ("episode", {}),
        ("review", {}),
        ("kept", {}),
        ("status", {}),
        ("state", {}),
    ],
)
def test_a_request_takes_one_state(
    mom: Mom, monkeypatch: pytest.MonkeyPatch, method: str, given: dict[str, Any]
) -> None:
    identity = mom.search(SUBJECT)[0]["id"]
    mom.call("useful", id=identity, path="a.py", line=2)
    if method in ("show", "episode"):
        given = {"id": identity}
    looks = count_looks(mom, monkeypatch)
    mom.call(method, **given)
    assert len(looks) == 1


def test_a_request_whose_version_was_erased_is_retried_on_a_new_state(
    mom: Mom, project: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def erase() -> None:
        with writer_lease(mom.location.data):
            writer = Store(mom.location.data, create=True, rules=_rules(mom))
            writer.compact(erase=True)

    looks = count_looks(mom, monkeypatch)
    in_the_midst(monkeypatch, erase)
    assert SUBJECT in mom.titles("retry connection")
    assert len(looks) == 2


def _rules(mom: Mom) -> str:
    """Return the rules that the index was made by: with others it would be rebuilt."""
    return (mom.location.data / "lance/schema").read_text("ascii").partition(" ")[2]
