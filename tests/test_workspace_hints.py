"""On which lines a file has hints, and how many."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import Mom, Repo, Start, indexed_fixtures, make_repository
from three_commits import ALPHA, BETA, WHY, check_form, edited, hints, mom_id, text, write_three_commits

from mom_lsp.workspace.ranking.hints import FEW_FILES, HINT_WINDOW, HINTS_IN_WINDOW

template, project, mom = indexed_fixtures(write_three_commits)


def test_a_note_is_hinted_on_its_line_wherever_that_moves(mom: Mom) -> None:
    mom.call("note", text="Ten, because the server says so", path="src/a.py", line=2)
    for content, line in (text(mom), 2), (f"# new\n{text(mom)}", 3), (edited(2, "    first = 11", text(mom)), None):
        found = [h["line"] for h in hints(mom, content) if h["suggestion"]["title"].startswith("Ten, because")]
        assert found == ([line] if line else [])
    note = next(h["suggestion"] for h in hints(mom, text(mom)) if h["line"] == 2)
    assert note["why"].startswith("your note on this line")
    mom.call("forget", id=note["id"])
    assert note["id"] not in {h["suggestion"]["id"] for h in hints(mom, text(mom))}


def test_a_note_on_a_line_that_is_too_short_to_be_found_by_its_text_is_hinted_there(mom: Mom, project: Repo) -> None:
    short = "starts = [\n    1,\n]\n"
    project.commit("Add the starts", {"src/c.py": short})
    mom.index()
    mom.call("note", text="The server adds the others", path="src/c.py", line=3, code=short)

    def noted(content: str) -> list[int]:
        found = mom.call("hints", path="src/c.py", text=content, start=1, end=9)["hints"]
        return [h["line"] for h in found if h["suggestion"]["title"].startswith("The server adds")]

    assert (noted(short), noted(f"# new\n{short}"), noted(short.replace("]", "] + others"))) == ([3], [4], [])


def test_a_note_on_a_file_is_hinted_at_its_first_line(mom: Mom) -> None:
    note = mom.call("note", text="Keep this file small, since the loader reads it whole", path="src/a.py")["id"]

    def noted(content: str) -> list[int]:
        return [hint["line"] for hint in hints(mom, content) if hint["suggestion"]["id"] == note]

    assert noted(text(mom)) == noted(f"import os\n{text(mom)}") == [1]
    assert mom.suggest("src/a.py", 1)[0]["id"] == note
    assert noted("") == []


def test_ones_own_notes_are_all_hinted_however_close_they_are(mom: Mom) -> None:
    lines = [2, 3, 8, 9, 14]
    for line in lines:
        mom.call("note", text=f"A word about line number {line}", path="src/a.py", line=line)
    found = {h["line"]: h["suggestion"]["source"]["type"] for h in hints(mom, text(mom))}
    assert [line for line, source in found.items() if source == "user"] == lines


def test_a_hint_is_on_a_line_that_its_commit_wrote(mom: Mom) -> None:
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


def test_the_number_of_hints_is_limited(home: Path, moms: Start, tmp_path: Path) -> None:
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


@pytest.mark.parametrize(("files", "hinted"), [(FEW_FILES, True), (FEW_FILES + 1, False)])
def test_a_sweeping_change_is_not_hinted(home: Path, moms: Start, tmp_path: Path, files: int, hinted: bool) -> None:
    project = make_repository(tmp_path / "sweep")
    names = [f"src/part_{number}.py" for number in range(files)]
    project.commit("Start the parts", dict.fromkeys(names, "def wait():\n    return 1\n"))
    project.commit("Wait ten seconds" + WHY, dict.fromkeys(names, "def wait():\n    return 10\n"))
    mom = moms(project)
    mom.index()
    content = "def wait():\n    return 10\n"
    found = mom.call("hints", path=names[0], text=content, start=1, end=2)["hints"]
    assert (2 in [hint["line"] for hint in found]) == hinted


def test_a_hint_stays_at_its_line_when_another_line_of_its_commit_is_changed(mom: Mom, project: Repo) -> None:
    mom.call("configure", options={"mom": {"hints": {"minimumSurprise": 1}}})
    lines = ["def wait(port):", *(f"    {step}(port)" for step in ("listen", "accept", "answer", "close"))]
    project.commit("Start to wait", {"src/w.py": lines[0] + "\n    pass\n"})
    title = "Answer only one client at a time"
    project.commit(title + WHY, {"src/w.py": "\n".join(lines) + "\n"})
    mom.index()

    def hinted(content: str) -> list[int]:
        found = mom.call("hints", path="src/w.py", text=content, start=1, end=9)["hints"]
        return [hint["line"] for hint in found if hint["suggestion"]["title"] == title]

    assert hinted("\n".join(lines) + "\n") == [2]
    lines[2] = "    accept(port, 1)"
    lines.insert(0, "import socket")
    project.commit("Accept one", {"src/w.py": "\n".join(lines) + "\n"})
    mom.index()
    assert hinted("\n".join(lines) + "\n") == [3]


def test_what_wrote_a_file_is_not_hinted_at_its_licence(mom: Mom, project: Repo) -> None:
    mom.call("configure", options={"mom": {"hints": {"minimumSurprise": 1}}})
    licence = "".join(f"# {line}\n" for line in ("Copyright (c) 2009 Ada", "", *["Permission is hereby granted"] * 9))
    title = "Answer only one client at a time"

    def hinted(message: str, code: str) -> list[int]:
        project.commit(message, {"src/w.py": licence + code})
        mom.index()
        found = mom.call("hints", path="src/w.py", text=licence + code, start=1, end=99)["hints"]
        return [hint["line"] for hint in found if hint["suggestion"]["title"] == title]

    assert hinted(title + WHY, "def wait(port):\n    listen(port)\n") == [12]
    assert hinted("Wait by name", "def wait(name):\n    bind(name)\n") == []


def test_a_memory_is_not_hinted_at_a_line_to_which_its_commit_only_added_a_modifier(mom: Mom, project: Repo) -> None:
    mom.call("configure", options={"mom": {"hints": {"minimumSurprise": 1}}})
    title = "Answer only one client at a time"

    def hinted(message: str, lines: list[str]) -> list[int]:
        project.commit(message, {"src/w.c": (content := "\n".join(lines) + "\n")})
        mom.index()
        found = mom.call("hints", path="src/w.c", text=content, start=1, end=9)["hints"]
        return [hint["line"] for hint in found if hint["suggestion"]["title"] == title]

    lines = ["int next_index;", "int next_point;", "", "int queue(int socket)", "{", "    listen(socket, 8);", "}"]
    assert hinted("Start to queue", lines) == []
    lines[0:2] = [f"static {line}" for line in lines[0:2]]
    lines[5] = "    listen(socket, 1);"
    assert hinted(title + WHY, lines) == [6]
    lines[5] = "    listen(socket, backlog);"
    assert hinted("Set the backlog", lines) == []
