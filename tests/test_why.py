"""`mom why`: what is cited, in what order, and the answer where nothing is known."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from memories import make_memory
from repositories import Mom, Repo, Start

from mom_lsp.cli.app import app
from mom_lsp.engine.requests import answer
from mom_lsp.errors import UsageError
from mom_lsp.evaluation.reason_accuracy import accuracy, labelled_messages
from mom_lsp.evaluation.why_threshold import largest_threshold, threshold_rows
from mom_lsp.lm.answer import Clue, extractive, reason_of
from mom_lsp.memory import Source
from mom_lsp.route.linear_model import LinearModel
from mom_lsp.tuning.cases import Case
from mom_lsp.tuning.labels import Label

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
KEYS = {"answer", "attention", "citations", "generated", "origin", "took_ms"}


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
    assert "Limit retries to 42" in cited(found)[:2]
    number = cited(found).index("Limit retries to 42") + 1
    assert re.search(rf"wrote this line: The server bans a client .* for hours \[{number}\]\.", found["answer"])
    assert not found["generated"]


def test_a_comment_near_the_line_is_quoted(mom: Mom) -> None:
    found = why(mom)
    assert "The comment at src/client.py:5 says “" in found["answer"]
    assert "never raise the limit" in found["answer"]


def test_the_references_of_the_commit_are_followed(mom: Mom) -> None:
    linked = r"“(Wait twice|Describe the limit)[^”]*” \([^)]*\) (was fixed by|followed up on) \[\d\]"
    assert re.search(linked, why(mom)["answer"])


def test_every_sentence_ends_with_a_citation(mom: Mom) -> None:
    found = why(mom)
    numbers = re.findall(r"\[(\d)\]\.(?: |$)", found["answer"])
    assert [int(number) for number in numbers] == list(range(1, len(found["citations"]) + 1))
    assert 2 <= len(numbers) <= 3


def test_a_commit_without_a_reason_is_reported_as_such(mom: Mom) -> None:
    found = why(mom, LIMITED.count("\n") + 3)
    assert re.search(r"“Add a parser” \(.*\) wrote this line and gives no reason \[\d\]\.", found["answer"])


def test_an_unexplained_line_is_reported_as_such(mom: Mom, project: Repo) -> None:
    project.write("new/zebra.txt", "nothing that anybody wrote before\n")
    found = why(mom, 1, "new/zebra.txt")
    assert found["citations"] == []
    assert found["answer"] == "No memory explains new/zebra.txt:1."


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


@pytest.mark.parametrize("target", ["src/client.py", "src/client.py:1-3"])
def test_why_accepts_only_a_single_line(mom: Mom, target: str) -> None:
    result = run(mom, "why", target)
    assert (result.exit_code, "name one line" in result.stderr) == (2, True)


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


def test_the_threshold_is_the_largest_that_keeps_most_correct_citations() -> None:
    nothing = dict.fromkeys(("wrote", "symbol", "near"), np.zeros(4))
    features = nothing | {"wrote": np.array([1.0, 0, 0, 0]), "near": np.array([1.0, 1, 0.5, 0])}
    case = Case(Label("q", ("a", "b")), np.arange(4), ["a", "b", "c", "d"], features, moment=None)  # type: ignore[arg-type]
    made = threshold_rows([case], LinearModel({"near": 4.0}, -4.0))  # chances of b and c: 50% and 12%
    assert [(row.threshold, row.read, row.recall, row.precision) for row in made[-2:]] == [
        (0.1, 2, 1, 0.5),
        (0.2, 1, 1, 1),
    ]
    assert largest_threshold(made) == 0.2
