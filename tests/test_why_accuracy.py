"""How the answers of `mom why` are measured."""

from __future__ import annotations

import pytest
from repositories import Repo, Start

from mom_lsp.evaluation.asked import unused_workspace
from mom_lsp.evaluation.why_accuracy import answered, flaws, read, sentences, sheet, table

SAID = "“Limit retries to 42” (Ada Lovelace, 2023-11-15) wrote this line"


def test_an_answer_is_split_at_its_citations_and_at_quoted_comments() -> None:
    answer = f"{SAID}: It broke. Often [1]. The comment on line 3 says “never raise it”. {SAID} [2]."
    assert sentences(answer) == [f"{SAID}: It broke. Often", "The comment on line 3 says “never raise it”", SAID]


@pytest.mark.parametrize(
    ("quote", "flaw"),
    [
        ("The following changes:", "ends in a colon"),
        ("- rename the helper of the pool", "list mark"),
        ("the pool (which is idle", "unbalanced"),
        ("it was called `pool", "unbalanced"),
        ("pool = None;", "code"),
        ("Closes #12", "only references or credits"),
        ("So limit retries to 42", "repeats the title"),
        ("Windows needs it, see [3]", "footnote or tag"),
        ("It adds: pool - the workers - their names", "half a list"),
    ],
)
def test_a_broken_sentence_is_recognised_by_its_form(quote: str, flaw: str) -> None:
    assert flaw in flaws(f"{SAID}: {quote}")


@pytest.mark.parametrize(
    "quote", ["The server bans a client after 50 attempts", "Close it first (it leaks)", "Cut (at the…"]
)
def test_a_sound_sentence_has_no_flaw(quote: str) -> None:
    assert flaws(f"{SAID}: {quote}") == []
    assert flaws(f"No reason is recorded; last changed by {SAID.removesuffix(' wrote this line')}") == []


def test_answers_are_counted_by_kind_of_line(project: Repo, moms: Start) -> None:
    reason = project.commit("Limit retries\n\nThe server bans a client.", {"a.py": "import time\nlimit = Limit(42)\n"})
    moms(project).index()
    label = {"repo": "x/y", "rev": reason, "path": "a.py", "kept": False}
    known = label | {"line": 2, "kind": "known", "reasons": [reason]}
    dull = label | {"line": 1, "kind": "dull", "reasons": []}
    with unused_workspace(project.root) as workspace:
        found = list(answered(workspace, [known, dull]))
    first, second, *_ = table(found)
    assert first.startswith("known, 1 lines: reason's commit cited first 1, at all 1; 1.00 sentences")
    assert second.startswith("dull, 1 lines: more than one sentence 0; 1.00 sentences")
    assert "W1. x/y a.py:2 (known)\n  import time\n> limit = Limit(42)" in sheet(found)


def test_what_readers_said_is_counted_by_kind() -> None:
    said = {"verdicts": "US", "sentences": [2, 2], "off": [1, 0], "broken": [0, 0]}
    labels = [{"kind": "known", "read": {"now": said}}, {"kind": "dull"}]
    assert read(labels, "now") == ["known, now, as read: 0.5 of 1 useful; of the sentences 25% off topic, 0% broken"]
