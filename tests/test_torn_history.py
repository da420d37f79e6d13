"""A commit that is missing or damaged costs what came before it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from processes import mom as run
from repositories import Mom, Repo, Start

NUMBERS = range(1, 6)


def history(project: Repo) -> list[str]:
    """Commit a file that grows by a line each time; return the commits."""
    return [
        project.commit(
            f"Write rule {number} of the table\n\nBecause callers lost part {number} of it.",
            {"a.py": "".join(f"rule_{n} = {n}\n" for n in range(1, number + 1))},
        )
        for number in NUMBERS
    ]


def loose(project: Repo, name: str) -> Path:
    file = project.root / ".git" / "objects" / name[:2] / name[2:]
    file.chmod(0o644)
    return file


DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda file: file.write_bytes(b""),
    "garbled": lambda file: file.write_bytes(b"\x78\x01" + bytes(range(40))),
    "cut": lambda file: file.write_bytes(file.read_bytes()[:20]),
}


def writers(mom: Mom) -> dict[int, list[str]]:
    found = {line: mom.suggest("a.py", line) for line in NUMBERS}
    return {
        line: [one["title"][11] for one in memories if "wrote this line" in str(one)]
        for line, memories in found.items()
    }


@pytest.mark.parametrize("graph", [False, True], ids=["", "with a commit-graph"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_what_came_after_a_lost_commit_is_read(project: Repo, moms: Start, damage: str, graph: bool) -> None:
    commits = history(project)
    if graph:
        project.git("commit-graph", "write", "--reachable", "--changed-paths")
    DAMAGE[damage](loose(project, commits[1]))
    mom = moms(project)
    told = []
    assert mom.index(report=lambda progress: told.append(progress.message)).commits == 3
    assert any(commits[1] in message and "git fsck" in message for message in told)
    assert mom.titles("rule table") == [f"Write rule {number} of the table" for number in (3, 4, 5)]
    assert writers(mom) == {1: [], 2: [], 3: [], 4: ["4"], 5: ["5"]}
    (check,) = [one for one in mom.call("doctor")["checks"] if one["name"] == "history"]
    assert commits[1] in check["message"] and "git fsck" in check["fix"]
    assert mom.index().nothing_new
    project.commit("Go on with the table\n\nBecause callers wait.", {"b.py": "b = 1\n"})
    assert mom.index().commits == 1


def test_a_commit_that_comes_back_is_read(project: Repo, moms: Start) -> None:
    commits = history(project)
    file = loose(project, commits[1])
    content = file.read_bytes()
    file.unlink()
    mom = moms(project)
    assert mom.index().commits == 3
    file.write_bytes(content)
    mom.index()
    assert writers(mom) == {number: [str(number)] for number in NUMBERS}
    assert [one["name"] for one in mom.call("doctor")["checks"] if one["name"] == "history"] == []
    assert not (project.location.data / "git" / "grafts").exists()


def test_the_other_side_of_a_merge_is_read(project: Repo, moms: Start) -> None:
    history(project)
    project.git("checkout", "-q", "-b", "side", "HEAD~3")
    lost = project.commit("Side of the table", {"b.py": "b = 1\n"})
    project.commit("Another side of the table", {"c.py": "c = 1\n"})
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "--no-ff", "-m", "Join the sides", "side")
    loose(project, lost).unlink()
    mom = moms(project)
    mom.index()
    assert set(mom.titles("rule table")) >= {f"Write rule {number} of the table" for number in NUMBERS}
    assert writers(mom) == {number: [str(number)] for number in NUMBERS}


def test_several_lost_commits_are_passed_over(project: Repo, moms: Start) -> None:
    commits = history(project)
    project.git("checkout", "-q", "-b", "side", commits[2])
    project.commit("Side of the table", {"b.py": "b = 1\n"})
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "--no-ff", "-m", "Join the sides", "side")
    for lost in (commits[0], commits[3]):
        loose(project, lost).unlink()
    mom = moms(project)
    mom.index()
    assert mom.titles("rule table") == [
        "Side of the table",
        *(f"Write rule {number} of the table" for number in (2, 3, 5)),
    ]


def test_nothing_that_was_indexed_before_the_loss_is_forgotten(project: Repo, moms: Start) -> None:
    commits = history(project)
    mom = moms(project)
    mom.index()
    loose(project, commits[1]).unlink()
    project.commit("Go on with the table\n\nBecause callers wait.", {"b.py": "b = 1\n"})
    mom.index()
    shown = mom.service.library.snapshot().catalog
    assert set(commits) <= {commit for commit in commits if commit in shown.row_of_commit}
    assert "Write rule 3 of the table" in mom.titles("rule table")


def test_the_command_names_the_object_and_goes_on(project: Repo, home: Path) -> None:
    commits = history(project)
    loose(project, commits[1]).unlink()
    run(project, "index")
    assert "Write rule 4" in run(project, "search", "rule 4 table")
