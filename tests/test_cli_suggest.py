from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_shell import TERMINAL, Shell


def test_suggest_without_results_prints_one_line(mom: Shell) -> None:
    (mom.root / "b.py").write_text("x\n")
    result = mom("suggest", "b.py:1")
    assert (result.exit_code, result.stdout) == (0, "")
    assert len(result.stderr.splitlines()) == 1
    assert "mom search" in result.stderr


def test_suggest_json_is_one_document_with_the_full_query(mom: Shell) -> None:
    result = mom("suggest", "src/a.py:2-3", "-k", "1", "--json", env=TERMINAL)
    document = json.loads(result.stdout)
    assert document["suggestions"] == mom.book.memories[:1]
    lines = {"path": "src/a.py", "start": 2, "end": 3, "text": None}
    assert document["query"] == lines | {"k": 1, "rev": None, "counted": False, "patient": True}  # not shown to a user
    assert result.stderr == ""


def test_suggest_accepts_an_intent_with_or_without_a_path(mom: Shell) -> None:
    alone = json.loads(mom("suggest", "--intent", "fix the retry", "-k", "1", "--json").stdout)
    assert alone["query"] == {"k": 1, "counted": False, "patient": True, "intent": "fix the retry"}
    at_line = json.loads(mom("suggest", "src/a.py:2", "--intent", "fix the retry", "--json").stdout)["query"]
    assert (at_line["path"], at_line["start"], at_line["intent"]) == ("src/a.py", 2, "fix the retry")
    assert "Count from one" in mom("suggest", "--intent", "fix the retry", "-k", "2").stdout
    for wrong in (["suggest"], ["suggest", "--intent", " "], ["suggest", "--intent", "x", "--rev", "HEAD"]):
        assert mom(*wrong).exit_code == 2


def test_score_terms_are_printed_only_with_explain(mom: Shell) -> None:
    for verb in (["suggest", "src/a.py:2", "-k", "1"], ["search", "cache"]):
        lines = mom(*verb).stdout.splitlines()
        assert lines[-1] == "  91% relevant: it last wrote line 2  deadbeef"
        explained = mom(*verb, "--explain").stdout.splitlines()
        assert explained[:-1] == lines
        assert explained[-1].endswith("location +0.60  lexical +0.20  recency -0.05")


def test_search_joins_its_arguments_and_reports_no_matches(mom: Shell) -> None:
    assert "Count from one" in mom("search", "count", "from").stdout
    nothing = mom("search", "teapot")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "teapot" in nothing.stderr


@pytest.mark.parametrize(
    ("mark", "words"),
    [("weak", "No result stands out: try other words."), ("words_only", "Searched by words only")],
)
def test_search_says_on_standard_error_how_far_its_answers_can_be_trusted(mom: Shell, mark: str, words: str) -> None:
    plain = mom("search", "count")
    mom.book.marks = {mark: True}
    marked = mom("search", "count")
    assert (plain.stderr, marked.stdout) == ("", plain.stdout)
    assert marked.stderr.startswith(words) and marked.stderr.count("\n") == 1
    assert mark in mom("search", "count", "--json").stdout and not mom("search", "count", "--json").stderr
    assert ("only" in mom("search", "teapot").stderr) is (mark == "words_only")  # of no answers none stands out


def test_show_prints_all_fields(mom: Shell) -> None:
    result = mom("show", "dead")
    for words in (
        "And nobody tried again.",
        "deadbeef00000001",
        "it was dismissed here",
        "91% relevant: it last wrote line 2",
        "location +0.60  lexical +0.20  recency -0.05",
        "not used yet; its code is still there",
        "faded to 50%, halves in 7 days of work without use",
        "4 of 5 (how unusual the change is here)",
        "Count from one",
        "2 years ago",
    ):
        assert words in result.stdout
    assert json.loads(mom("show", "dead", "--json").stdout)["because"] == "it was dismissed here"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[hints\n", "; the whole file is ignored"),
        ("suggest.count = 'x'", "mom.suggest.count: expected an integer from 1 to 50, got 'x'; using 3"),
        ("suggest.cuont = 5", "mom.suggest.cuont is not a setting and is ignored; did you mean mom.suggest.count?"),
    ],
)
def test_a_question_says_in_one_line_what_is_wrong_with_the_settings(
    mom: Shell, home: Path, content: str, words: str
) -> None:
    answer = {"answer": "So.", "citations": [], "generated": False, "replaces": None, "took_ms": 1.5}
    mom.book.answer_why = lambda *_: answer  # type: ignore[attr-defined]
    mom.book.answer_model = lambda *_: {"rephrases": False}  # type: ignore[attr-defined]
    for file in (mom.root / ".mom.toml", home / "mom-lsp/settings.toml"):
        before = file.read_text() if file.exists() else ""
        file.write_text(content)
        for asked in (
            ["suggest", "src/a.py:2", "-k", "1"],
            ["search", "cache"],
            ["why", "src/a.py:2"],
            ["show", "dead"],
        ):
            plain, as_json = mom(*asked), mom(*asked, "--json")
            assert plain.stdout and json.loads(as_json.stdout)
            assert plain.stderr == as_json.stderr and plain.stderr.count("\n") == 1
            assert plain.stderr.startswith(f"mom: {file}: ") and plain.stderr.endswith(f"{words}\n")
        file.write_text(before)
    assert mom("search", "cache").stderr == ""


def test_further_problems_of_the_settings_are_counted(mom: Shell, home: Path) -> None:
    (mom.root / ".mom.toml").write_text("enable = 1\nsuggest.cuont = 5")
    said = mom("search", "cache").stderr
    assert said.count("\n") == 1 and said.endswith("; using true (and 1 more: `mom doctor`)\n")
