"""Failed approaches: shown where they matter, with a warning before they are tried again."""

from __future__ import annotations

from typing import Any

import pytest
from catalogs import make_memory, make_view, sha
from hypothesis import given
from hypothesis import strategies as st
from repositories import Mom, Repo, Start
from suggestions import hover_of

from mom_lsp.engine.service import Service
from mom_lsp.memory import Anchor, Memory, Reference
from mom_lsp.route.failures import Block, Failures
from mom_lsp.route.file_words import FileWords
from mom_lsp.workspace.answers.failure_text import failure_reason
from mom_lsp.workspace.ranking.query import MAX_BLOCK, written

PLAIN = "def fetch(url):\n    return open_url(url)\n"
TRIED = "def fetch(url):\n    pool = shared_pool(limit=8)\n    with pool.lent() as one:\n        return one.get(url)\n"
REASON = "The shared pool deadlocks when a callback fetches again."


@pytest.fixture
def history(project: Repo) -> Repo:
    """Write a repository in which a pool of connections was tried and reverted."""
    project.commit("Add fetch\n\nBecause every caller needs it.", {"net.py": PLAIN})
    tried = project.commit("Share connections in a pool\n\nBecause connecting is slow.", {"net.py": TRIED})
    project.commit(
        f'Revert "Share connections in a pool"\n\nThis reverts commit {tried}.\n\n{REASON}', {"net.py": PLAIN}
    )
    return project


def named(mom: Mom, title: str) -> dict[str, Any]:
    (one,) = (one for one in mom.search(title) if one["title"] == title)
    return one


def started(repo: Repo, moms: Start) -> Mom:
    mom = moms(repo)
    mom.index()
    return mom


def test_both_commits_of_a_revert_report_the_failure(history: Repo, moms: Start) -> None:
    mom = started(history, moms)
    for title in ("Share connections in a pool", 'Revert "Share connections in a pool"'):
        failure = named(mom, title)["failure"]
        assert (failure["kind"], failure["tried"]) == ("failed_approach", "Share connections in a pool")
        assert (failure["because"], failure["replaced_by"], failure["again"]) == (REASON, None, False)
        assert failure["by"]["title"] == 'Revert "Share connections in a pool"'
    assert named(mom, "Add fetch")["failure"] is None


def test_the_replacement_is_named(history: Repo, moms: Start) -> None:
    reverted = history.head
    history.commit(f"Keep one connection a thread\n\nFollow-up to {reverted}", {"net.py": PLAIN + "LOCAL = 1\n"})
    failure = named(started(history, moms), "Share connections in a pool")["failure"]
    assert failure["replaced_by"]["title"] == "Keep one connection a thread"


@pytest.mark.parametrize("title", ["Share connections in a pool", 'Revert "Share connections in a pool"'])
def test_what_is_forgotten_is_quoted_by_no_failure_although_the_index_has_it(
    history: Repo, moms: Start, title: str
) -> None:
    mom = started(history, moms)
    mom.service = Service(mom.location.data, indexing_wanted=lambda location: None)
    assert named(mom, title)["failure"]["because"] == REASON
    mom.call("forget", id=named(mom, title)["id"])
    rest = [*mom.search("pool connections"), *mom.suggest("net.py", 3, text=TRIED)]
    assert rest and not any(REASON in str(one["failure"]) or title in str(one["failure"]) for one in rest)
    mom.service.close()


def test_retyping_reverted_code_gives_a_warning_first(history: Repo, moms: Start) -> None:
    mom = started(history, moms)
    found = mom.suggest("net.py", 3, text=TRIED)
    assert found[0]["why"] == f"warning: this was tried before and reverted: {REASON}"
    assert (found[0]["kind"], found[0]["failure"]["again"], found[0]["lines"]) == ("failed_approach", True, [2])
    assert len({one["id"] for one in found}) == len(found)
    assert sum(found[0]["terms"].values()) == found[0]["score"] == 0
    assert found[0]["phrases"]["relevance"] in hover_of(found[0])
    assert all(not one["why"].startswith("warning") for one in mom.suggest("net.py", 2))


def test_uncommitted_reverted_code_warns_and_other_edits_do_not(history: Repo, moms: Start) -> None:
    mom = started(history, moms)
    history.write("net.py", TRIED)
    assert mom.suggest("net.py", 1, 4)[0]["failure"]["again"]
    history.write("net.py", PLAIN.replace("open_url", "open_url_with_retries"))
    assert not any((one["failure"] or {}).get("again") for one in mom.suggest("net.py", 1, 2))


def test_hints_warn_only_if_enabled(history: Repo, moms: Start) -> None:
    mom = started(history, moms)

    def warned() -> list[int]:
        hints = mom.call("hints", path="net.py", text=TRIED, start=1, end=4)["hints"]
        return [hint["line"] for hint in hints if hint["suggestion"]["why"].startswith("warning")]

    assert warned() == []
    mom.call("configure", options={"hints": {"warnings": True}})
    assert warned() == [2]
    mom.call("dismiss", id=mom.suggest("net.py", 2, text=TRIED)[0]["id"], path="net.py", line=2)
    assert warned() == []


def test_what_is_never_suggested_warns_no_more(history: Repo, moms: Start) -> None:
    mom = started(history, moms)
    warning = mom.suggest("net.py", 3, text=TRIED)[0]["id"]
    mom.call("dismiss", id=warning, never=True)
    assert warning not in [one["id"] for one in mom.suggest("net.py", 3, text=TRIED)]


