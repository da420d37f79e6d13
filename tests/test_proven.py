"""A memory that is accepted at one place again and again is always shown there, until it no longer holds."""

from __future__ import annotations

from typing import Any

import pytest
from repositories import HOUR, Mom, Repo, Start, indexed_fixtures
from three_commits import ALPHA, FIRST, check_form, hints, mom_id, text, titles, write_three_commits

from mom_lsp.tiers import DAY
from mom_lsp.workspace import word_search

STRICT = {"hints": {"minimumSurprise": 5, "threshold": 0.99}, "suggest": {"threshold": 0.99}}
PATH = "src/a.py"


template, project, _ = indexed_fixtures(write_three_commits)


@pytest.fixture
def mom(project: Repo, moms: Start) -> Mom:
    mom = moms(project)
    mom.clock = lambda: float(project.now[0])
    return mom


def accept(mom: Mom, project: Repo, identity: str, line: int, days: int = 3, kind: str = "useful") -> None:
    """Accept a memory at a line, once a day."""
    for _ in range(days):
        mom.call(kind, id=identity, path=PATH, line=line)
        project.now[0] += DAY


def hinted(mom: Mom) -> dict[str, dict[str, Any]]:
    return {one["suggestion"]["title"]: one["suggestion"] for one in hints(mom, text(mom))}


def place_of_hint(mom: Mom, title: str) -> int:
    return next(int(one["line"]) for one in hints(mom, text(mom)) if one["suggestion"]["title"] == title)


def proven(mom: Mom, identity: str) -> dict[str, Any] | None:
    return mom.call("show", id=identity)["proven"]  # type: ignore[no-any-return]


@pytest.fixture
def accepted(mom: Mom, project: Repo) -> tuple[str, int]:
    """Accept the first commit on three days at the line of its hint; then hide all that is not unusual and useful."""
    identity, line = mom_id(mom, FIRST), place_of_hint(mom, FIRST)
    mom.call("configure", options={"mom": STRICT})
    assert hinted(mom) == {} and mom.suggest(PATH, line) == []
    accept(mom, project, identity, line, 2)
    assert hinted(mom) == {} and proven(mom, identity) is None  # two days are no habit
    accept(mom, project, identity, line, 1)
    return identity, line


def test_what_was_accepted_on_three_days_is_shown_although_every_filter_would_hide_it(
    mom: Mom, accepted: tuple[str, int]
) -> None:
    identity, line = accepted
    one = hinted(mom)[FIRST]
    check_form(one)
    symbol = one["proven"]["symbol"]
    assert one["proven"] == {"task": "editing", "path": PATH, "symbol": symbol, "accepted": 3, "of": 3}
    assert "proven" in one["phrases"]["marks"]
    assert one["phrases"]["proven"] == f"proven: accepted all 3 times in `{symbol}`"
    assert one["why"].endswith(f"accepted all 3 times in `{symbol}`") and "used" not in one["why"]
    (found,) = mom.suggest(PATH, line)
    assert found["id"] == identity and found["proven"] == one["proven"]
    elsewhere = next(
        n for n in (2, 8, 14, 20) if mom.call("suggest", path=PATH, start=n, end=n)["query"]["symbol"] != symbol
    )
    assert mom.suggest(PATH, elsewhere) == []  # it is proven at its function only
    assert mom.call("show", id=identity)["phrases"]["proven"] == f"proven: accepted all 3 times in `{symbol}`"


def test_a_dismissal_at_its_place_thaws_it_and_undo_brings_it_back(mom: Mom, accepted: tuple[str, int]) -> None:
    identity, line = accepted
    mom.call("dismiss", id=identity, path=PATH, line=line)
    assert hinted(mom) == {} and mom.suggest(PATH, line) == [] and proven(mom, identity) is None
    mom.call("undo")
    assert FIRST in hinted(mom)


