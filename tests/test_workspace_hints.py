"""On which lines a file has hints, and how many."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import Mom, Repo, Start, copy_of, indexed, make_repository
from three_commits import ALPHA, BETA, WHY, check_form, edited, hints, mom_id, text, write_three_commits

from mom_lsp.workspace.ranking.hints import HINT_WINDOW, HINTS_IN_WINDOW


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return indexed(tmp_path_factory.mktemp("template"), write_three_commits)


@pytest.fixture
def project(home: Path, template: Repo, tmp_path: Path) -> Repo:
    return copy_of(template, tmp_path / "repo")


@pytest.fixture
def mom(project: Repo, moms: Start) -> Mom:
    return moms(project)


def test_a_note_is_hinted_on_its_line_wherever_that_moves(mom: Mom) -> None:
    mom.call("note", text="Ten, because the server says so", path="src/a.py", line=2)
    for content, line in (text(mom), 2), (f"# new\n{text(mom)}", 3), (edited(2, "    first = 11", text(mom)), None):
        found = [h["line"] for h in hints(mom, content) if h["suggestion"]["title"].startswith("Ten, because")]
        assert found == ([line] if line else [])
    note = next(h["suggestion"] for h in hints(mom, text(mom)) if h["line"] == 2)
    assert note["why"].startswith("your note on this line")
    mom.call("forget", id=note["id"])
    assert note["id"] not in {h["suggestion"]["id"] for h in hints(mom, text(mom))}


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
