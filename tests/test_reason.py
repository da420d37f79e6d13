"""The reason of a suggestion: existing evidence, strongest first."""

from __future__ import annotations

import re
from typing import Any

import pytest
from catalogs import make_view
from memories import make_memory

from mom_lsp.memory import Anchor, Memory, Usage
from mom_lsp.route.code_names import code_names
from mom_lsp.route.features import code_overlap
from mom_lsp.route.place_term import Spot, place
from mom_lsp.route.reason import WARNING, ReasonWriter, listed

WEAK = {"place": 0.0, "lex": 0.1, "sem": 0.2, "temp": -0.3, "use": 0.0}
WRITER = make_memory(1, anchors=(Anchor("a.py", ("f",)),), added=("retry", "fetch"))
OTHERS = [make_memory(n, anchors=(Anchor("b.py"),), added=("fetch",)) for n in (2, 3)]


def make_writer(*memories: Memory, line: int = 5, **fields: Any) -> ReasonWriter:
    """Ask about one line of `f`, of which the first memory wrote line 5."""
    view = make_view(*memories)
    spot = Spot("a.py", "f", line, line, {5: memories[0].commits[0]})
    return ReasonWriter(view, place(view, spot), code_overlap(view, [spot]), symbol="f", **fields)


def test_the_place_comes_first_except_for_a_task_in_words() -> None:
    terms = WEAK | {"place": 2.0, "lex": 3.0}
    asked: dict[str, Any] = {"line": 4, "names": ["retry"], "code": {"retry"}}
    place, task = make_writer(WRITER, **asked), make_writer(WRITER, **asked, typed=True)
    assert place.reason(0, terms, Usage()) == "changed `f`, shares `retry`"
    assert task.reason(0, terms, Usage()) == "shares `retry`, changed `f`"


def test_words_that_cannot_be_named_are_no_reason_beside_another() -> None:
    terms = WEAK | {"place": 2.0, "lex": 3.0}
    assert make_writer(WRITER).reason(0, terms, Usage()) == "wrote this line"


def test_meaning_and_recency_are_evidence_only_where_there_is_no_other() -> None:
    similar, recent = WEAK | {"sem": 0.6}, WEAK | {"sem": 0.6, "temp": 3.0}
    writer = make_writer(WRITER, *OTHERS)
    assert [writer.reason(1, terms, Usage()) for terms in (similar, recent)] == ["similar in meaning", "recent"]
    assert [writer.reason(0, terms, Usage()) for terms in (similar, recent)] == ["wrote this line"] * 2
    assert writer.reason(1, recent | {"lex": 1.0}, Usage()) == "shares words with these lines"


def test_a_weak_term_is_not_mentioned() -> None:
    assert make_writer(WRITER).reason(0, WEAK, Usage()) == "wrote this line"
    assert make_writer(WRITER, line=4).reason(0, WEAK, Usage()) == "changed `f`"


def test_the_rarest_shared_name_is_mentioned() -> None:
    terms = WEAK | {"lex": 1.0}
    writer = make_writer(WRITER, *OTHERS, names=["unknown", "fetch", "retry"], code={"fetch", "retry"})
    assert writer.reason(0, terms, Usage()) == "wrote this line, shares `retry`"
    assert writer.reason(1, terms, Usage()) == "shares `fetch`"
    assert make_writer(WRITER).reason(0, terms, Usage()) == "wrote this line"


def test_a_plain_word_is_told_as_a_word_and_only_where_little_else_is_known() -> None:
    terms, names = WEAK | {"lex": 1.0}, ["retry", "added", "fetch"]
    of_file = make_memory(2, anchors=(Anchor("a.py", ("g",)),), added=("fetch",))
    empty = make_memory(3, anchors=(Anchor("a.py", ("g",)),), added=("added",))
    said = [make_writer(WRITER, of_file, empty, names=names).reason(row, terms, Usage()) for row in range(3)]
    assert said == ["wrote this line", "changed this file, shares the word “fetch”", "changed this file"]
    named = make_writer(WRITER, of_file, empty, names=names, code={"fetch"})
    assert named.reason(1, terms, Usage()) == "changed this file, shares `fetch`"
    typed = make_writer(WRITER, of_file, empty, names=names, typed=True)
    assert typed.reason(1, terms, Usage()) == "shares “fetch”, changed this file"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("# The lines are restored, added and kept. Then 3 words(s) follow: NOTE _this_", set()),
        ("self.restored = retry(limit)", {"restored", "self", "retry"}),
        ("node->next, std::move, README.md", {"node", "next", "std", "move", "README"}),
        ("max_size sha256 readLine HTTPServer _private __init__", None),
    ],
)
def test_a_name_looks_like_code_by_its_form_or_by_what_is_beside(text: str, names: set[str] | None) -> None:
    words = re.findall(r"[A-Za-z_]\w{2,}", text)
    assert code_names(words, text) == (set(words) if names is None else names)


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        (Usage(uses=1), "wrote this line, used before"),
        (Usage(uses=2), "wrote this line, used twice before"),
        (Usage(uses=3), "wrote this line, used 3 times before"),
        (Usage(pinned=True, uses=3), "wrote this line, pinned"),
    ],
)
def test_feedback_follows_the_evidence(usage: Usage, reason: str) -> None:
    assert make_writer(WRITER).reason(0, WEAK, usage) == reason


def test_pinned_here_comes_first() -> None:
    writer = make_writer(WRITER, user_rows=frozenset({0}))
    assert writer.reason(0, WEAK, Usage(pinned=True)) == "pinned here, wrote this line"


def test_a_reason_names_the_place_and_at_most_one_term_of_the_text() -> None:
    terms = dict.fromkeys(WEAK, 2.0)
    reason = make_writer(WRITER).reason(0, terms, Usage(uses=1))
    assert reason == "wrote this line, used before"


def test_a_search_names_the_strongest_term_even_if_weak() -> None:
    writer = ReasonWriter(make_view(WRITER), None, typed=True)
    assert writer.reason(0, WEAK, Usage()) == "similar in meaning"
    assert writer.reason(0, dict.fromkeys(WEAK, 0.0), Usage()) == ""
    found = ReasonWriter(make_view(WRITER), None, matches={0}, typed=True)
    assert found.reason(0, WEAK, Usage()) == "shares words with your query"


def test_text_after_a_warning_is_separated_by_a_semicolon() -> None:
    assert listed("", "recent") == "recent"
    assert listed("recent", "", "pinned") == "recent, pinned"
    assert listed(f"{WARNING}it was reverted: a, b", "now in c") == f"{WARNING}it was reverted: a, b; now in c"


def test_a_search_names_the_longest_shared_words() -> None:
    text = "Halve the strength\nIts half_life is in active days."
    names = ["the", "half", "Strength", "is", "unknown"]
    writer = ReasonWriter(make_view(WRITER), None, matches={0}, names=names, typed=True, texts={0: text}, code={"half"})
    assert writer.reason(0, WEAK, Usage()) == "shares “Strength” and `half`"
