"""A memory that cannot be shown is left out of an answer and reported."""

from __future__ import annotations

from typing import Any

import pytest
from repositories import START, Change, Mom, Repo, Start, import_commits, step

from mom_lsp.errors import JournalError
from mom_lsp.journal import Event
from mom_lsp.tiers import DAY
from mom_lsp.workspace.answers.fault_isolation import Isolation
from mom_lsp.workspace.ranking import ranker

CODE = "def alpha():\n    first = {}\n    return first\n"
GONE_AFTER = 7_065  # active days: what is left of a strength is then the smallest number above zero


@pytest.fixture
def mom(project: Repo, moms: Start) -> Mom:
    """Index four changes of one function."""
    for n in range(4):
        project.commit(f"Start alpha at {n}\n\nBecause caller {n} counts from there.", {"a.py": CODE.format(n)})
    mom = moms(project)
    mom.index()
    return mom


def checks(mom: Mom) -> dict[str, Any]:
    return {check["name"]: check for check in mom.call("doctor")["checks"]}


@pytest.mark.isolates
def test_a_failure_for_one_memory_spares_the_others(mom: Mom, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = [one["id"] for one in mom.suggest("a.py", 2)]
    hinted = [one["suggestion"]["id"] for one in hints(mom)]
    assert first in hinted and others and "memories" not in checks(mom)
    sound = ranker.status_of

    def faulty(memory: Any, *rest: Any) -> Any:
        return sound(memory, *rest) if memory.id != first else 1 / 0

    monkeypatch.setattr(ranker, "status_of", faulty)
    assert [one["id"] for one in mom.suggest("a.py", 2)] == others
    assert [one["suggestion"]["id"] for one in hints(mom)] == [one for one in hinted if one != first]
    assert first not in [one["id"] for one in mom.search("alpha")] and mom.search("alpha")
    assert first not in [one["id"] for one in mom.call("why", path="a.py", line=2)["citations"]]
    assert mom.call("show", id=first)["title"] == "Start alpha at 3"
    assert first[:8] in checks(mom)["memories"]["message"] and checks(mom)["memories"]["ok"] is False
    assert any(first[:8] in problem for problem in mom.call("status")["problems"])
    monkeypatch.setattr(ranker, "status_of", sound)
    assert first in [one["id"] for one in mom.suggest("a.py", 2)]
    assert "memories" not in checks(mom) and mom.call("status")["problems"] == []


def hints(mom: Mom) -> list[dict[str, Any]]:
    (mom.root / ".mom.toml").write_text("[hints]\nthreshold = 0\nminimumSurprise = 1\n")
    workspace = mom.service.workspace(str(mom.root))
    workspace.settings = mom.settings
    text = (mom.root / "a.py").read_text()
    return list(mom.call("hints", path="a.py", text=text, start=1, end=9)["hints"])


def test_a_failure_for_every_memory_is_an_error() -> None:
    def broken(some: Any) -> list[Any]:
        raise JournalError("the disk is full")

    isolation = Isolation()
    with pytest.raises(JournalError):
        isolation.each(broken, [1, 2], str)
    assert isolation.problems == {}


def test_a_memory_of_any_age_can_be_shown(mom: Mom, project: Repo) -> None:
    """The days are active by the journal; a repository that has as many is in the slow test below."""
    journal = mom.service.library.journal
    journal.append_many(Event(0, START + n * DAY, "active") for n in range(1, GONE_AFTER + 15))
    oldest = next(one["id"] for one in mom.search("alpha") if one["title"] == "Start alpha at 0")
    for days in (GONE_AFTER - 10, GONE_AFTER - 1, GONE_AFTER, GONE_AFTER + 10):
        mom.clock = lambda days=days: float(START + days * DAY)
        assert mom.suggest("a.py", 2) and len(mom.search("alpha")) == 4
        shown = mom.call("show", id=oldest)
        assert shown["half_life"] == pytest.approx(6.6) and shown["strength"] == 0


@pytest.mark.slow
def test_an_old_repository_is_shown_back_to_its_first_day(project: Repo, moms: Start) -> None:
    days = GONE_AFTER + 15
    changes: list[Change] = [step(number, number % 40, number // 40) for number in range(days)]
    import_commits(project, changes, START - days * DAY, every=DAY)
    mom = moms(project)
    mom.index()
    catalog = mom.service.library.snapshot().catalog
    commits = [row for row in catalog.time.argsort().tolist() if not catalog.is_file[row]]
    for row in commits[:30]:  # the half-lives of some of these could not be computed
        assert mom.call("show", id=catalog.ids[row])["half_life"] == pytest.approx(6.6)
    assert len(mom.search("Because caller saw the wrong sum")) == 50
    assert mom.suggest("src/worker_3.py", 2)
