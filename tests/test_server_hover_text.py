"""A hover says in five lines what is to be known of a line, the reason first, and nothing twice."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st
from suggestions import SHA, make_suggestion

from mom_lsp.phrases import is_about_the_line
from mom_lsp.server.hover_text import WIDTH, HoveredLine, hover_text

PATH = "src/a b.py"
AT = HoveredLine("file:///src/a%20b.py", PATH, 3)
IN_VSCODE = HoveredLine("file:///src/a%20b.py", PATH, 3, commands=True)
SOURCE = make_suggestion()["source"]
ISSUE = {"name": "#241", "fixed": True, "url": "https://github.com/o/n/issues/241"}
TEXT = st.text("ab `*_[]()<>.", min_size=1, max_size=300)


def shown(at: HoveredLine = AT, *others: dict[str, Any], **changes: Any) -> list[str]:
    return hover_text([make_suggestion(**changes), *others], at).value.splitlines()


def source(**changes: Any) -> dict[str, Any]:
    return SOURCE | {"path": PATH, "line": 2} | changes


def test_a_memory_is_its_title_its_reason_and_who_made_it_when() -> None:
    assert shown(title="Cache it", quote="It was slow.", source=source()) == [
        "**Cache it**  ",
        "It was slow.  ",
        "Ada, 3 years ago · `012345678`",
    ]


def test_a_title_that_is_a_sentence_runs_on_where_the_reason_leaves_room() -> None:
    title = "Start with empty rather than NULL window name to avoid NULL printf if window_name is evaluated early"
    whole = [
        "**Start with empty rather than NULL window name to avoid NULL printf if",
        "window_name is evaluated early**  ",
    ]
    assert shown(title=title, quote="", source=source())[:-1] == whole
    assert shown(title=title, quote="It crashed.", source=source())[:2] == whole
    first, *reason, _ = shown(title=title, quote="It crashed when started. " * 12, source=source())
    assert first == "**Start with empty rather than NULL window name to avoid NULL printf if…**  "
    assert len(reason) == 3


def test_a_reason_takes_the_line_that_others_leave() -> None:
    long = "It crashed when started. " * 12
    assert len(shown(quote=long, source=source())) == len(shown(AT, make_suggestion(), quote=long)) == 5


def test_the_sentences_after_a_quote_are_shown_whole_where_there_is_room() -> None:
    after = ["Then the second call clears what the first one set up, and nobody is told.", "The third one waits. " * 20]
    _, *reason, _ = shown(quote="It clears the descriptor at any error.", quote_after=after, source=source())
    assert " ".join(line.strip() for line in reason) == f"It clears the descriptor at any error. {after[0]}"
    title = "Start with empty rather than NULL window name to avoid NULL printf if window_name is evaluated early " * 2
    assert shown(title=title, quote="It crashed.", quote_after=after, source=source())[3] == "It crashed.  "


def test_what_is_proven_has_its_evidence() -> None:
    where = {"task": "editing", "path": PATH, "symbol": "retry", "accepted": 4, "of": 5}
    assert "· *proven: accepted 4 of 5 times in `retry`*" in "\n".join(shown(proven=where, source=source()))


@given(TEXT, TEXT, st.lists(TEXT, max_size=3), st.integers(0, 5), st.booleans())
def test_it_never_has_more_than_five_lines(
    title: str, quote: str, after: list[str], others: int, commands: bool
) -> None:
    more = [make_suggestion(title=title) for _ in range(others)]
    at = IN_VSCODE if commands else AT
    quoted = {"quote": quote, "quote_after": after}
    found = shown(at, *more, title=f"x{title}", **quoted, issues=[ISSUE], pinned=True, source=source())
    assert len(found) <= 5
    longest = max([WIDTH, *(len(word) + 4 for word in re.findall(r"`[^`]*`|\S+", " ".join([quote, *after])))])
    assert all(len(line.rstrip()) <= longest for line in found[1:-2])


def test_it_has_no_numbers_but_dates() -> None:
    text = "\n".join(shown(usefulness=0.91, source=source()))
    assert not [word for word in ("%", "useful", "strength", "score", "episodic", "wrote") if word in text]


def test_the_issue_that_a_change_fixed_is_a_link() -> None:
    who = shown(issues=[ISSUE, ISSUE | {"name": "#3", "fixed": False}], source=source())[-1]
    assert who.endswith("· fixes [#241](https://github.com/o/n/issues/241)")
    assert shown(issues=[ISSUE | {"url": None}], source=source())[-1].endswith("· fixes #241")
    assert shown(issues=[ISSUE], title="Fix it (#241)")[0].startswith(f"**Fix it ([#241]({ISSUE['url']}))**")


def test_a_commit_is_a_link_to_its_code_host_alone() -> None:
    safe = f"https://github.com/a/b/commit/{SHA}"
    assert f"[`012345678`]({safe})" in shown(source=source(url=safe))[-1]
    assert "](" not in shown(source=source(url="command:evil"))[-1]


def test_a_place_is_named_only_if_it_is_another_one() -> None:
    def who(**changes: Any) -> str:
        return shown(source=source(**changes))[-1]

    assert PATH not in who()
    assert who(path="src/other.py").endswith("· src/other.py")
    assert who(type="file", line=3).endswith("`012345678`")
    assert who(type="file", line=9).endswith("· line 9")
    assert who(type="file", path="docs/why.md", line=9).endswith("· docs/why.md:9")


def test_unusual_states_are_named() -> None:
    assert shown(pinned=True, status="replaced", source=source())[-1].endswith("· ★ pinned · *reverted*")


def test_what_became_of_a_change_comes_before_why_it_was_made() -> None:
    by = {"id": "cafe0001", "title": "Undo it"}
    failure = {"kind": "failed_approach", "tried": "Cache it", "because": "it leaked", "again": False, "by": by}
    _, reason, *_ = shown(failure=failure | {"replaced_by": None}, source=source())
    assert reason.startswith("was reverted by Undo it (cafe0001): it leaked")


def test_a_warning_says_what_it_warns_of() -> None:
    by = {"id": "cafe0001", "title": "Undo the other"}
    failure = {"kind": "failed_approach", "tried": "Title", "because": "", "again": True, "by": by, "replaced_by": None}
    assert shown(failure=failure, chance=None, why="warning: no", source=source())[1].startswith("Warning: no")


def test_links_to_commands_have_the_memory_and_its_line() -> None:
    links = dict(re.findall(r"\]\(command:([\w.]+)\?([^)]+)\)", shown(IN_VSCODE, source=source())[-1]))
    assert set(links) == {"mom.details", "mom.open", "mom.pin", "mom.useful", "mom.dismiss", "mom.forget"}
    for name in ("mom.dismiss", "mom.details", "mom.open"):
        assert json.loads(unquote(links[name])) == ["deadbeef00000001", AT.uri, 3]


def test_a_note_has_no_source_to_show() -> None:
    assert "mom.open" not in shown(IN_VSCODE, source=source(type="user"))[-1]


def test_other_memories_are_named_or_lead_to_the_view() -> None:
    others = [make_suggestion(title=f"Other {number}", body="Secret") for number in (1, 2)]
    assert shown(AT, *others)[-1] == "2 more: Other 1; Other 2"
    assert shown(IN_VSCODE, *others)[-1].endswith("· [2 more](command:mom.memories.focus)")


def test_a_review_is_named_as_what_it_is() -> None:
    url = "https://github.com/o/n/pull/12#discussion_r5"
    review = source(type="discussion", author="@rita", url=url, discussion={"name": "review of #12"})
    assert shown(source=review)[-1] == f"@rita, 3 years ago · [review of #12]({url})"


def test_only_what_has_to_do_with_the_line_is_about_it() -> None:
    for why in ("changed this file", "in this file", "changed nearby lines", "recent"):
        assert not is_about_the_line(make_suggestion(why=why))
        assert is_about_the_line(make_suggestion(why=why, pinned=True))
    for why in ("wrote this line", "changed `fetch`", "changed this file, shares `retry`"):
        assert is_about_the_line(make_suggestion(why=why))