@pytest.mark.parametrize("ended_by", ["never", "forget", "revert", "rewrite"])
def test_it_thaws_when_it_is_archived_forgotten_reverted_or_its_code_is_gone(
    mom: Mom, project: Repo, accepted: tuple[str, int], ended_by: str
) -> None:
    identity, line = accepted
    match ended_by:
        case "never":
            mom.call("dismiss", id=identity, never=True)
        case "forget":
            mom.call("forget", id=identity)
        case "revert":
            commit = project.git("rev-list", "--max-parents=0", "HEAD")
            project.commit(f'Revert "{FIRST}"\n\nThis reverts commit {commit}.', {"src/b.py": "second = 21\n"})
        case "rewrite":
            project.commit("Write it anew", {PATH: "".join(f"value_{n} = other({n})\n" for n in range(30))})
    mom.index()
    assert hinted(mom) == {}
    assert identity not in [one["id"] for one in mom.suggest(PATH, line)]
    assert mom.call("rules")["rules"] == []


def test_it_is_still_proven_after_its_folder_was_renamed(mom: Mom, project: Repo, accepted: tuple[str, int]) -> None:
    identity, line = accepted
    project.git("mv", "src", "lib")
    project.commit("Move the sources to lib")
    mom.index()
    (found,) = (one for one in mom.suggest("lib/a.py", line) if one["id"] == identity)
    assert found["proven"]["path"] == "lib/a.py"


def test_a_proven_memory_does_not_fade(mom: Mom, project: Repo, accepted: tuple[str, int]) -> None:
    identity, _ = accepted
    for _ in range(5):
        project.now[0] += 90 * DAY
        for day in range(20):
            mom.service.library.journal.append("active", now=project.now[0] + day * DAY)
    other = mom.call("show", id=mom_id(mom, ALPHA))
    kept = mom.call("show", id=identity)
    assert (kept["tier"], other["tier"]) == ("semantic", "episodic")
    assert kept["strength"] >= 0.2 > 0.01 > other["strength"]


def test_a_search_and_a_line_to_explain_are_tasks_of_their_own(mom: Mom, project: Repo) -> None:
    identity, words = mom_id(mom, FIRST), "functions protocol"
    for _ in range(3):
        assert FIRST in titles(mom.search(words))
        mom.call("useful", id=identity)
        project.now[0] += DAY
    (found,) = (one for one in mom.search("protocol functions") if one["id"] == identity)
    assert found["phrases"]["proven"] == "proven: accepted all 3 times for this search"
    assert all(one["proven"] is None for one in mom.search("protocol"))
    assert all(one["proven"] is None for one in mom.suggest(PATH, 14))
    assert mom.call("rules")["rules"][0]["proven"]["task"] == "search"


def test_what_is_proven_for_a_search_is_found_however_likely_the_others_are(
    mom: Mom, project: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity, words = mom_id(mom, FIRST), "functions protocol"
    for _ in range(3):
        mom.search(words)
        mom.call("useful", id=identity)
        project.now[0] += DAY
    project.commit("Let the functions of the protocol be functions of a protocol", {"src/c.py": "protocol = 1\n"})
    mom.index()
    assert titles(mom.search(words))[1] == FIRST
    monkeypatch.setattr(word_search, "LEAST_OF_BEST", 1.0)
    assert titles(mom.search(words))[1] == FIRST


def test_what_explains_a_line_is_proven_for_explaining(mom: Mom, project: Repo) -> None:
    identity = mom_id(mom, FIRST)
    for _ in range(3):
        assert identity in [one["id"] for one in mom.call("why", path=PATH, line=14)["citations"]]
        mom.call("useful", id=identity, path=PATH, line=14)
        project.now[0] += DAY
    (cited,) = (one for one in mom.call("why", path=PATH, line=14)["citations"] if one["id"] == identity)
    assert cited["phrases"]["proven"] == "proven: accepted all 3 times as an explanation in `gamma`"
    assert all(one["proven"] is None for one in mom.suggest(PATH, 14))


def test_the_journal_keeps_no_words_of_a_search(mom: Mom) -> None:
    mom.search("functions protocol")
    mom.service.library.impressions.flush(mom.service.library.journal, float(HOUR))
    (event,) = [event for event in mom.service.library.journal.events() if event.type == "shown"]
    assert "protocol" not in str(event)


def test_rules_cite_what_is_proven(mom: Mom, accepted: tuple[str, int]) -> None:
    identity, _ = accepted
    (rule,) = mom.call("rules")["rules"]
    assert (rule["id"], rule["path"], rule["avoid"]) == (identity, PATH, False)
    assert rule["rule"].startswith(FIRST) and rule["proven"]["accepted"] == 3
