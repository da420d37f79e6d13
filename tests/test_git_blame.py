"""Blame, in repositories whose history is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_reading import LINES, read, who
from repositories import Repo, clone

from mom_lsp import datafolder
from mom_lsp.errors import RepositoryError
from mom_lsp.git.blame import write_revisions


def test_blame_names_the_commit_of_each_line(project: Repo) -> None:
    first = project.commit("first", {"a.txt": LINES})
    second = project.commit("second", {"a.txt": LINES.replace("line 3\n", "three\n")})
    expected = {line: second if line == 3 else first for line in range(1, 11)}
    assert who(project.repository.blame(second, "a.txt")) == expected
    assert who(project.repository.blame(second, "a.txt", (3, 4))) == {3: second, 4: first}
    assert who(project.repository.blame(first, "a.txt")) == dict.fromkeys(range(1, 11), first)
    assert not any(group.boundary for group in project.repository.blame(first, "a.txt"))


def test_blame_ignores_whitespace_and_ignored_revisions(project: Repo) -> None:
    first = project.commit("first", {"a.c": "int f() {\nreturn 1;\n}\n"})
    project.commit("indent", {"a.c": "int f() {\n    return 1;\n}\n"})
    assert who(project.repository.blame(project.head, "a.c")) == dict.fromkeys((1, 2, 3), first)
    brackets = project.commit("reformat", {"a.c": "int f()\n{\n    return 1;\n}\n"})
    assert brackets in who(project.repository.blame(project.head, "a.c")).values()
    ignored = f"# our reformat\n{brackets}  # this one\n{'0' * 40}\nHEAD\n--upload-pack=x\n"
    project.commit("ignore it", {".git-blame-ignore-revs": ignored})
    assert project.repository.ignored_revisions(project.head) == [brackets, "0" * 40]  # git passes over unknown ones
    assert set(who(project.repository.blame(project.head, "a.c")).values()) == {first}


def test_ignored_revisions_may_be_upper_case(project: Repo) -> None:
    first = project.commit("first", {"a.c": "int f() {\nreturn 1;\n}\n"})
    brackets = project.commit("reformat", {"a.c": "int f()\n{\nreturn 1;\n}\n"})
    project.commit("ignore it", {".git-blame-ignore-revs": f"{brackets.upper()}\n{'0' * 64}\n"})
    assert set(who(project.repository.blame(project.head, "a.c")).values()) == {first}


def test_blame_ignores_any_number_of_formatting_commits(project: Repo) -> None:
    first = project.commit("first", {"a.c": "int f() {\nreturn 1;\n}\n"})
    brackets = project.commit("reformat", {"a.c": "int f()\n{\nreturn 1;\n}\n"})
    data = project.location.data
    (data / datafolder.IGNORED_REVISIONS).parent.mkdir(parents=True)
    write_revisions(data / datafolder.IGNORED_REVISIONS, {brackets, *(f"{number:040x}" for number in range(1, 20_000))})
    assert set(who(project.repository.blame(project.head, "a.c")).values()) == {first}


MOVED = "int square(int length)\n{\n  int area = length * length;\n  return area > 17 ? 17 : area;\n}\n"


def test_blame_follows_moves_within_and_between_files_only_if_asked(project: Repo) -> None:
    other = "int f(void)\n{\n" + LINES + "}\n"
    first = project.commit("first", {"a.c": other + MOVED, "b.c": "int h;\n"})
    within = project.commit("move it up", {"a.c": MOVED + other})
    assert who(project.repository.blame(within, "a.c"))[4] == within
    assert set(who(project.repository.blame(within, "a.c", moves=True)).values()) == {first}
    between = project.commit("move it away", {"a.c": other, "b.c": "int h;\n" + MOVED})
    assert who(project.repository.blame(between, "b.c"))[4] == between
    assert set(who(project.repository.blame(between, "b.c", (2, 6), moves=True)).values()) == {first}


def test_copied_lines_are_attributed_to_the_copying_commit(project: Repo) -> None:
    project.commit("first", {"a.c": MOVED, "b.c": "int h;\n"})
    copied = project.commit("copy it", {"a.c": MOVED + "int i;\n", "b.c": "int h;\n" + MOVED})
    assert set(who(project.repository.blame(copied, "b.c", (2, 6), moves=True)).values()) == {copied}


def test_a_blame_that_takes_too_long_times_out(project: Repo) -> None:
    for number in range(20):
        project.commit("change", {"a.txt": LINES * 500 + f"{number}\n"})
    with pytest.raises(RepositoryError):
        project.repository.blame(project.head, "a.txt", moves=True, timeout=0.0)
    assert len(project.repository.blame(project.head, "a.txt", moves=True, timeout=60.0)) == 2


def test_blame_of_a_missing_path_or_range_is_a_repository_error(project: Repo) -> None:
    project.commit("first", {"a.txt": "1\n"})
    for path, ranges in (("no.txt", ()), ("a.txt", ((5, 9),)), ("nul\0.txt", ())):
        with pytest.raises(RepositoryError):
            project.repository.blame(project.head, path, *ranges)


def test_blame_and_diff_stop_at_the_boundary_of_a_shallow_clone(project: Repo, tmp_path: Path) -> None:
    for number in range(4):
        project.commit(f"change {number}", {"a.txt": LINES.replace(f"line {number}\n", "changed\n"), f"{number}": ""})
    shallow = clone(project, tmp_path / "shallow", "--depth=2")
    head, cut = shallow.repository.history(shallow.head)
    assert shallow.repository.shallow == {cut}
    assert {g.commit: g.boundary for g in shallow.repository.blame(head, "a.txt")} == {head: False, cut: True}
    newest, oldest = read(shallow, head, cut)
    assert [f.path for f in newest.files] == ["3", "a.txt"]
    assert (oldest.sha, oldest.message.strip(), oldest.files) == (cut, "change 2", ())


def test_the_shallow_boundary_moves_when_more_is_fetched(project: Repo, tmp_path: Path) -> None:
    for number in range(4):
        project.commit(f"change {number}", {"a.txt": f"{number}\n"})
    shallow = clone(project, tmp_path / "shallow", "--depth=2")
    repository = shallow.repository
    assert len(repository.shallow) == 1
    shallow.git("fetch", "--quiet", "--unshallow")
    assert repository.shallow == frozenset()
    assert len(repository.history(shallow.head)) == 4
