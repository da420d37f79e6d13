"""The freshness of memories in today's code: on real repositories, as the user sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from repositories import Mom, Repo, Start

RETRY = "def retry(call):\n    for attempt in range(17):\n        call(attempt)\n    raise TooOften(attempt)\n"
CACHE = "def cache(key):\n    entry = table.get(key)\n    table.expire(entry, minutes=5)\n    return entry\n"
WHY = "\n\nBecause the upstream server counts from there."


@pytest.fixture
def mom(project: Repo, moms: Start) -> Callable[[], Mom]:
    """Write one file with a retry loop and then a cache; the rest is up to the test, which then indexes."""
    project.commit("Add a retry loop" + WHY, {"src/net.py": RETRY})
    project.commit("Add a cache beside it" + WHY, {"src/net.py": RETRY + CACHE})

    def start() -> Mom:
        mom = moms(project)
        mom.index()
        return mom

    return start


def named(mom: Mom, title: str) -> dict[str, Any]:
    (one,) = (one for one in mom.search(title) if one["title"] == title)
    return one


def test_unchanged_code_is_fresh_and_adds_no_remark(mom: Callable[[], Mom]) -> None:
    one = mom().suggest("src/net.py", 2)[0]
    assert (one["freshness"], one["why"]) == ("fresh", "wrote this line, shares `retry`")


def test_reindenting_keeps_a_memory_fresh(mom: Callable[[], Mom], project: Repo) -> None:
    inside = "if True:\n" + "".join(f"    {line}\n" for line in (RETRY + CACHE).splitlines())
    project.commit("Indent all of it", {"src/net.py": inside})
    assert named(mom(), "Add a retry loop")["freshness"] == "fresh"


def test_memories_follow_a_renamed_file(mom: Callable[[], Mom], project: Repo) -> None:
    project.git("mv", "src/net.py", "src/transfer.py")
    project.commit("Rename the module")
    project.git("mv", "src/transfer.py", "src/session.py")
    project.commit("Rename it again")
    one = named(mom(), "Add a cache beside it")
    assert (one["freshness"], one["source"]["path"], "now in" in one["why"]) == ("moved", "src/session.py", False)


def test_lines_moved_to_another_file_count_as_moved(mom: Callable[[], Mom], project: Repo) -> None:
    project.commit("Take the cache out", {"src/net.py": RETRY, "src/store.py": "import table\n\n\n" + CACHE})
    after = mom()
    assert named(after, "Add a cache beside it")["why"].endswith(", now in src/store.py")
    assert named(after, "Add a retry loop")["freshness"] == "fresh"


def test_mostly_rewritten_code_has_drifted_without_a_remark(mom: Callable[[], Mom], project: Repo) -> None:
    other = "def retry(call):\n    for attempt in backoff():\n        call(again=attempt)\n    raise Stop\n"
    project.commit("Retry in another way", {"src/net.py": other + CACHE})
    after = mom()
    one = named(after, "Add a retry loop")
    assert one["freshness"] == "drifted"
    assert one["why"] == "shares “retry” and “loop”"
    assert after.call("show", id=one["id"])["freshness"] == "drifted"


def test_a_memory_has_drifted_if_only_its_function_remains(mom: Callable[[], Mom], project: Repo) -> None:
    project.commit("Write it anew", {"src/net.py": "async def retry(call, limit):\n    await limit(call)\n"})
    assert named(mom(), "Add a retry loop")["why"].endswith(", only its symbol is left")


def test_a_memory_of_deleted_code_is_gone_but_still_found(mom: Callable[[], Mom], project: Repo) -> None:
    project.git("rm", "--quiet", "src/net.py")
    project.commit("Remove the module", {"src/other.py": "unrelated = 1\n"})
    after = mom()
    assert named(after, "Add a retry loop")["freshness"] == "gone"
    assert named(after, "Remove the module")["freshness"] == "fresh"  # a deletion is fresh while the file is absent


def test_a_gone_memory_is_not_hinted(mom: Callable[[], Mom], project: Repo) -> None:
    (project.root / ".mom.toml").write_text("[hints]\nminimumSurprise = 1\n[suggest]\nthreshold = 0.1\n")
    project.commit("Show more hints")
    text = "def a():\n    x[0]\nx.first_of_all = None\nx.then_this_one = True\n"
    project.commit("Set x" + WHY, {"src/a.py": text})
    after = mom()
    written = [
        hint["suggestion"]["title"] for hint in after.call("hints", path="src/a.py", text=text, start=1, end=9)["hints"]
    ]
    assert "Set x" in written  # its function still exists
    project.commit("Rename the function", {"src/a.py": "b = 1\nx[0]\n"})
    after.index()
    text = "b = 1\nx[0]\n"
    assert after.suggest("src/a.py", 2)[0]["title"] == "Set x"  # by blame: the line is too short to compare
    assert named(after, "Set x")["freshness"] == "gone"
    assert after.call("hints", path="src/a.py", text=text, start=1, end=2)["hints"] == []


def test_a_removal_drifts_when_the_removed_code_is_back(mom: Callable[[], Mom], project: Repo) -> None:
    project.commit("Drop the cache" + WHY, {"src/net.py": RETRY})
    first = mom()
    assert named(first, "Drop the cache")["freshness"] == "fresh"
    project.commit("Cache again" + WHY, {"src/net.py": RETRY + CACHE})
    first.index()
    assert named(first, "Drop the cache")["why"].endswith(", the code it removed is back")


def test_a_comment_is_fresh_while_its_file_still_contains_it(mom: Callable[[], Mom], project: Repo) -> None:
    note = "# NOTE: the order of these calls matters, because the server drops the second one otherwise\n"
    project.commit("Say why", {"src/net.py": note + RETRY + CACHE})
    after = mom()
    (one,) = (one for one in after.search("order of these calls") if one["source"]["type"] == "file")
    assert one["freshness"] == "fresh"
    project.commit("Say nothing", {"src/net.py": RETRY + CACHE})  # not indexed yet
    assert after.call("show", id=one["id"])["freshness"] == "drifted"
    project.commit("Say it again", {"src/net.py": RETRY + note + CACHE})
    assert after.call("show", id=one["id"])["freshness"] == "fresh"


def test_a_note_outside_of_functions_is_fresh_while_its_file_exists(mom: Callable[[], Mom], project: Repo) -> None:
    project.commit("Set the limit", {"src/limit.py": "LIMIT = 3\n"})
    after = mom()
    id = after.call("note", text="ask Ada before touching this", path="src/limit.py", line=1)["id"]
    assert after.call("show", id=id)["freshness"] == "fresh"
    project.git("rm", "--quiet", "src/limit.py")
    project.commit("Drop the limit")
    assert after.call("show", id=id)["freshness"] == "gone"


def test_a_notes_freshness_follows_its_function(mom: Callable[[], Mom], project: Repo) -> None:
    after = mom()
    id = after.call("note", text="ask Ada before touching this", path="src/net.py", line=6)["id"]
    assert after.call("show", id=id)["freshness"] == "fresh"
    project.commit("Drop the cache", {"src/net.py": RETRY})
    assert after.call("show", id=id)["why"] == "cache no longer exists"
    project.git("rm", "--quiet", "src/net.py")
    project.commit("Drop the rest")
    assert after.call("show", id=id)["freshness"] == "gone"
