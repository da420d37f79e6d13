"""`mom why`: what is cited, in what order, and the answer where nothing is known."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from memories import make_memory
from processes import eventually
from repositories import Mom, Repo, Start

from mom_lsp.cli.app import app
from mom_lsp.engine.requests import answer
from mom_lsp.engine.service import Service
from mom_lsp.errors import UsageError
from mom_lsp.evaluation.reason_accuracy import accuracy, labelled_messages
from mom_lsp.lm.answer import Clue, extractive, reason_of
from mom_lsp.memory import Source
from mom_lsp.workspace.library.blame_patience import IN_ENGINE
from mom_lsp.workspace.ranking.explanation import STILL_READ

FIRST = "import time\n\n\ndef fetch(url):\n    return url\n"
LIMITED = """import time


def fetch(url):
    # NOTE: never raise the limit, because the firewall of the server counts attempts.
    for attempt in range(42):
        time.sleep(attempt)
    return url
"""
PARSED = LIMITED + "\n\ndef parse(text):\n    return text.split()\n"
LINE = 6  # the line that the fix wrote, below its comment
KEYS = {"answer", "attention", "citations", "committed", "generated", "origin", "replaces", "took_ms"}


@pytest.fixture
def mom(project: Repo, moms: Start) -> Mom:
    """Index a limit, the backoff that it replaced, and a later fix of it."""
    project.commit("Add a client", {"src/client.py": FIRST})
    backoff = project.commit("Wait twice as long after each attempt", {"src/client.py": FIRST + "\n\nBACKOFF = 2\n"})
    body = "\n\nThe server bans a client after 50 attempts, so that the backoff only hid the ban for hours."
    limit = project.commit(f"Limit retries to 42{body}\n\nFixes: {backoff}", {"src/client.py": LIMITED})
    note = f"Describe the limit\n\nOtherwise nobody would know of the firewall.\n\nFollow-up to {limit}"
    project.commit(note, {"README.md": "The limit of attempts is 42.\n"})
    project.commit("Add a parser", {"src/client.py": PARSED})
    mom = moms(project)
    mom.index()
    return mom


def why(mom: Mom, line: int = LINE, path: str = "src/client.py", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = mom.call("why", path=path, line=line, **more)
    assert set(found) == KEYS
    return found


def cited(found: dict[str, Any]) -> list[str]:
    return [one["title"] for one in found["citations"]]


def test_the_commit_that_wrote_the_line_is_cited_with_its_reason(mom: Mom) -> None:
    found = why(mom)
    assert cited(found)[0] == "Limit retries to 42"
    assert re.search(r"wrote this line: The server bans a client .* for hours \[1\]\.", found["answer"])
    assert not found["generated"]


def test_a_comment_near_the_line_is_quoted(mom: Mom) -> None:
    found = why(mom)
    assert re.search(r"The comment on line 5 says “NOTE: never raise the limit, .* attempts” \[2\]\.", found["answer"])


def test_every_sentence_ends_with_a_citation(mom: Mom) -> None:
    found = why(mom)
    numbers = re.findall(r"\[(\d)\]\.(?: |$)", found["answer"])
    assert [int(number) for number in numbers] == list(range(1, len(found["citations"]) + 1))
    assert 2 <= len(numbers) <= 3


def test_a_commit_without_a_reason_is_reported_as_such(mom: Mom) -> None:
    found = why(mom, LIMITED.count("\n") + 3)
    assert found["answer"] == "No reason is recorded; last changed by “Add a parser” (Ada Lovelace, 2023-11-15) [1]."


def test_an_unexplained_line_is_reported_as_such(mom: Mom) -> None:
    for one in why(mom, 1)["citations"]:
        mom.call("forget", id=one["id"])
    found = why(mom, 1)
    assert (found["citations"], found["answer"]) == ([], "No memory explains src/client.py:1.")


def test_unsaved_lines_shift_the_query(mom: Mom) -> None:
    moved = "# one\n# two\n" + PARSED
    assert cited(why(mom, LINE + 2, text=moved)) == cited(why(mom))


def test_a_forgotten_memory_is_not_cited(mom: Mom) -> None:
    gone = next(one for one in why(mom)["citations"] if one["title"] == "Limit retries to 42")
    mom.call("forget", id=gone["id"])
    assert gone["title"] not in json.dumps(why(mom))


def test_a_memory_dismissed_here_is_not_cited_here(mom: Mom) -> None:
    comment = next(one for one in why(mom)["citations"] if one["source"]["type"] == "file")
    mom.call("dismiss", id=comment["id"], path="src/client.py", line=LINE)
    assert comment["title"] not in cited(why(mom))


def test_a_memory_pinned_here_comes_first(mom: Mom) -> None:
    before = cited(why(mom))
    last = why(mom)["citations"][-1]
    mom.call("pin", id=last["id"], path="README.md", line=1)
    assert cited(why(mom)) == before
    mom.call("pin", id=last["id"], path="src/client.py", line=LINE)
    assert cited(why(mom))[0] == last["title"]


def test_a_line_that_does_not_exist_is_refused(mom: Mom) -> None:
    with pytest.raises(UsageError, match="has 12 lines"):
        why(mom, 99)


# What is cited


def explained(project: Repo, moms: Start, path: str, line: int) -> str:
    mom = moms(project)
    mom.index()
    return str(why(mom, line, path)["answer"])


PARSER = """import sys

