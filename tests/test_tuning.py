"""`mom tune`: labels from the repository itself, weights that are kept only if they win, and the reset."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from catalogs import make_memory, make_view, sha
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from repositories import Repo, Start, add_followups

from mom_lsp.cli.app import app
from mom_lsp.evaluation.baselines import Bm25
from mom_lsp.journal import Event
from mom_lsp.memory import Anchor, Reference
from mom_lsp.route.linear_model import LinearModel, read_model, shipped
from mom_lsp.route.view import View
from mom_lsp.tiers.lifecycle import fold
from mom_lsp.tuning.gather import gather_cases
from mom_lsp.tuning.labels import MOST_FILES, labels_of, own_labels
from mom_lsp.tuning.tune import event_of, improves
from mom_lsp.workspace.ranking.model_choice import editing_model


def test_labels_are_commits_that_reference_earlier_ones() -> None:
    one_file, many_files = (Anchor("a.py"),), tuple(Anchor(f"{n}.py") for n in range(MOST_FILES + 1))
    memories = [
        make_memory(1),
        make_memory(2, anchors=one_file, references=(Reference("fixes", sha(1)),)),
        make_memory(3, anchors=one_file, references=(Reference("followup", sha(1)), Reference("mention", sha(2)))),
        make_memory(4, anchors=one_file, references=(Reference("fixes", sha(5)),)),  # names a later one
        make_memory(5, anchors=many_files, references=(Reference("fixes", sha(1)),)),
        make_memory(6, anchors=one_file, references=(Reference("fixes", sha(1)),), noise="bot"),
    ]
    view = View(make_view(*memories).catalog, [sha(n) for n in (6, 5, 4, 3, 2, 1)], {})
    assert [(label.query, set(label.gold)) for label in labels_of(view)] == [
        (sha(2), {sha(1)}),
        (sha(3), {sha(1), sha(2)}),
    ]


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=20))
def test_only_gains_count_as_an_improvement(gains: list[float]) -> None:
    assert improves(np.array(gains))
    assert not improves(-np.array(gains))
    assert not improves(np.zeros(len(gains)))


def test_tuned_weights_are_read_back_until_reset() -> None:
    model = LinearModel({"wrote": 2.0, "cosine": 1.0}, -3.0)
    tuned, reset = Event(1, 0.0, "tune", data=event_of(model)), Event(2, 0.0, "tune", data=event_of(None))
    assert read_model(fold([tuned]).tuned["editing"]) == model
    assert fold([], fold([tuned])).tuned == event_of(model)
    assert fold([tuned, reset]).tuned == {}
    assert read_model({}) is None
    assert read_model({"intercept": 0.0, "weights": {"of another version": 1.0}}) is None


def test_weights_tuned_without_vectors_are_not_used_with_them(project: Repo, moms: Start) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    mom = moms(project)
    mom.index()
    mom.service.library.journal.append("tune", data=event_of(LinearModel({"wrote": 2.0, "cosine": 0.0}, 7.0)), now=1.0)
    workspace = mom.service.workspace(str(project.root))
    state = workspace.states.take(workspace.worktree.head)
    tuned, settings = state.snapshot.life.tuned, workspace.settings
    without, encoded = (editing_model(tuned, settings, encoded=encoded) for encoded in (False, True))
    assert without.intercept == 7.0 and encoded.weights == shipped("editing").weights


def test_tuning_needs_enough_data(project: Repo, moms: Start) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    moms(project).index()
    result = CliRunner().invoke(app, ["-C", str(project.root), "tune"])
    assert result.exit_code == 2
    assert "0 commits that reference an earlier one" in " ".join(result.output.split())
    assert "0 rated suggestions" in " ".join(result.output.split())


def test_a_blame_that_failed_once_is_asked_again(project: Repo, moms: Start) -> None:
    code = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
    first = project.commit("Add both", {"a.py": code})
    project.commit("Change two", {"a.py": code.replace("return 2", "return 22")})
    project.commit(f"Change one\n\nFollow-up to {first}", {"a.py": code.replace("return 1", "return 11")})
    moms(project).index()

    def wrote() -> bool:
        (case,) = gather_cases(project.root, own_labels(project.root), lambda phase, done, total: None)
        return bool(case.features["wrote"].any())

    blob = project.git("rev-parse", f"{first}:a.py")
    missing = project.root / ".git" / "objects" / blob[:2] / blob[2:]
    content = missing.read_bytes()
    missing.unlink()
    assert not wrote()
    missing.write_bytes(content)
    missing.chmod(0o444)
    assert wrote()


def test_a_repository_can_be_tuned(project: Repo, moms: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for absent in ("scipy", "sklearn"):  # as in the base install
        monkeypatch.setitem(sys.modules, absent, None)
    monkeypatch.setattr(Bm25, "__init__", lambda *_: pytest.fail("tuning compares with no baseline"))
    add_followups(project)
    mom = moms(project)
    mom.index()
    before = mom.suggest("part3.py", 2)[0]
    result = CliRunner().invoke(app, ["-C", str(project.root), "tune", "--json"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert (document["learned_from"], document["judged_on"]) == (29, 13)
    assert 0 <= document["shipped"]["R@3"] <= 1
    tuned = [event for event in mom.service.library.journal.events() if event.type == "tune"]
    assert bool(tuned) == document["kept"]
    strange = shipped("editing").scaled({"place": 2.0})
    mom.service.library.journal.append("tune", data=event_of(strange), now=1.0)
    assert mom.suggest("part3.py", 2)[0]["terms"]["place"] > before["terms"]["place"]
    result = CliRunner().invoke(app, ["-C", str(project.root), "tune", "--reset"])
    assert result.exit_code == 0, result.output
    assert mom.suggest("part3.py", 2)[0]["terms"]["place"] == pytest.approx(before["terms"]["place"])
