"""A merge and the commit that it merged, or a backport and its original, are one change."""

from __future__ import annotations

from pathlib import Path

import pytest
from catalogs import make_catalog
from memories import make_memory
from repositories import Repo, Start

from mom_lsp.extract.code import line_keys
from mom_lsp.memory import Anchor, Memory
from mom_lsp.route.same_change import change_title

TITLE = "Limit retries of the client"


def change(number: int, title: str, *lines: str) -> Memory:
    anchors = (Anchor("a.py"),) if lines else ()
    return make_memory(number, title, anchors=anchors, added_lines=tuple(line_keys(lines)))


@pytest.mark.parametrize(
    "title",
    [
        f"!182 {TITLE}",
        f"WIP {TITLE}",
        f"[wip]: {TITLE}",
        f"[5.x] {TITLE}",
        f"Backport: {TITLE}",
        f"{TITLE} (#12)",
        f"{TITLE} (backport #12) (#13)",
    ],
)
def test_the_titles_of_one_change_are_alike(title: str) -> None:
    assert change_title(title) == change_title(TITLE) == "limit retries of the client"
    assert change_title("fix (#12)") == ""


def test_a_merge_and_a_backport_are_the_same_change_as_the_commit() -> None:
    catalog = make_catalog(
        change(1, f"!182 {TITLE}"),
        change(2, TITLE, "limit = 42", "retries = limit"),
        change(3, f"[5.x] {TITLE}", "limit = 42", "retries = limit", "old = limit"),
        change(4, TITLE, "attempts = 9"),
        change(5, "Count retries of the client", "limit = 42", "retries = limit"),
    )
    assert catalog.same_change.tolist() == [1, 1, 1, 3, 4]


def test_one_of_a_merge_and_its_commit_is_suggested(home: Path, project: Repo, moms: Start) -> None:
    project.commit("Start", {"a.py": "def call():\n    return 1\n"})
    project.git("checkout", "-q", "-b", "topic")
    project.commit(f"{TITLE}\n\nThe server bans a client.", {"a.py": "def call(retries=42):\n    return retries\n"})
    project.git("checkout", "-q", "-")
    project.git("merge", "-q", "--no-ff", "-m", f"!182 {TITLE}\n\nThe server bans a client that retries.", "topic")
    mom = moms(project)
    mom.index()
    mom.call("configure", options={"mom": {"suggest": {"threshold": 0.0}}})
    for found in (mom.suggest("a.py", 1), mom.search("limit retries client server bans")):
        assert len([one for one in found if TITLE in one["title"]]) == 1
    assert mom.suggest("a.py", 1)[0]["title"] == TITLE
