"""A history in arrays says the same as a dictionary of commits and their parents."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from repositories import Repo, clone

from mom_lsp.git.ancestors import NO_ANCESTORS, Ancestors

History = dict[str, tuple[str, ...]]


def named(number: int) -> str:
    return f"{number * 2654435761 % 2**64:040x}"  # in another order than the numbers


def listing(history: History) -> bytes:
    return "".join(f"{' '.join((commit, *parents))}\n" for commit, parents in history.items()).encode()


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A graph of commits, newest first; some parents are beyond its end, as in a shallow clone."""
    size = draw(st.integers(1, 25))
    parents = st.lists(st.integers(1, 6), max_size=3, unique=True)
    return {named(at): tuple(named(at + step) for step in draw(parents)) for at in range(size)}


def merged_by_walking(history: History) -> dict[str, str]:
    """Return the merge that brought each commit to the main line."""
    line = [next(iter(history))]
    while (first := history[line[-1]][:1]) and first[0] in history:
        line.append(first[0])
    found: dict[str, str] = {}
    for merge in reversed(line):
        todo = list(history[merge][1:])
        while todo:
            if (commit := todo.pop()) in history and commit not in line and commit not in found:
                found[commit] = merge
                todo += history[commit]
    return found


@given(histories())
def test_commits_and_parents_are_those_of_the_listing(history: History) -> None:
    found = Ancestors.of_listing(listing(history))
    assert dict(found) == history
    assert list(found) == list(history)
    assert [found.number(commit) for commit in history] == list(range(len(history)))
    assert ("" in found, named(99) in found, found.get("é")) == (False, False, None)


@given(histories(), st.integers(0, 25))
def test_a_history_is_the_newer_part_with_the_older_one(history: History, cut: int) -> None:
    items = list(history.items())
    newer, older = (Ancestors.of_listing(listing(dict(part))) for part in (items[:cut], items[cut:]))
    assert list(newer.with_older(older).items()) == items


@given(histories())
def test_each_commit_came_by_the_first_merge_that_reaches_it(history: History) -> None:
    found = Ancestors.of_listing(listing(history))
    names, merges = list(found), found.merge_of
    by_merge = {names[at]: names[merge] for at, merge in enumerate(merges.tolist()) if merge >= 0}
    assert by_merge == merged_by_walking(history)


def test_git_lists_the_same_history_in_either_form(project: Repo, tmp_path: Path) -> None:
    for number in range(4):
        project.commit(f"Commit {number}", {f"{number}.txt": f"{number}\n"})
    project.git("checkout", "-qb", "side", "HEAD~2")
    project.commit("On a side branch", {"side.txt": "side\n"})
    project.git("merge", "-q", "--no-ff", "-m", "Merge", "-")
    whole = project.repository.ancestors(project.head)
    assert list(whole.items()) == project.repository.graph(project.head)
    start = project.git("rev-list", "--max-parents=0", "HEAD").strip()
    newer = project.repository.ancestors(project.head, without=[start])
    assert newer.with_older(project.repository.ancestors(start)) == whole
    shallow = clone(project, tmp_path / "shallow", "--depth=2")
    assert dict(shallow.repository.ancestors(shallow.head)) == dict(shallow.repository.graph(shallow.head))
    assert (len(NO_ANCESTORS), "x" in NO_ANCESTORS, list(NO_ANCESTORS)) == (0, False, [])