def test_a_reapplied_change_is_not_a_failure(history: Repo, moms: Start) -> None:
    history.commit(f'Reapply "Share connections in a pool"\n\nThis reverts commit {history.head}.', {"net.py": TRIED})
    mom = started(history, moms)
    assert named(mom, "Share connections in a pool")["failure"] is None


def test_code_that_is_back_without_a_reference_is_not_a_failure(history: Repo, moms: Start) -> None:
    history.commit("Share connections in a pool, second try", {"net.py": TRIED})
    mom = started(history, moms)
    assert named(mom, "Share connections in a pool")["failure"] is None


def test_only_ancestors_count(history: Repo, moms: Start) -> None:
    history.git("checkout", "--quiet", "-b", "other", "HEAD~1")
    mom = started(history, moms)
    history.git("checkout", "--quiet", "main")
    mom.index()
    assert named(mom, "Share connections in a pool")["failure"]
    history.git("checkout", "--quiet", "other")
    assert named(mom, "Share connections in a pool")["failure"] is None


def test_a_fix_that_had_to_be_fixed_is_a_bug_pattern(project: Repo, moms: Start) -> None:
    first = project.commit("Add a counter", {"a.py": "count = 0\n"})
    second = project.commit(f"Fix the counter\n\nFixes: {first[:12]}", {"a.py": "count = 1\n"})
    project.commit(f"Fix the counter for good\n\nIt was off by one. Fixes: {second[:12]}", {"a.py": "count = 2\n"})
    failure = named(started(project, moms), "Fix the counter")["failure"]
    assert (failure["kind"], failure["because"]) == ("bug_pattern", "It was off by one.")
    assert failure["replaced_by"]["title"] == "Fix the counter for good"


def test_the_reason_is_not_the_revert_announcement() -> None:
    def reason(body: str, why: str = "") -> str:
        return failure_reason(Memory("m", "note", "t", body, why, make_memory(1).source))

    assert reason("This reverts commit 1a2b3c4d.\n\nIt crashed. And leaked.") == "It crashed."
    assert reason("Reverts it.\n\nSee the discussion at https://example.org/12.\n\nIt leaked.") == "It leaked."
    assert reason("This partially reverts commit 1a2b3c4d.") == ""
    assert reason("First.\n\nIt broke because of x.", "It broke because of x.") == "It broke because of x."
    assert len(reason("word " * 200)) <= 200


def test_blocks_are_runs_of_new_lines() -> None:
    lines = ["old", "new one = 1", "", "new two = 2", "old", "new three = 3"]

    def blocks(committed: str, **asked: int) -> list[Block]:
        return written(lambda: FileWords.of([committed]), "a.py", lines, [1, 0, 2, 0, 3, 0], **asked)

    assert [block.line for block in blocks("old = other")] == [2, 6]
    assert set(blocks("old = other")[0].names) == {"new", "one", "two"}
    assert [block.line for block in blocks("", start=4, end=5)] == [2]
    assert blocks("", start=5, end=5) == []
    assert not any({"new", "one"} & set(block.names) for block in blocks("new one = 1"))
    assert set(blocks("")[0].keys) - set(blocks("new one = 1")[0].keys) == FileWords.of(["new one = 1"]).keys


@given(st.lists(st.sampled_from(["", "  ", "kept", "one_new_line()"]), max_size=12), st.data())
def test_a_part_of_a_file_has_the_blocks_that_overlap_it(lines: list[str], data: st.DataObject) -> None:
    mapped = [0 if line.startswith("one") or data.draw(st.booleans()) else at for at, line in enumerate(lines, 1)]
    start = data.draw(st.integers(1, max(1, len(lines))))
    end = data.draw(st.integers(start, max(start, len(lines))))
    none = FileWords.of([])
    starts = [block.line for block in written(lambda: none, "a.py", lines, mapped)]
    found = [block.line for block in written(lambda: none, "a.py", lines, mapped, start, end)]
    assert set(found) <= set(starts)
    inside = {line for line in range(start, end + 1) if line <= len(lines) and not mapped[line - 1]}
    new = {line for line in inside if lines[line - 1].strip()}
    assert bool(new) <= bool(found)


def test_little_of_a_pasted_megabyte_is_read() -> None:
    lines = [f"pasted_{at} = {at}" for at in range(50_000)]
    none = FileWords.of([])
    (block,) = written(lambda: none, "a.py", lines, [0] * len(lines), 25_000, 25_000)
    assert block.line == 25_000 - MAX_BLOCK
    assert len(block.keys) <= MAX_BLOCK


KEYS = st.lists(st.integers(0, 60), min_size=1, max_size=20, unique=True)


@given(KEYS, KEYS)
def test_a_warning_needs_most_of_the_lines(tried: list[int], typed: list[int]) -> None:
    one = make_memory(0, added_lines=tuple(tried), anchors=(Anchor("a.py"),))
    two = make_memory(1, references=(Reference("revert", sha(0)),))
    found = Failures(make_view(one, two)).repeated("a.py", [Block(1, "", tuple(typed), ())])
    common = len(set(tried) & set(typed))
    assert bool(found) == (common >= 3 and common >= len(typed) / 2)


def test_reverting_twice_makes_an_anti_pattern() -> None:
    history = [(), ("revert", 0), ("reapply", 0), ("revert", 0)]
    memories = [make_memory(n, references=(Reference(w[0], sha(w[1])),) if w else ()) for n, w in enumerate(history)]  # type: ignore[arg-type,misc]
    assert Failures(make_view(*memories)).reverted[0].kind == "anti_pattern"
