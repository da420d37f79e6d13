"""The answers to a search: one for each change, what reverted it beside it, and a word where they are weak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from memories import HashEncoder, make_memory
from repositories import Mom, Repo, indexed_fixtures

from mom_lsp.extract.comments import comment_memories
from mom_lsp.extract.documents import document_memories
from mom_lsp.memory import Anchor, Memory, Reference, Scored, Usage
from mom_lsp.workspace import word_search
from mom_lsp.workspace.answers.repeats import without_repeats

TITLE = "Stop every retry after the ban"
BODY = "The server bans every client that retries within two seconds of its last refusal."
COMMIT = make_memory(0x1F2E3D4C5B6A7988 << 96, TITLE, body=BODY, numbers=(41,), references=(Reference("fixes", "#40"),))


def entry(text: str) -> Memory:
    (found,) = document_memories("CHANGELOG.md", "b1", f"# 1.0\n\n- {text}\n", sanitize=str)
    return found


def comment(text: str) -> Memory:
    (found,) = comment_memories("net.py", "b2", f"# NOTE: {text}\nretry()\n", sanitize=str)
    return found


def kept(*memories: Memory, pinned: Sequence[Memory] = ()) -> list[Memory]:
    """Return which of some answers, best first, are kept."""
    found = [Scored(one, -float(at), {"lex": -float(at)}, "") for at, one in enumerate(memories)]
    found = [replace(one, usage=Usage(pinned=one.memory in pinned)) for one in found]
    left = without_repeats(found)
    assert [one.score for one in left] == sorted((one.score for one in left), reverse=True)
    assert all(sum(one.terms.values()) == one.score for one in left)
    return [one.memory for one in left]


@pytest.mark.parametrize(
    "text",
    [
        "Clients no longer hammer a server that has banned them (#41)",
        "Clients no longer hammer a server that has banned them, #40",
        f"Clients no longer hammer a server that has banned them ({COMMIT.commits[0][:9]})",
        "**Stop every retry after the ban** (#97)",
        f"Network: {TITLE.lower()} by the server",
    ],
)
def test_a_changelog_entry_that_names_a_commit_or_repeats_its_title_is_no_second_answer(text: str) -> None:
    other = make_memory(2, "Count the retries of a client")
    announced = entry(text)
    assert kept(announced, other, COMMIT) == [COMMIT, other]
    assert kept(COMMIT, other, announced) == [COMMIT, other]
    assert kept(announced, other) == [announced, other]


@pytest.mark.parametrize(
    "text",
    [
        "Clients no longer hammer a server that has banned them (#42)",
        "Fixed, among many other things: #39, #40 and #41",
    ],
)
def test_a_changelog_entry_about_another_change_stays(text: str) -> None:
    assert kept(entry(text), COMMIT) == [entry(text), COMMIT]


def test_a_comment_that_repeats_a_commit_is_no_second_answer() -> None:
    assert kept(comment(BODY), COMMIT) == [COMMIT]
    more = comment(f"{BODY} It forgives them after an hour of silence, not before.")
    assert kept(more, COMMIT) == [more, COMMIT]


def test_a_section_of_a_guide_that_repeats_a_commit_is_no_second_answer() -> None:
    (section,) = document_memories("docs/design.md", "b3", f"# Retries\n\n{BODY}\n", sanitize=str)
    assert kept(section, COMMIT) == [COMMIT]
    naming = "# Retries\n\nThe client waits for a minute before it asks again for anything at all, see #41.\n"
    (section,) = document_memories("docs/design.md", "b3", naming, sanitize=str)
    assert kept(section, COMMIT) == [section, COMMIT]


def test_a_merge_with_the_description_of_its_commit_is_no_second_answer() -> None:
    body = f"{BODY} It forgives a client after an hour of silence, and never before that hour has passed."
    change, merge, other = (
        make_memory(number, title, body=text, anchors=(Anchor(path),))
        for number, title, text, path in (
            (1, TITLE, body, "net.py"),
            (2, "Merge the new rules for bans", f"{body} Approved by all.", "net.py"),
            (3, "Say the same of another file", body, "b.py"),
        )
    )
    assert kept(merge, change, other) == [merge, other]
    assert kept(change, merge, other) == [change, other]


def test_a_pinned_memory_is_kept_though_it_repeats_another() -> None:
    announced = entry("Clients no longer hammer a server that has banned them (#41)")
    assert kept(announced, COMMIT, pinned=[announced]) == [announced, COMMIT]


PLAIN = "def fetch(url):\n    return open_url(url)\n"
POOLED = "def fetch(url):\n    pool = shared_pool(limit=8)\n    with pool.lent() as one:\n        return one.get(url)\n"
POOL = "Share connections in a pool"
REVERT = f'Revert "{POOL}"'


def write(project: Repo) -> None:
    """Write a reverted change, an announced one, and others."""
    project.commit("Add fetch\n\nBecause every caller needs it.", {"net.py": PLAIN})
    tried = project.commit(f"{POOL}\n\nBecause connecting is slow.", {"net.py": POOLED})
    project.commit("Describe how a pool shares connections", {"pool.txt": "pool\n"})
    project.commit(f"{REVERT}\n\nThis reverts commit {tried}.\n\nIt deadlocks.", {"net.py": PLAIN})
    project.commit(f"{TITLE} (#41)\n\n{BODY}", {"ban.py": "banned = True\n"})
    news = ("Stop every retry once a server has sent a ban (#41)", "Stop every retry while nobody is there (#7)")
    project.commit("Release 1.0", {"CHANGELOG.md": "# 1.0\n\n- {}\n- {}\n".format(*news)})


template, project, mom = indexed_fixtures(write)


def titles(found: Sequence[dict[str, Any]]) -> list[str]:
    return [one["title"] for one in found]


@pytest.mark.parametrize("words", ["share connections in a pool", "revert deadlocks pool", "slow connecting pool"])
def test_what_reverted_a_change_follows_it_directly_and_once(mom: Mom, words: str) -> None:
    found = mom.search(words)
    at = titles(found).index(POOL)
    assert titles(found)[at + 1] == REVERT and titles(found).count(REVERT) == 1
    reverted, revert = found[at : at + 2]
    assert reverted["phrases"]["failure"] == f"was reverted by {REVERT} ({revert['id'][:8]}): It deadlocks."
    assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)


def test_a_revert_that_shares_no_word_with_the_search_is_added(mom: Mom) -> None:
    reverted, revert = mom.search("slow")
    assert (reverted["title"], revert["title"]) == (POOL, REVERT)
    assert revert["phrases"]["relevance"] == "Reverted the one above"
    assert sum(revert["terms"].values()) == pytest.approx(revert["score"])


def test_a_forgotten_revert_is_not_added(mom: Mom) -> None:
    mom.call("forget", id=mom.search("slow")[1]["id"])
    assert titles(mom.search("slow")) == [POOL]


def test_a_search_finds_a_commit_once_and_a_changelog_entry_without_one(mom: Mom) -> None:
    found = mom.search("retry")
    assert titles(found) == [TITLE, "Stop every retry while nobody is there (#7)"]
    (only,) = mom.search("retry", k=1)
    assert only["title"] == TITLE


def test_a_list_of_pinned_memories_is_complete(mom: Mom) -> None:
    catalog = mom.service.library.snapshot().catalog
    for row in range(catalog.size):
        if "CHANGELOG.md" in catalog.paths_of(row) and catalog.is_file[row]:
            mom.call("pin", id=catalog.ids[row], path="CHANGELOG.md", line=3)
    mom.call("pin", id=mom.search("ban bans client refusal")[0]["id"], path="ban.py", line=1)
    assert len(mom.call("kept")["pinned"]) == 3


def test_the_quote_of_an_answer_is_about_the_question(mom: Mom, project: Repo) -> None:
    project.commit("Mend both\n\nBoth were wrong.\n\nThe handshake needs a nonce.", {"net.py": PLAIN + "x = 1\n"})
    mom.index()
    assert mom.search("why a nonce in the handshake")[0]["quote"] == "The handshake needs a nonce."
    assert mom.search("mend")[0]["quote"] == "Both were wrong."


def test_an_answer_names_the_longest_words_that_not_most_answers_have(mom: Mom, project: Repo) -> None:
    for number in range(4):
        project.commit(f"Teach gearbox lesson {number}", {f"{number}.py": f"x = {number}\n"})
    project.commit("Teach gearbox to the cat", {"cat.py": "cat = 1\n"})
    mom.index()
    reasons = {one["title"]: one["why"] for one in mom.search("gearbox for cats")}
    assert reasons["Teach gearbox to the cat"] == "shares “cats” and “gearbox”"
    assert reasons["Teach gearbox lesson 1"] == "shares “gearbox”"


def test_an_answer_names_the_present_name_of_its_main_file(mom: Mom, project: Repo) -> None:
    text = "".join(f"limit_{n} = {n}\n" for n in range(9))
    project.commit("Count windows\n\nSince a door is none.", {"a.txt": "x\n", "old.py": text, "tests/test_a.py": "y\n"})
    project.git("mv", "old.py", "new.py")
    project.commit("Rename the module", {})
    mom.index()
    (found,) = (one for one in mom.search("count windows") if one["title"] == "Count windows")
    assert (found["source"]["path"], found["freshness"], found["why"]) == (
        "new.py",
        "moved",
        "shares “windows” and “count”",
    )


@pytest.mark.parametrize(("least", "weak"), [(1.1, True), (0.0, False)])
def test_an_answer_says_that_none_stands_out(
    mom: Mom, monkeypatch: pytest.MonkeyPatch, least: float, weak: bool
) -> None:
    monkeypatch.setattr(word_search, "WEAK", 1.1 - least)  # if it were searched by meaning too
    monkeypatch.setattr(word_search, "WEAK_BY_WORDS", least)
    assert mom.call("search", text="pool").get("weak", False) is weak
    assert "weak" not in mom.call("search", text="xylophone")


def test_answers_far_below_the_best_are_left_out(mom: Mom, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "share connections in a pool, retry"
    chances = [one["chance"] for one in mom.search(words)]
    assert min(chances) >= word_search.LEAST_OF_BEST * max(chances)
    monkeypatch.setattr(word_search, "LEAST_OF_BEST", 0.0)
    everything = [one["chance"] for one in mom.search(words)]
    assert len(everything) > len(chances)
    assert sorted(everything, reverse=True)[: len(chances)] == chances


def test_an_answer_says_that_only_words_were_searched(mom: Mom) -> None:
    assert "words_only" not in mom.call("search", text="pool")  # without an encoder there is nothing else
    mom.service.library.encoder = HashEncoder()
    mom.call("configure", options={"mom": {"encoder": {"enable": True}}})
    assert mom.call("search", text="pool")["words_only"] is True
