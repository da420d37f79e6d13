"""Exporting feedback and importing it elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from repositories import Mom, Repo, Start, indexed_fixtures
from three_commits import ALPHA, BETA, FIRST, mom_id, suggestion, titles, write_three_commits

from mom_lsp.errors import UsageError

template, project, mom = indexed_fixtures(write_three_commits)


def test_export_and_import_transfer_feedback_without_duplicates(
    mom: Mom, project: Repo, moms: Start, tmp_path: Path
) -> None:
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
    before = other.call("export")["events"]
    assert other.call("import", events=exported, dry_run=True)["imported"] == 5
    assert other.call("export")["events"] == before
    assert other.call("import", events=exported)["imported"] == 5
    assert other.call("import", events=exported)["imported"] == 0
    assert mom.call("import", events=exported)["imported"] == 0
    life = other.service.library.snapshot().life
    assert (life.of(alpha).pinned, life.of(beta).pinned) == (True, False)
    assert life.of(first).dismissed == {("src/a.py", "gamma")}
    assert titles(other.search("zebras")) == ["zebras cross here"]
    imported = [{**event, "seq": 0, "data": {}} for event in other.call("export")["events"]]
    assert all({**event, "seq": 0, "data": {}} in imported for event in exported)


@pytest.mark.parametrize("type", ["undo", "transition"])
def test_an_event_with_invalid_references_is_imported(mom: Mom, type: str) -> None:
    odd = {"seq": [1], "cause": {}, "commit": "c"}
    mom.call("import", events=[{"time": 1, "type": type, "memory": "abcd", "data": odd}])
    assert mom.call("undo", id="abcd")["ok"] if type == "transition" else titles(mom.search("alpha"))


@pytest.mark.parametrize(
    "odd",
    [
        5,
        {"weights": {"wrote": "x"}, "intercept": 0},
        {"weights": {"wrote": 1.0}},
        {"weights": {"wrote": 10**400}, "intercept": 0},
    ],
)
def test_invalid_imported_weights_are_ignored(mom: Mom, odd: Any) -> None:
    before = suggestion(mom)
    mom.call("import", events=[{"time": 1, "type": "tune", "data": {"editing": odd}}])
    assert suggestion(mom) == before


def test_malformed_imported_notes_are_harmless(mom: Mom) -> None:
    odd = ({"text": " "}, {"text": 5, "line": "x"}, {"line": 3}, {"text": "a", "key": 2**32}, {"text": "b", "key": -1})
    for n, data in enumerate(odd, 1):
        mom.call("import", events=[{"time": n, "type": "note", "memory": f"{n:016}", "path": "src/a.py", "data": data}])
    assert titles(mom.search("alpha"))[0] == ALPHA
    assert mom.call("status")["notes"] == 3


@pytest.mark.parametrize("data", [{"at": 5}, {"at": [None, ["editing"]]}, {"seen": 4}, {"hinted": {"src/a.py": None}}])
def test_malformed_imported_impressions_are_harmless(mom: Mom, data: Any) -> None:
    mom.call("import", events=[{"time": 1, "type": "shown", "data": data}])
    assert mom.call("dismiss", id=mom_id(mom, ALPHA))["ok"]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"time": 1, "type": "explode", "memory": "m", "data": {}},
        {"time": "soon", "type": "pin", "memory": "m", "data": {}},
        {"time": float("nan"), "type": "pin", "memory": "m", "data": {}},
        {"time": 1e300, "type": "note", "memory": "m", "data": {"text": "late"}},
        {"time": 10**400, "type": "pin", "memory": "m", "data": {}},
        {"time": 1, "seq": float("inf"), "type": "pin", "memory": "m", "data": {}},
        {"time": 1, "type": ["pin"], "memory": "m", "data": {}},
        {"time": 1, "type": "note", "memory": "\ud800", "data": {"text": "of nobody"}},
        "pin",
    ],
)
def test_an_invalid_export_is_rejected_as_a_whole(mom: Mom, event: Any) -> None:
    good = {"time": 1.0, "type": "pin", "memory": "m", "data": {}}
    with pytest.raises(UsageError):
        mom.call("import", events=[good, event])
    assert mom.call("export")["events"] == []
