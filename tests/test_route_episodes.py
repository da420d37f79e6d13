"""Which memories are one piece of work: a merged branch, an issue, a session; on real repositories."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from catalogs import make_memory, make_view, sha
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from repositories import HOUR, START, Mom, Repo, Start

from mom_lsp.cli.app import app
from mom_lsp.git.ancestors import NO_ANCESTORS
from mom_lsp.memory import Anchor, Reference
from mom_lsp.route.episodes import GAP, MOST, Episodes
from mom_lsp.workspace.answers.episode_text import _UPDATE

GRACE = "Grace Hopper <grace@example.org>"


def unfolded(mom: Mom, title: str) -> tuple[dict[str, Any] | None, list[str]]:
    (one,) = (one for one in mom.search(title) if one["title"] == title)
    found = mom.call("episode", id=one["id"])
    assert one["episode"] == found["episode"]
    return found["episode"], [member["title"] for member in found["members"]]


@pytest.fixture
def indexed(project: Repo, moms: Start) -> Callable[[], Mom]:
    def start() -> Mom:
        mom = moms(project)
        mom.index()
        return mom

    return start


def test_a_merged_branch_is_an_episode(project: Repo, indexed: Callable[[], Mom]) -> None:
    project.commit("Begin the project", {"base.py": "base = 1\n"}, date=START)
    project.git("checkout", "--quiet", "-b", "cache")
    project.commit("Write the cache", {"cache.py": "cache = {}\n"}, date=START + 100 * HOUR)
    project.commit("Bound the cache", {"bound.py": "bound = 9\n"}, date=START + 300 * HOUR, author=GRACE)
    project.git("checkout", "--quiet", "main")
    project.commit("Go on elsewhere", {"base.py": "base = 2\n"}, date=START + 200 * HOUR)
    project.git("merge", "--quiet", "--no-ff", "-m", "Merge branch 'cache'", "cache")
    mom = indexed()
    found = unfolded(mom, "Bound the cache")
    assert found == (
        {"kind": "branch", "title": "Merge branch 'cache'", "count": 2},
        ["Write the cache", "Bound the cache"],
    )
    assert unfolded(mom, "Go on elsewhere") == (None, [])


@pytest.mark.parametrize(
    ("title", "update"),
    [
        ("Merge branch 'master' of https://example.org/x", True),
        ("Merge remote-tracking branch 'origin/main'", True),
        ("Merge branch 'main-window'", True),  # rather too few episodes than wrong ones
        ("Merge branch 'cache'", False),
        ("Merge pull request #12 from ada/cache", False),
    ],
)
def test_merging_the_main_line_into_a_branch_is_an_update(title: str, update: bool) -> None:
    assert bool(_UPDATE.match(title)) == update


def test_commits_for_one_issue_are_an_episode(project: Repo, indexed: Callable[[], Mom]) -> None:
    project.commit("Write a parser\n\nCloses #12", {"a.py": "a = 1\n"}, date=START)
    project.commit("Repair the parser\n\nFixes #12", {"b.py": "b = 1\n"}, date=START + 900 * HOUR, author=GRACE)
    project.commit("Say something\n\nUnlike #12 this is short.", {"c.py": "c = 1\n"}, date=START + 5000 * HOUR)
    mom = indexed()
    found = unfolded(mom, "Repair the parser")
    assert found == ({"kind": "issue", "title": "#12", "count": 2}, ["Write a parser", "Repair the parser"])
    assert unfolded(mom, "Say something")[0] is None


def test_a_session_is_one_author_on_the_same_files_without_a_pause(project: Repo, indexed: Callable[[], Mom]) -> None:
    day = 100 * HOUR
    project.commit("Start early", {"a.py": "a = 0\n"}, date=START)
    project.commit("Speed up a", {"a.py": "a = 1\n"}, date=START + day)
    project.commit("Speed up a and b", {"a.py": "a = 2\n", "b.py": "b = 2\n"}, date=START + day + 3 * HOUR)
    project.commit("Meanwhile", {"a.py": "a = 3\n"}, date=START + day + 4 * HOUR, author=GRACE)
    project.commit("Speed up b", {"b.py": "b = 3\n"}, date=START + day + 5 * HOUR)
    project.commit("Something else", {"z.py": "z = 1\n"}, date=START + day + 6 * HOUR)
    mom = indexed()
    episode, members = unfolded(mom, "Speed up b")
    assert episode == {"kind": "session", "title": "by Ada Lovelace", "count": 3}
    assert members == ["Speed up a", "Speed up a and b", "Speed up b"]
    assert [unfolded(mom, title)[0] for title in ("Start early", "Meanwhile", "Something else")] == [None] * 3


def test_show_prints_the_episode(project: Repo, indexed: Callable[[], Mom], monkeypatch: pytest.MonkeyPatch) -> None:
    project.commit("Speed up a", {"a.py": "a = 1\n"}, date=START)
    project.commit("Speed up a again", {"a.py": "a = 2\n"}, date=START + HOUR)
    project.commit("Speed up z", {"z.py": "z = 2\n"}, date=START + 90 * HOUR)
    mom = indexed()
    monkeypatch.chdir(project.root)
    ids = {one["title"]: one["id"] for one in mom.search("speed up")}
    shown = CliRunner().invoke(app, ["show", ids["Speed up a"], "--episode"]).output
    assert "session by Ada Lovelace: 2 memories" in shown
    assert shown.index("Speed up a\n") < shown.index("Speed up a again\n")
    whole = CliRunner().invoke(app, ["show", ids["Speed up a"]]).output
    assert "session by Ada Lovelace: 2 memories" in whole
    document = json.loads(CliRunner().invoke(app, ["show", ids["Speed up z"], "--episode", "--json"]).stdout)
    assert document == {"episode": None, "members": [], "phrases": {}}


@given(st.lists(st.tuples(st.integers(0, 2 * GAP), st.booleans()), min_size=1, max_size=60))
def test_sessions_partition_an_authors_work(steps: list[tuple[int, bool]]) -> None:
    """Every memory is in the session of each member of its own, and no pause within one is longer than GAP."""
    times, memories = 0, []
    for number, (pause, same) in enumerate(steps):
        times += pause
        anchors = (Anchor("a.py" if same else f"{number}.py"),)
        memories.append(make_memory(number, time=times, anchors=anchors))
    episodes = Episodes(make_view(*memories), NO_ANCESTORS)
    for row in range(len(memories)):
        for episode in episodes.of(row, ()):
            assert row in episode.rows
            assert all(next(episodes.of(member, ())) == episode for member in episode.rows)
            assert 2 <= len(episode.rows) <= MOST


def test_a_reference_within_the_session_joins_it() -> None:
    one = make_memory(0, time=10, anchors=(Anchor("a.py"),))
    two = make_memory(1, time=20, anchors=(Anchor("b.py"),), references=(Reference("followup", sha(0)),))
    (episode,) = Episodes(make_view(one, two), NO_ANCESTORS).of(0, ())
    assert episode.rows == (0, 1)
