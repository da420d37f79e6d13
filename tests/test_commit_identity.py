"""What a commit's memory is known by, so that feedback and forgetting stay with it."""

from __future__ import annotations

import shutil

import pytest
from repositories import Mom, Repo, Start

from mom_lsp.memory import commit_memory_id
from mom_lsp.store import Store

OLD, NEW = "old@example.org", "new@example.org"
MAP = {".mailmap": f"Ada <{NEW}> <{OLD}>\n"}
AT = 1_700_000_000


def started(project: Repo, moms: Start) -> Mom:
    mom = moms(project)
    mom.index()
    return mom


def rebuild(mom: Mom) -> None:
    """Index anew, as after an update of mom."""
    shutil.rmtree(Store(mom.location.data).folder)
    mom.index()


@pytest.fixture
def mapped(project: Repo) -> Repo:
    project.commit("Cache pages\n\nBecause ACME asked for it.", {"a.py": "x = 1\n"}, author=f"Ada <{OLD}>", date=AT)
    return project


def test_feedback_and_forgetting_survive_a_change_of_the_mailmap(mapped: Repo, moms: Start) -> None:
    mapped.commit("Retry twice\n\nBecause the first one fails.", {"b.py": "y = 1\n"}, author=f"Ada <{OLD}>")
    mom = started(mapped, moms)
    mom.call("forget", id=mom.search("ACME")[0]["id"])
    mom.call("pin", id=mom.search("Retry")[0]["id"], path="b.py")
    mapped.commit("Map the address", MAP)
    rebuild(mom)
    assert mom.search("ACME") == []
    assert mom.search("Retry")[0]["pinned"]


def test_feedback_from_before_survives_that_ids_follow_no_mailmap(mapped: Repo, moms: Start) -> None:
    mapped.commit("Map the address", MAP)
    mom = moms(mapped)
    mom.service.library.journal.append("forget", commit_memory_id([NEW], AT, "Cache pages"), now=AT)
    mom.index()
    assert mom.search("ACME") == []


def test_what_is_forgotten_stays_so_when_an_older_commit_of_the_same_second_arrives(project: Repo, moms: Start) -> None:
    project.commit("Start", {"base.py": "z = 1\n"})
    for branch, path in (("older", "a.py"), ("newer", "b.py")):
        project.git("checkout", "--quiet", "-b", branch, "main")
        project.commit(f"Rotate keys\n\nBecause {branch} was found by the audit.", {path: "k = 1\n"}, date=AT)
    mom = started(project, moms)
    mom.call("forget", id=mom.search("audit")[0]["id"])
    project.git("merge", "--quiet", "--no-edit", "older")
    mom.index()
    assert [one["why"] for one in mom.search("audit")] and "newer" not in repr(mom.search("audit"))
