"""What one worktree answers: suggestions, hints, search, show, and what the user's word does to them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from repositories import HOUR, START, Mom, Repo, make_repository

from mom_lsp.errors import JournalError, UsageError
from mom_lsp.route.linear_model import shipped
from mom_lsp.route.lines import MAX_TEXT
from mom_lsp.workspace.ranking.hints import HINT_WINDOW, HINTS_IN_WINDOW
from mom_lsp.workspace.ranking.query import text_query

Start = Callable[[Repo | Path], Mom]
NAMES = ("alpha", "beta", "gamma", "delta")
CODE = "".join(f"def {name}():\n    first = 1\n    second = 2\n    return first + second\n\n\n" for name in NAMES)
WHY = "\n\nBecause the upstream server counts from there, which took us days to find out."
KEYS = {
    "id", "kind", "title", "body", "source", "score", "terms", "tier", "status", "pinned", "domain", "freshness", "why",
}  # fmt: skip
SOURCE_KEYS = {"commit", "author", "time", "path", "line"}


def edited(line: int, text: str, code: str = CODE) -> str:
    lines = code.split("\n")
    lines[line - 1] = text
    return "\n".join(lines)


@pytest.fixture
def mom(project: Repo, moms: Start) -> Mom:
    """Index three commits: one wrote the file, one changed alpha, one beta and another file."""
    project.commit("Add the four functions of the protocol", {"src/a.py": CODE})
    alpha = edited(2, "    first = 10")
    project.commit("Raise the start of alpha" + WHY, {"src/a.py": alpha})
    beta = edited(9, "    second = 20", alpha)
    project.commit("Double the second of beta" + WHY, {"src/a.py": beta, "src/b.py": "second = 20\n"})
    mom = moms(project)
    mom.index()
    return mom


def text(mom: Mom) -> str:
    return (mom.root / "src/a.py").read_text()


def titles(found: list[dict[str, Any]]) -> list[str]:
    return [one["title"] for one in found]


def suggestion(mom: Mom, line: int = 2) -> dict[str, Any]:
    return mom.suggest("src/a.py", line)[0]


ALPHA, BETA, FIRST = "Raise the start of alpha", "Double the second of beta", "Add the four functions of the protocol"


# Suggesting


def test_the_commit_that_wrote_the_line_comes_first(mom: Mom) -> None:
    assert titles(mom.suggest("src/a.py", 2))[0] == ALPHA
    assert titles(mom.suggest("src/a.py", 9))[0] == BETA
    assert titles(mom.suggest("src/a.py", 22))[0] == FIRST
    one = suggestion(mom)
    assert (one["lines"], one["why"], one["source"]["author"]) == ([2], "last changed this line", "Ada Lovelace")
    (several,) = (one for one in mom.suggest("src/a.py", 19, 22) if one["title"] == FIRST)
    assert (several["lines"], several["why"]) == ([19, 20, 21, 22], "last changed 4 of these lines")


def test_unsaved_edits_move_the_lines(mom: Mom) -> None:
    moved = "# one\n# two\n" + text(mom)
    assert mom.suggest("src/a.py", 4, text=moved)[0]["title"] == ALPHA
    assert mom.suggest("src/a.py", 4, text=moved)[0]["lines"] == [4]
    assert mom.suggest("src/a.py", 11, text=moved)[0]["lines"] == [11]
    without = text(mom).replace("    first = 10\n", "")
    assert mom.suggest("src/a.py", 8, text=without)[0]["title"] == BETA


def test_a_file_that_is_too_long_is_refused_with_the_reason(mom: Mom) -> None:
    (mom.root / "src/a.py").write_text("x = 1\n" * (MAX_TEXT // 6 + 1))
    with pytest.raises(UsageError, match=r"src/a.py is longer than 4 MB, so it is not read"):
        mom.suggest("src/a.py", 2)


def test_a_line_that_is_not_committed_was_written_by_nobody(mom: Mom) -> None:
    mom.call("configure", options={"mom": {"suggest": {"threshold": 0.001}}})
    for changed in (
        edited(2, "    first = 11", text(mom)),
        text(mom).replace("    first = 10\n", "    first = 10\n    x = 1\n"),
    ):
        line = next(
            n for n, (a, b) in enumerate(zip(changed.split("\n"), text(mom).split("\n"), strict=False), 1) if a != b
        )
        found = mom.suggest("src/a.py", line, text=changed)
        assert all(one["lines"] == [] for one in found)
        assert ALPHA in titles(found)  # it changed the function
        assert all(not one["why"].startswith("last changed this line") for one in found)


def test_saved_but_uncommitted_edits_count_as_edits(mom: Mom, project: Repo) -> None:
    project.write("src/a.py", "# new\n" + text(mom))
    assert suggestion(mom, 3)["lines"] == [3]


def test_the_number_of_suggestions_is_limited(mom: Mom) -> None:
    assert len(mom.suggest("src/a.py", 1, 12, k=1)) == 1
    assert len(mom.suggest("src/a.py", 1, 12)) <= 3
    whole = mom.call("suggest", path="src/a.py")
    assert (whole["query"]["start"], whole["query"]["end"]) == (1, CODE.count("\n"))


def test_it_abstains_where_it_knows_nothing(mom: Mom, project: Repo) -> None:
    project.write("new/zebra.txt", "nothing that anybody wrote before\n")
    found = mom.call("suggest", path="new/zebra.txt", start=1, end=1)
    assert (found["suggestions"], found["abstained"]) == ([], True)
    assert not mom.call("suggest", path="src/a.py", start=2, end=2)["abstained"]
    mom.call("configure", options={"mom": {"suggest": {"threshold": 0.99}}})
    assert mom.suggest("src/a.py", 2) == []


@pytest.mark.parametrize(("start", "end"), [(0, 3), (3, 2), (-1, 1), (999, 999)])
def test_a_range_that_is_none_is_an_error_of_usage(mom: Mom, start: int, end: int) -> None:
    with pytest.raises(UsageError):
        mom.call("suggest", path="src/a.py", start=start, end=end)


def test_an_unknown_request_is_an_error_of_usage(mom: Mom) -> None:
    with pytest.raises(UsageError, match="no request"):
        mom.call("nonsense")


def check_form(one: dict[str, Any]) -> None:
    assert one.keys() >= KEYS
    assert one["source"].keys() >= SOURCE_KEYS
    assert one["terms"].keys() == {"sem", "lex", "temp", "use", "place"}
    assert sum(one["terms"].values()) == pytest.approx(one["score"], abs=1e-6)
    assert math.isfinite(one["score"])
    assert re.fullmatch(r"[0-9a-f]{16}", one["id"])


def test_the_form_is_that_of_the_contract(mom: Mom) -> None:
    mom.call("useful", id=suggestion(mom)["id"])
    for found in (
        mom.call("suggest", path="src/a.py", start=1, end=12, k=9),
        mom.call("suggest", path="src/a.py", start=2, end=2, k=9, text=edited(2, "first", text(mom))),
        mom.call("search", text="protocol upstream alpha", k=9),
    ):
        assert found.keys() == {"query", "suggestions", "abstained", "took_ms"}
        assert found["suggestions"]
        assert found["abstained"] is False
        assert found["took_ms"] >= 0
        for one in found["suggestions"]:
            check_form(one)
        scores = [one["score"] for one in found["suggestions"]]
        assert scores == sorted(scores, reverse=True)
    one = suggestion(mom)
    assert one["source"]["commit"] == Repo(mom.root).git("log", "-1", "--format=%H", "--grep=alpha")
    assert datetime.fromisoformat(one["source"]["time"]) == datetime.fromtimestamp(
        int(Repo(mom.root).git("log", "-1", "--format=%at", one["source"]["commit"])), UTC
    )
    assert one["source"]["time"].endswith("Z")
    assert (one["source"]["path"], one["tier"], one["status"]) == ("src/a.py", "episodic", "candidate")
    assert (one["freshness"], one["domain"].partition(":")[0], one["pinned"]) == ("fresh", "src/a.py", False)
    assert one["body"].startswith("Because the upstream")


def test_a_comment_is_told_with_who_wrote_it(mom: Mom, project: Repo) -> None:
    note = "# NOTE: the limit must stay below seven because the protocol says so\nlimit = 6\n"
    commit = project.commit("Limit it", {"src/c.py": note})
    mom.index()
    (found,) = (one for one in mom.search("limit seven") if one["source"]["type"] == "file")
    check_form(found)
    assert found["source"]["commit"] == commit
    assert (found["source"]["author"], found["source"]["line"]) == ("Ada Lovelace", 1)
    project.commit("Lift it", {"src/c.py": "limit = 60\n"})
    mom.index()
    assert not [one for one in mom.search("limit seven") if one["source"]["type"] == "file"]


def test_uses_raise_the_score_a_little(mom: Mom) -> None:
    before = suggestion(mom)
    mom.call("useful", id=before["id"])
    after = suggestion(mom)
    assert after["score"] > before["score"]
    assert after["terms"]["use"] > before["terms"]["use"]
    assert (after["uses"], after["why"]) == (1, "last changed this line; you used it before")


def test_without_vectors_the_weights_are_those_that_were_learned_without(mom: Mom) -> None:
    found = suggestion(mom)
    intercept = math.log(found["chance"] / (1 - found["chance"])) - found["score"]
    assert intercept == pytest.approx(shipped("unencoded").intercept, abs=0.05)
    assert intercept != pytest.approx(shipped("editing").intercept, abs=0.05)


# Search and show


def test_what_one_is_about_to_do_is_asked_with_and_without_a_place(mom: Mom) -> None:
    anywhere = mom.call("suggest", intent="double the second of something")
    assert anywhere["query"] == {"intent": "double the second of something"}
    assert titles(anywhere["suggestions"])[0] == BETA
    terms = anywhere["suggestions"][0]["terms"]
    assert terms["temp"] != 0 and terms["place"] == 0  # unlike a search, which time says nothing to
    assert mom.search("double the second of something")[0]["terms"]["temp"] == 0
    here = mom.call("suggest", path="src/a.py", start=2, end=2, intent="raise the start")
    assert here["query"]["intent"] == "raise the start"
    alpha, plain = here["suggestions"][0], suggestion(mom)
    assert alpha["title"] == plain["title"] == ALPHA
    assert alpha["terms"]["place"] == plain["terms"]["place"]
    assert alpha["terms"]["lex"] > plain["terms"]["lex"]


def test_who_says_neither_where_nor_what_for_is_told(mom: Mom) -> None:
    with pytest.raises(UsageError, match="about to do"):
        mom.call("suggest", intent=" ")


def test_search_finds_words_of_message_path_and_body(mom: Mom) -> None:
    assert titles(mom.search("alpha"))[0] == ALPHA
    assert set(titles(mom.search("upstream server"))) == {ALPHA, BETA}
    assert mom.search("xylophone") == []
    assert mom.search("") == []


@pytest.mark.parametrize(
    "words", ["", " ", "\0", "'", '"', "a AND (", "*", "alpha~2 OR", "\ud800", "x" * 100_000, "é\u2028"]
)
def test_search_takes_any_text(mom: Mom, words: str) -> None:
    assert isinstance(mom.search(words), list)


def test_show_tells_everything(mom: Mom) -> None:
    one = suggestion(mom)
    mom.call("pin", id=one["id"])
    shown = mom.call("show", id=one["id"][:6])
    assert shown.keys() >= KEYS
    assert (shown["id"], shown["suggested"], shown["pinned"]) == (one["id"], True, True)
    assert [event["event"] for event in shown["history"]] == ["pin"]
    for unknown in ("", "zzzz", "0"):
        with pytest.raises(UsageError):
            mom.call("show", id=unknown)


def test_show_says_why_a_memory_is_not_suggested(mom: Mom, project: Repo) -> None:
    one = suggestion(mom)["id"]
    mom.call("dismiss", id=one, path="src/a.py", line=2)
    assert "dismissed it at src/a.py" in mom.call("show", id=one)["because"]
    routine = project.commit("Release 1.2.3", {"src/a.py": text(mom) + "# end\n"})
    mom.index()
    catalog = mom.service.library.snapshot().catalog
    assert "not knowledge (release)" in mom.call("show", id=catalog.ids[catalog.row_of_commit[routine]])["because"]
    project.git("reset", "-q", "--hard", "HEAD~2")
    assert "not an ancestor of HEAD" in mom.call("show", id=mom_id(mom, BETA))["because"]
    mom.call("forget", id=one)
    assert "forgot" in mom.call("show", id=one)["because"]


def mom_id(mom: Mom, title: str) -> str:
    """Return the id of a memory wherever it is true."""
    snapshot = mom.service.library.snapshot()
    memories = snapshot.rows.get(snapshot.catalog.ids)
    return next(memory.id for memory in memories.values() if memory.title == title)


# The user's word


def test_a_pinned_memory_is_shown_in_front_and_below_the_threshold(mom: Mom) -> None:
    mom.call("configure", options={"mom": {"suggest": {"threshold": 0.3, "count": 1}}})
    assert titles(mom.suggest("src/a.py", 2)) == [ALPHA]
    mom.call("pin", id=mom_id(mom, BETA))
    assert titles(mom.suggest("src/a.py", 2)) == [BETA]
    mom.call("configure", options={"mom": {"suggest": {"threshold": 0.95}}})
    (one,) = mom.suggest("src/a.py", 2)
    assert (one["title"], one["pinned"]) == (BETA, True)
    assert "you pinned it" in one["why"]
    mom.call("unpin", id=one["id"])
    assert mom.suggest("src/a.py", 2) == []


def test_a_pinned_memory_stays_away_from_where_it_does_not_belong(mom: Mom, project: Repo) -> None:
    project.write("new/zebra.txt", "nothing that anybody wrote before\n")
    mom.call("pin", id=mom_id(mom, BETA))
    assert mom.suggest("new/zebra.txt", 1) == []


def test_a_dismissal_is_local_to_its_function(mom: Mom) -> None:
    first = mom_id(mom, FIRST)
    assert FIRST in titles(mom.suggest("src/a.py", 14))
    mom.call("dismiss", id=first, path="src/a.py", line=14)
    assert FIRST not in titles(mom.suggest("src/a.py", 14))
    assert FIRST not in titles(mom.suggest("src/a.py", 16))
    assert FIRST in titles(mom.suggest("src/a.py", 20))
    assert FIRST in mom.titles("protocol")


def test_a_dismissal_without_a_line_is_for_the_whole_file(mom: Mom) -> None:
    mom.call("dismiss", id=mom_id(mom, FIRST))
    assert FIRST not in titles(mom.suggest("src/a.py", 14)) + titles(mom.suggest("src/a.py", 20))
    mom.call("undo")
    assert FIRST in titles(mom.suggest("src/a.py", 20))


def test_a_forgotten_memory_is_gone_at_once(mom: Mom) -> None:
    one = suggestion(mom)["id"]
    mom.service._indexing_wanted = lambda location: None  # the indexer is slow today
    mom.call("forget", id=one)
    assert ALPHA not in titles(mom.suggest("src/a.py", 2)) + mom.titles("alpha start")
    assert mom.call("hints", path="src/a.py", text=text(mom), start=1, end=3)["hints"] == []
    mom.index()
    assert ALPHA not in titles(mom.suggest("src/a.py", 2)) + mom.titles("alpha start")
    assert mom.call("status")["forgotten"] == 1
    mom.call("restore", id=one[:6])
    mom.index()
    assert titles(mom.suggest("src/a.py", 2))[0] == ALPHA
    assert suggestion(mom)["id"] == one
    with pytest.raises(UsageError, match="no forgotten memory"):
        mom.call("restore", id=one)


def test_undo_takes_back_one_thing_after_the_other(mom: Mom) -> None:
    alpha = suggestion(mom)["id"]
    mom.call("pin", id=alpha)
    mom.call("note", text="callers beware of zebras", path="src/a.py", line=2)
    mom.call("forget", id=alpha)
    assert "forget" in mom.call("undo")["message"]
    mom.service.library.reload()
    assert [one["pinned"] for one in mom.suggest("src/a.py", 2) if one["id"] == alpha] == [True]
    mom.call("undo")
    assert mom.search("zebras") == []
    mom.call("undo")
    assert [one["pinned"] for one in mom.suggest("src/a.py", 2) if one["id"] == alpha] == [False]
    with pytest.raises(UsageError, match="nothing to undo"):
        mom.call("undo")


def test_a_note_is_found_by_its_words_and_at_its_place(mom: Mom, project: Repo) -> None:
    said = "Ask Grace: zebras cross here!\nShe knows."
    identity = mom.call("note", text=said, path="src/a.py", line=2)["id"]
    for words in ("zebras", "Zebras?", "grace", "here"):
        assert [one["id"] for one in mom.search(words)] == [identity]
    (found,) = (one for one in mom.suggest("src/a.py", 3) if one["id"] == identity)
    check_form(found)
    assert (found["kind"], found["title"], found["body"]) == ("note", "Ask Grace: zebras cross here!", said)
    assert (found["source"]["type"], found["source"]["path"], found["source"]["line"]) == ("user", "src/a.py", 2)
    assert found["source"]["time"].endswith("Z")
    assert identity not in [one["id"] for one in mom.suggest("src/b.py", 1)]
    mom.call("forget", id=identity)
    assert mom.search("zebras") == []
    mom.call("restore", id=identity)
    assert titles(mom.search("zebras")) == ["Ask Grace: zebras cross here!"]
    mom.call("note", text="half a \ud800 walrus", path="src/b\udcff.py", line=1)
    assert titles(mom.search("walrus")) == ["half a  walrus"]  # half a character is none
    for bad in ("", " \n", "x" * 20_000):
        with pytest.raises(UsageError):
            mom.call("note", text=bad)


def test_purge_leaves_no_byte_of_forgotten_and_undone_notes(mom: Mom) -> None:
    forgotten = mom.call("note", text="the zebra is forgotten", path="src/a.py", line=2)["id"]
    mom.call("forget", id=forgotten)
    mom.call("note", text="the walrus is undone")
    mom.call("undo")
    mom.call("note", text="the yak stays")
    mom.call("purge")
    files = {file: file.read_bytes() for file in mom.location.data.rglob("*") if file.is_file()}
    for word, there in ((b"zebra", False), (b"walrus", False), (b"the yak stays", True)):
        assert any(word in content for content in files.values()) == there


def test_export_and_import_carry_the_users_word_over_once(mom: Mom, project: Repo, moms: Start, tmp_path: Path) -> None:
    alpha, beta, first = (mom_id(mom, title) for title in (ALPHA, BETA, FIRST))
    mom.call("pin", id=alpha)
    mom.call("note", text="zebras cross here", path="src/a.py", line=2)
    mom.call("dismiss", id=first, path="src/a.py", line=14)
    mom.call("pin", id=beta)
    mom.call("undo")
    exported = mom.call("export")["events"]
    copy = tmp_path / "copy"
    project.git("clone", "-q", str(project.root), str(copy))
    other = moms(copy)
    other.index()
    other.call("useful", id=first)  # so that the numbers of events differ
    assert other.call("import", events=exported)["message"] == "Imported 5 events"
    assert other.call("import", events=exported)["message"] == "Imported 0 events"
    assert mom.call("import", events=exported)["message"] == "Imported 0 events"
    life = other.service.library.snapshot().life
    assert (life.of(alpha).pinned, life.of(beta).pinned) == (True, False)
    assert life.of(first).dismissed == {("src/a.py", "gamma")}
    assert titles(other.search("zebras")) == ["zebras cross here"]
    there = [{**event, "seq": 0, "data": {}} for event in other.call("export")["events"]]
    assert all({**event, "seq": 0, "data": {}} in there for event in exported)


def test_what_the_user_says_while_the_index_is_read_again_counts(mom: Mom, monkeypatch: pytest.MonkeyPatch) -> None:
    library, alpha = mom.service.library, mom_id(mom, ALPHA)
    build = library._meaning

    def interrupted(*given: Any) -> Any:
        monkeypatch.undo()
        library.journal.append("pin", alpha, now=START)
        assert alpha in library.snapshot().life.pinned
        return build(*given)

    monkeypatch.setattr(library, "_meaning", interrupted)
    library._install()
    assert alpha in library.snapshot().life.pinned


def test_what_the_user_said_is_seen_though_reading_it_failed_once(mom: Mom, monkeypatch: pytest.MonkeyPatch) -> None:
    library, alpha = mom.service.library, mom_id(mom, ALPHA)

    def locked(after: int = 0) -> Any:
        raise JournalError("another program keeps it locked")

    library.journal.append("pin", alpha, now=START)
    monkeypatch.setattr(library.journal, "events", locked)
    with pytest.raises(JournalError):
        library.snapshot()
    monkeypatch.undo()
    assert alpha in library.snapshot().life.pinned


@pytest.mark.parametrize("type", ["undo", "transition"])
def test_an_event_that_names_no_other_one_is_imported(mom: Mom, type: str) -> None:
    odd = {"seq": [1], "cause": {}, "commit": "c"}
    mom.call("import", events=[{"time": 1, "type": type, "memory": "abcd", "data": odd}])
    assert mom.call("undo", id="abcd")["ok"] if type == "transition" else titles(mom.search("alpha"))


@pytest.mark.parametrize("odd", [5, {"weights": {"wrote": "x"}, "intercept": 0}, {"weights": {"wrote": 1.0}}])
def test_imported_weights_that_are_none_are_not_used(mom: Mom, odd: Any) -> None:
    before = suggestion(mom)
    mom.call("import", events=[{"time": 1, "type": "tune", "data": {"editing": odd}}])
    assert suggestion(mom) == before


def test_an_imported_note_that_is_odd_harms_nothing(mom: Mom) -> None:
    for n, data in enumerate(({"text": " "}, {"text": 5, "line": "x"}, {"line": 3}), 1):
        mom.call("import", events=[{"time": n, "type": "note", "memory": f"{n:016}", "path": "src/a.py", "data": data}])
    assert titles(mom.search("alpha"))[0] == ALPHA
    assert mom.call("status")["notes"] == 1


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"time": 1, "type": "explode", "memory": "m", "data": {}},
        {"time": "soon", "type": "pin", "memory": "m", "data": {}},
        {"time": float("nan"), "type": "pin", "memory": "m", "data": {}},
        {"time": 1, "type": ["pin"], "memory": "m", "data": {}},
        "pin",
    ],
)
def test_what_is_no_export_is_imported_not_at_all(mom: Mom, event: Any) -> None:
    good = {"time": 1.0, "type": "pin", "memory": "m", "data": {}}
    with pytest.raises(UsageError):
        mom.call("import", events=[good, event])
    assert mom.call("export")["events"] == []


# Hints


def test_a_note_is_hinted_on_its_line_wherever_that_moves(mom: Mom) -> None:
    mom.call("note", text="Ten, because the server says so", path="src/a.py", line=2)
    for content, line in (text(mom), 2), (f"# new\n{text(mom)}", 3), (edited(2, "    first = 11", text(mom)), None):
        found = [h["line"] for h in hints(mom, content) if h["suggestion"]["title"].startswith("Ten, because")]
        assert found == ([line] if line else [])
    note = next(h["suggestion"] for h in hints(mom, text(mom)) if h["line"] == 2)
    assert note["why"] == "is your note on this line"
    mom.call("forget", id=note["id"])
    assert note["id"] not in {h["suggestion"]["id"] for h in hints(mom, text(mom))}


def test_what_is_kept_useful_and_forgotten_is_told(mom: Mom) -> None:
    alpha, beta = suggestion(mom, 2), suggestion(mom, 9)
    mom.call("pin", id=alpha["id"])
    mom.call("useful", id=beta["id"])
    told = mom.call("kept")
    assert (titles(told["pinned"]), titles(told["useful"])) == ([alpha["title"]], [beta["title"]])
    assert told["promoted"] == []
    mom.call("forget", id=alpha["id"])
    mom.index()
    told = mom.call("kept")
    assert told["pinned"] == []
    assert [(one["id"], one["commit"]) for one in told["forgotten"]] == [(alpha["id"], alpha["source"]["commit"])]
    assert alpha["title"] not in str(told)
    mom.call("restore", id=alpha["id"])
    assert mom.call("kept")["forgotten"] == []


def test_an_answer_says_whether_its_lines_are_committed(mom: Mom) -> None:
    content = edited(2, "    first = 11", text(mom))
    for start, committed in (1, True), (2, False):
        query = mom.call("suggest", path="src/a.py", start=start, end=start, text=content, k=3)["query"]
        assert query["committed"] is committed


def hints(mom: Mom, content: str, start: int = 1, end: int = 10_000) -> list[dict[str, Any]]:
    return list(mom.call("hints", path="src/a.py", text=content, start=start, end=end)["hints"])


def test_a_hint_stands_on_a_line_that_its_commit_wrote(mom: Mom) -> None:
    mom.call("configure", options={"mom": {"hints": {"minimumSurprise": 1}}})
    found = {hint["line"]: hint["suggestion"]["title"] for hint in hints(mom, text(mom))}
    assert found[2] == ALPHA
    assert found[9] == BETA
    moved = {hint["line"]: hint["suggestion"]["title"] for hint in hints(mom, "# new\n" + text(mom))}
    assert moved[3] == ALPHA
    assert 2 not in {hint["line"] for hint in hints(mom, edited(2, "    first = 11", text(mom)))}
    assert {hint["line"] for hint in hints(mom, text(mom), 3, 9)} <= set(range(3, 10))
    for hint in hints(mom, text(mom)):
        check_form(hint["suggestion"])


def test_a_dismissed_hint_is_gone_from_its_function(mom: Mom) -> None:
    mom.call("configure", options={"mom": {"hints": {"minimumSurprise": 1}}})
    mom.call("dismiss", id=mom_id(mom, ALPHA), path="src/a.py", line=2)
    assert ALPHA not in [hint["suggestion"]["title"] for hint in hints(mom, text(mom))]
    assert BETA in [hint["suggestion"]["title"] for hint in hints(mom, text(mom))]


def test_hints_are_few(home: Path, moms: Start, tmp_path: Path) -> None:
    project = make_repository(tmp_path / "many")
    lines = [f"value_{n} = {n}" for n in range(120)]
    project.commit("Start the values", {"src/a.py": "\n".join(lines) + "\n"})
    for n in range(0, 120, 4):
        lines[n] = f"value_{n} = {n * 10}"
        project.commit(f"Raise value {n}" + WHY, {"src/a.py": "\n".join(lines) + "\n"})
    mom = moms(project)
    mom.index()
    mom.call("configure", options={"mom": {"hints": {"minimumSurprise": 1}}})
    content = "\n".join(lines) + "\nnot committed\n"
    found = [hint["line"] for hint in hints(mom, content)]
    assert len(found) >= 120 // HINT_WINDOW
    assert len(found) == len(set(found))
    for first in range(-HINT_WINDOW, 121):
        assert sum(first <= line < first + HINT_WINDOW for line in found) <= HINTS_IN_WINDOW
    assert 121 not in found
    ids = [hint["suggestion"]["id"] for hint in hints(mom, content)]
    assert len(ids) == len(set(ids))


# Status


def test_status_counts_what_is_there(mom: Mom, project: Repo) -> None:
    mom.call("pin", id=suggestion(mom)["id"])
    mom.call("note", text="zebras")
    status = mom.call("status")
    assert (status["head"], status["git"], status["indexed"], status["complete"]) == (project.head, True, True, True)
    assert (status["commits"], status["pinned"], status["notes"], status["forgotten"]) == (3, 1, 1, 0)
    assert status["memories"] == 4
    assert status["disk_bytes"] > 0
    assert status["problems"] == []
    project.commit("More", {"src/c.py": "c = 1\n"})
    assert not mom.call("status")["complete"]
    assert {check["name"]: check["ok"] for check in mom.call("doctor")["checks"]}["index"] is True


def test_times_are_those_of_the_author(mom: Mom) -> None:
    when = datetime.fromisoformat(suggestion(mom)["source"]["time"]).timestamp()
    assert START < when < START + 100 * HOUR


def test_an_encoder_that_comes_between_snapshot_and_question_is_waited_for(mom: Mom) -> None:
    workspace = mom.service.workspace(str(mom.root))
    state = workspace.states.take(workspace.worktree.head)
    assert not len(state.snapshot.vectors)
    ranker = workspace._ranker(state, workspace._learned("why"))
    meaning = np.ones(384, np.float32) / np.sqrt(384)
    assert ranker.rank(text_query("callers"), 5, threshold=0.0, meaning=meaning) == ranker.rank(
        text_query("callers"), 5, threshold=0.0
    )