def parse(text):
    if text.startswith("#"):
        return None
    else:
        return text.split()
"""


@pytest.mark.parametrize("line", [1, 2, 5, 6])
def test_a_line_that_every_file_has_is_answered_by_its_own_commit_alone(project: Repo, moms: Start, line: int) -> None:
    project.commit("Skip comments in parse\n\nThey broke the count of words, since each was a word.", {"a.py": PARSER})
    answer = explained(project, moms, "a.py", line)
    assert answer == "“Skip comments in parse” (Ada Lovelace, 2023-11-15) wrote this line [1]."


def test_a_line_of_the_licence_is_answered_by_its_own_commit_alone(project: Repo, moms: Start) -> None:
    text = "# Copyright 2023 Ada Lovelace\n# All rights reserved.\n\nLIMIT = 42\n"
    project.commit("Limit retries to 42\n\nThe server bans a client after 50 attempts.", {"a.py": text})
    assert "bans" not in explained(project, moms, "a.py", 2)
    assert "bans" in explained(project, moms, "a.py", 4)


def test_who_wrote_a_line_before_is_cited_where_the_last_change_gives_no_reason(project: Repo, moms: Start) -> None:
    first = "def fetch(host):\n    return connect(host, port=80, timeout=5)\n"
    raised = first.replace("timeout=5", "timeout=17")
    project.commit("Add fetch", {"net.py": first})
    project.commit("Raise the timeout\n\nBecause satellite links need a timeout above five.", {"net.py": raised})
    project.commit("Use port 443", {"net.py": raised.replace("80", "443")})
    answer = explained(project, moms, "net.py", 2)
    assert re.match(r"“Use port 443” \([^)]*\) last changed this line \[1\]\. “Raise the timeout” ", answer)
    assert "made an earlier change to this line: Because satellite links need" in answer


def test_a_commit_that_only_moved_a_line_is_not_named(project: Repo, moms: Start) -> None:
    line = "    retries = min(retries, LARGEST_BATCH * len(servers_that_answered))\n"
    other = "def other(one):\n    return sorted(one, key=len)\n\n\n"
    project.commit("Add fetch", {"net.py": "def fetch(retries):\n" + line + "\n\n" + other, "http.py": "import net\n"})
    project.commit("Split the module", {"net.py": other, "http.py": "import net\n\n\ndef fetch(retries):\n" + line})
    assert "“Add fetch”" in explained(project, moms, "http.py", 5)


def test_a_revert_of_the_commit_is_cited(project: Repo, moms: Start) -> None:
    project.commit("Add a cache", {"net.py": "CACHE = {}\nSIZE_OF_CACHE = 5\n"})
    added = project.commit("Keep answers for a day", {"net.py": "CACHE = {}\nSIZE_OF_CACHE = 5\nDAYS_TO_KEEP = 1\n"})
    project.git("revert", "--no-edit", added)
    revert = project.git("rev-parse", "HEAD")
    project.commit(
        f'Reapply "Keep answers for a day"\n\nThis reverts commit {revert}.',
        {"net.py": "CACHE = {}\nSIZE_OF_CACHE = 5\nDAYS_TO_KEEP = 1\n"},
    )
    assert re.search(
        r"“Revert \"Keep answers for a day\"” \([^)]*\) .*was reverted by \[1\]", explained(project, moms, "net.py", 3)
    )


def closing(project: Repo, trailer: str) -> None:
    """Commit two changes of one file; the trailer of the second names issue 162, which the first closes."""
    reason = "Because servers_of_region was empty, each request failed with a crash of the pool."
    start = "def ask(servers_of_region):\n    answers = []\n"
    for number in range(4):
        project.commit(f"Update {number}", {"net.py": start, "n.txt": str(number)})
    first = start + "    servers = other_servers(servers_of_region)\n"
    project.commit(f"Ask servers of other regions\n\n{reason}\n\nCloses #162", {"net.py": first})
    second = first + "    wait_for_servers(servers, servers_of_region)\n"
    project.commit(
        f"Wait for the first server\n\nOtherwise servers_of_region is empty.\n\n{trailer}", {"net.py": second}
    )


def test_two_commits_that_close_one_issue_are_not_said_to_fix_each_other(project: Repo, moms: Start) -> None:
    closing(project, "* Closes #162\n* servers wait")
    assert not re.search("fixed|followed up", explained(project, moms, "net.py", 4))


def test_a_commit_that_was_fixed_is_cited(project: Repo, moms: Start) -> None:
    closing(project, "The crash was introduced in #162.")
    said = r"“Ask servers of other regions” \([^)]*\): Because servers_of_region .*; it was fixed by \[1\] \[2\]"
    assert re.search(said, explained(project, moms, "net.py", 4))


# Lines that are not committed

EDITED = PARSED.replace("range(42)", "range(17)")


def test_an_edited_line_is_explained_by_the_past_of_the_line_that_it_replaces(mom: Mom, project: Repo) -> None:
    project.write("src/client.py", "# one\n" + EDITED)
    found, before = why(mom, LINE + 1), why(mom, LINE, text=PARSED)
    assert cited(found) == cited(before)
    preface = "This line is not committed. The line it replaces:"
    wrote = "“Limit retries to 42” (Ada Lovelace, 2023-11-15) wrote it: The server bans a client"
    assert found["answer"].startswith(f"{preface} {wrote}")
    assert found["citations"][0]["phrases"]["relevance"].startswith("Wrote the line that this one replaces")
    replaced = {"line": LINE, "text": "    for attempt in range(42):", "reformatted": False}
    assert (found["committed"], found["replaces"]) == (False, replaced)
    assert (before["committed"], before["replaces"]) == (True, None)


def test_a_reformatted_line_keeps_its_past(mom: Mom) -> None:
    found = why(mom, LINE, text=PARSED.replace("    for attempt", "        for attempt"))
    assert found["answer"].startswith("This line was moved or reformatted since the last commit: “Limit retries to 42”")
    assert found["replaces"]["reformatted"]


def test_an_edited_line_that_no_memory_explains_is_reported_as_such(mom: Mom) -> None:
    for one in why(mom, 1)["citations"]:
        mom.call("forget", id=one["id"])
    answer = why(mom, 1, text=PARSED.replace("import time", "import asyncio"))["answer"]
    assert answer == "This line is not committed, and no memory explains the one that it replaces."


def test_a_new_line_is_said_to_be_new_with_what_changed_the_code_around_it(mom: Mom) -> None:
    found = why(mom, LINE + 2, text=PARSED.replace("    return url", "    log(url)\n    return url"))
    changed = "“Limit retries to 42” (Ada Lovelace, 2023-11-15) changed `fetch`: The server bans a client"
    assert found["answer"].startswith(f"This line is not committed yet. {changed}")
    assert cited(found) == ["Limit retries to 42"]
    assert (found["committed"], found["replaces"]) == (False, None)


def test_a_line_of_a_new_file_is_said_to_be_new(mom: Mom, project: Repo) -> None:
    project.write("new/zebra.txt", "nothing that anybody wrote before\n")
    found = why(mom, 1, "new/zebra.txt")
    assert (found["citations"], found["answer"]) == ([], "This file is not committed yet.")


def test_the_first_line_of_a_committed_empty_file_is_a_new_line(project: Repo, moms: Start) -> None:
    project.commit("Make it a package", {"pkg/__init__.py": ""})
    mom = moms(project)
    mom.index()
    answer = why(mom, 1, "pkg/__init__.py", text="import os\n")["answer"]
    assert answer.startswith("This line is not committed yet.")


def test_a_comment_that_is_not_committed_is_no_explanation(project: Repo, moms: Start) -> None:
    project.commit("Add area", {"box.py": PLAIN_COMMENT})
    project.write("box.py", f"{PLAIN_COMMENT}\n\ndef perimeter(box):\n    # twice the sides\n    return 2 * sum(box)\n")
    assert "comment" not in explained(project, moms, "box.py", 8)


# Comments of the file

PLAIN_COMMENT = "def area(box):\n    # width times height of the box\n    return box.width * box.height\n"


def test_a_comment_that_is_no_memory_is_quoted_without_a_citation(project: Repo, moms: Start) -> None:
    project.commit("Add area", {"box.py": PLAIN_COMMENT})
    answer = explained(project, moms, "box.py", 3)
    assert answer.endswith(" [1]. The comment on line 2 says “width times height of the box”.")


def test_a_forgotten_comment_is_not_read_from_the_file_again(mom: Mom) -> None:
    comment = next(one for one in why(mom)["citations"] if one["source"]["type"] == "file")
    mom.call("forget", id=comment["id"])
    assert "never raise the limit" not in why(mom)["answer"]


def test_comments_are_not_quoted_if_they_are_not_wanted(project: Repo, moms: Start) -> None:
    project.commit("Add area", {"box.py": PLAIN_COMMENT, ".mom.toml": "[index]\ncomments = false\n"})
    assert "comment" not in explained(project, moms, "box.py", 3)


# With and without an engine


@pytest.mark.parametrize("line", [1, 4, LINE, LIMITED.count("\n") + 3])
def test_an_engine_gives_the_same_answer_as_a_command(mom: Mom, line: int) -> None:
    engine = Service(mom.location.data, waiting=IN_ENGINE)
    try:
        params = {"root": str(mom.root), "path": "src/client.py", "line": line}
        assert answer(engine, "why", params)["answer"] == why(mom, line)["answer"]
    finally:
        engine.close()


def test_an_engine_says_so_if_the_history_of_a_line_is_still_being_read(
    mom: Mom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mom_lsp.workspace.workspace.PATIENCE", 0.0)
    engine = Service(mom.location.data, waiting=IN_ENGINE)

    def asked() -> str:
        return str(answer(engine, "why", {"root": str(mom.root), "path": "src/client.py", "line": LINE})["answer"])

    try:
        first = asked()
        assert first.endswith(STILL_READ)
        eventually(lambda: asked() == why(mom)["answer"])
    finally:
        engine.close()


# In a terminal


def run(mom: Mom, *arguments: str) -> Any:
    return CliRunner().invoke(app, ["-C", str(mom.root), *arguments], obj=lambda _: partial(answer, mom.service))


def test_the_command_prints_the_answer_and_its_sources(mom: Mom) -> None:
    result = run(mom, "why", f"src/client.py:{LINE}")
    assert result.exit_code == 0, result.output
    answer, _, sources = result.stdout.partition("\n\n")
    assert answer == why(mom)["answer"]
    assert re.findall(r"^\[(\d)\] ", sources, re.M) == [str(n + 1) for n in range(len(why(mom)["citations"]))]
    assert "Ada Lovelace" in sources


def test_the_json_option_prints_one_document(mom: Mom) -> None:
    found = json.loads(run(mom, "why", f"src/client.py:{LINE}", "--json").stdout)
    assert set(found) == KEYS
    assert found["answer"] == why(mom)["answer"]


def test_the_command_shows_the_line_that_an_edited_one_replaces(mom: Mom, project: Repo) -> None:
    project.write("src/client.py", EDITED)
    answer, _, _ = run(mom, "why", f"src/client.py:{LINE}").stdout.partition("\n\n")
    assert answer.endswith("\n  - for attempt in range(42):")


@pytest.mark.parametrize("target", ["src/client.py", "src/client.py:1-3"])
def test_why_accepts_only_a_single_line(mom: Mom, target: str) -> None:
    result = run(mom, "why", target)
    assert (result.exit_code, "give one line" in result.stderr) == (2, True)


# The sentences


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("Nobody reads the log because it is long. It was 9 MB.", "Nobody reads the log because it is long."),
        ("This reverts commit 7a6d8b1b1a8fcc1. Landed by accident.", "Landed by accident."),
        ("Fixes: https://example.org/issues/12 and #13.\n\nThe server counts attempts.", "The server counts attempts."),
        ("... as it would else\nfail on Windows.", "as it would else fail on Windows."),
        ("Follow-up to 1a2b3c4d5e", ""),
        ("Сервер считает попытки.", "Сервер считает попытки."),
        ("因为服务器会等待", "因为服务器会等待"),
        ("The parser reads argv[1] twice [2], since it lies.", "The parser reads argv[1] twice, since it lies."),
        ("This fixes a regression of 75d79a4486b2.", ""),
        ("A fix of the cache of names, missed in 75d79a4486b2", "A fix of the cache of names, missed in 75d79a4486b2"),
    ],
)
def test_the_first_informative_sentence_is_the_reason(body: str, reason: str) -> None:
    assert reason_of(make_memory(1, body=body)) == reason


def test_reason_selection_is_measured_against_labels(project: Repo, tmp_path: Path) -> None:
    sha = project.commit("Limit retries\n\nThis fixes bug #12. The server counts attempts.", {"a.py": "LIMIT = 42\n"})
    labels = tmp_path / "labels.jsonl"
    labels.write_text(json.dumps({"commit": sha, "reasons": [1]}) + '\n{"commit": "0000", "reasons": [0]}\n')
    made = list(labelled_messages(labels, project.root))
    assert [case.sentences for case in made] == [("This fixes bug #12.", "The server counts attempts.")]
    assert accuracy(made) == {"first": 0, "first with a word of reasoning": 0, "first informative": 1, "quoted": 1}


def test_a_reason_that_is_cut_is_marked() -> None:
    memory = make_memory(1, "Limit retries", body=f"Because {'the server counts each attempt and ' * 12}bans.")
    (sentence,) = extractive([Clue(memory, "wrote this line")])
    assert str(sentence).endswith("… [1].")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@given(st.lists(st.tuples(TEXT, TEXT, TEXT, st.sampled_from(["commit", "file", "user"])), max_size=5))
def test_any_text_gives_at_most_three_sentences_with_one_citation_each(texts: list[tuple[str, str, str, Any]]) -> None:
    clues = [
        Clue(make_memory(n, title, body=body, why=why, source=Source(kind, path="a.py", line=n, time=n)), "changed it")
        for n, (title, body, why, kind) in enumerate(texts, 1)
    ]
    sentences = extractive(clues)
    assert [one.cites for one in sentences] == list(range(1, min(3, len(clues)) + 1))
    assert all(str(one).endswith(f" [{one.cites}].") for one in sentences)
