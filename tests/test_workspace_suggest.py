"""What one worktree suggests for its lines."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from repositories import HOUR, START, Mom, Repo, Start, indexed_fixtures
from three_commits import ALPHA, BETA, CODE, FIRST, check_form, edited, suggestion, text, titles, write_three_commits

from mom_lsp.errors import UsageError
from mom_lsp.route.linear_model import shipped
from mom_lsp.route.lines import MAX_TEXT

template, project, mom = indexed_fixtures(write_three_commits)


def test_the_commit_that_wrote_the_line_comes_first(mom: Mom) -> None:
    assert titles(mom.suggest("src/a.py", 2))[0] == ALPHA
    assert titles(mom.suggest("src/a.py", 9))[0] == BETA
    assert titles(mom.suggest("src/a.py", 22))[0] == FIRST
    one = suggestion(mom)
    assert (one["lines"], one["why"], one["source"]["author"]) == ([2], "wrote this line", "Ada Lovelace")
    (several,) = (one for one in mom.suggest("src/a.py", 19, 22) if one["title"] == FIRST)
    assert (several["lines"], several["why"]) == ([19, 20, 21, 22], "wrote 4 of these lines, shares `gamma`")


def test_unsaved_edits_shift_the_lines(mom: Mom) -> None:
    moved = "# one\n# two\n" + text(mom)
    assert mom.suggest("src/a.py", 4, text=moved)[0]["title"] == ALPHA
    assert mom.suggest("src/a.py", 4, text=moved)[0]["lines"] == [4]
    assert mom.suggest("src/a.py", 11, text=moved)[0]["lines"] == [11]
    without = text(mom).replace("    first = 10\n", "")
    assert mom.suggest("src/a.py", 8, text=without)[0]["title"] == BETA


def test_a_file_whose_lines_were_all_deleted_in_the_editor_can_be_asked_about(mom: Mom) -> None:
    assert all(one["why"].startswith("changed this file") for one in mom.suggest("src/a.py", 0, text=""))


def test_a_too_large_file_is_refused_with_the_reason(mom: Mom) -> None:
    (mom.root / "src/a.py").write_text("x = 1\n" * (MAX_TEXT // 6 + 1))
    with pytest.raises(UsageError, match=r"src/a.py is larger than 4 MB, so it is not read"):
        mom.suggest("src/a.py", 2)


def test_a_new_line_has_no_author(mom: Mom) -> None:
    found = mom.suggest("src/a.py", 3, text=text(mom).replace("    first = 10\n", "    first = 10\n    x = 1\n"))
    assert all(one["lines"] == [] for one in found)
    assert ALPHA in titles(found)  # it changed the function
    assert all(not one["why"].startswith("wrote") for one in found)


def test_an_edited_line_has_the_memories_of_the_line_that_it_replaces(mom: Mom) -> None:
    changed = edited(2, "    first = 11", text(mom))
    answer = mom.call("suggest", path="src/a.py", start=2, end=2, text=changed)
    assert titles(answer["suggestions"]) == titles(mom.suggest("src/a.py", 2))
    assert answer["suggestions"][0]["why"] == "wrote the line that this one replaces"
    assert answer["query"]["preface"] == "This line is not committed. The line it replaces:"
    assert answer["query"]["replaces"]["text"] == "    first = 10"
    assert not answer["query"]["committed"]


def test_notes_stay_with_an_edited_line_and_with_the_line_that_it_replaces(mom: Mom) -> None:
    mom.call("note", text="Of the line as it was", path="src/a.py", line=2)
    changed = edited(2, "    first = 11", text(mom))
    mom.call("note", text="Of the line as it is typed", path="src/a.py", line=2, code=changed)
    found = titles(mom.suggest("src/a.py", 2, text=changed))
    assert {"Of the line as it was", "Of the line as it is typed"} <= set(found)


def test_saved_but_uncommitted_edits_count_as_edits(mom: Mom, project: Repo) -> None:
    project.write("src/a.py", "# new\n" + text(mom))
    assert suggestion(mom, 3)["lines"] == [3]


def test_the_number_of_suggestions_is_limited(mom: Mom) -> None:
    assert len(mom.suggest("src/a.py", 1, 12, k=1)) == 1
    assert len(mom.suggest("src/a.py", 1, 12)) <= 3
    whole = mom.call("suggest", path="src/a.py")
    assert (whole["query"]["start"], whole["query"]["end"]) == (1, CODE.count("\n"))


def test_suggest_abstains_without_relevant_memories(mom: Mom, project: Repo) -> None:
    project.write("new/zebra.txt", "nothing that anybody wrote before\n")
    mom.call("configure", options={"mom": {"suggest": {"threshold": 0.1}}})
    found = mom.call("suggest", path="new/zebra.txt", start=1, end=1)
    assert (found["suggestions"], found["abstained"]) == ([], True)
    assert not mom.call("suggest", path="src/a.py", start=2, end=2)["abstained"]
    mom.call("configure", options={"mom": {"suggest": {"threshold": 0.99}, "hints": {"threshold": 0.99}}})
    assert mom.suggest("src/a.py", 2) == []


@pytest.mark.parametrize(("start", "end"), [(0, 3), (3, 2), (-1, 1), (999, 999)])
def test_an_invalid_range_is_a_usage_error(mom: Mom, start: int, end: int) -> None:
    with pytest.raises(UsageError):
        mom.call("suggest", path="src/a.py", start=start, end=end)


def test_an_unknown_request_is_a_usage_error(mom: Mom) -> None:
    with pytest.raises(UsageError, match="unknown request"):
        mom.call("nonsense")


def test_suggestions_match_the_contract(mom: Mom) -> None:
    mom.call("useful", id=suggestion(mom)["id"])
    for found in (
        mom.call("suggest", path="src/a.py", start=1, end=12, k=9),
        mom.call("suggest", path="src/a.py", start=2, end=2, k=9, text=edited(2, "first", text(mom))),
        mom.call("search", text="protocol upstream alpha", k=9),
    ):
        assert found.keys() - {"weak"} == {"query", "suggestions", "abstained", "took_ms"}
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


def test_a_comment_memory_names_its_author_and_commit(mom: Mom, project: Repo) -> None:
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
    assert (after["uses"], after["why"]) == (1, "wrote this line, used before")


def test_without_vectors_the_weights_trained_without_them_are_used(mom: Mom) -> None:
    found = suggestion(mom)
    intercept = math.log(found["chance"] / (1 - found["chance"])) - found["score"]
    assert intercept == pytest.approx(shipped("unencoded").intercept, abs=0.05)
    assert intercept != pytest.approx(shipped("editing").intercept, abs=0.05)


def test_an_answer_says_whether_its_lines_are_committed(mom: Mom) -> None:
    content = edited(2, "    first = 11", text(mom))
    for start, committed in (1, True), (2, False):
        query = mom.call("suggest", path="src/a.py", start=start, end=start, text=content, k=3)["query"]
        assert query["committed"] is committed


def test_times_are_author_times(mom: Mom) -> None:
    when = datetime.fromisoformat(suggestion(mom)["source"]["time"]).timestamp()
    assert START < when < START + 100 * HOUR


def test_the_quote_is_about_the_lines_asked_about(project: Repo, moms: Start) -> None:
    of_alpha = "The start of alpha is 11, since the server_offset begins there."
    of_beta = "The upstream_step of beta would be counted twice otherwise."
    code = edited(9, "    upstream_step = 21", edited(2, "    server_offset = 11", CODE))
    project.commit(f"Mend both\n\nBoth were wrong.\n\n{of_alpha}\n\n{of_beta}\n\nCloses #12", {"src/a.py": code})
    mom = moms(project)
    mom.index()
    for line, said in ((2, of_alpha), (9, of_beta)):
        (one,) = (one for one in mom.suggest("src/a.py", line) if one["title"] == "Mend both")
        assert one["quote"] == said
        assert said.rstrip(".") in mom.call("why", path="src/a.py", line=line, generate=False)["answer"]
    hints = mom.call("hints", path="src/a.py", text=code, start=1, end=30)["hints"]
    assert [(h["line"], h["suggestion"]["quote"]) for h in hints if h["suggestion"]["title"] == "Mend both"] == [
        (2, of_alpha)
    ]
    (found,) = (one for one in mom.search("server_offset upstream_step") if one["title"] == "Mend both")
    assert found["quote"] == of_alpha  # as near to the question as the other, and before it
