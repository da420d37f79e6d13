"""`mom bench`: a session in the editor that it plays, and the figures that come of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from processes import mom
from repositories import Repo, fill

from mom_lsp.evaluation import editor_bench
from mom_lsp.evaluation.bench_clone import saved_data, without_encoder
from mom_lsp.evaluation.editor import editing
from mom_lsp.evaluation.speed_bench import measure_speed
from mom_lsp.git import locate

HINTED = "[hints]\nminimumSurprise = 1\nthreshold = 0.01\n[encoder]\nenable = false\n"
WHY = "\n\nBecause the server restarts at night and refuses connections meanwhile."


def test_a_data_folder_is_restored_as_often_as_wanted(tmp_path: Path) -> None:
    location = locate(tmp_path)
    kept, added = location.data / "kept", location.data / "added"
    location.data.mkdir(parents=True)
    kept.write_text("once")
    with saved_data(location) as restore:
        for _ in range(2):
            added.touch()
            kept.write_text("changed")
            restore()
            assert (kept.read_text(), added.exists()) == ("once", False)


def test_the_encoder_is_off_only_meanwhile_and_own_settings_stay(project: Repo) -> None:
    location, settings = locate(project.root), project.root / ".mom.toml"
    with without_encoder(location):
        assert "enable = false" in settings.read_text()
    assert not settings.exists()
    settings.write_text("[hints]\n")
    with without_encoder(location):
        assert settings.read_text() == "[hints]\n"
    assert settings.read_text() == "[hints]\n"


def test_an_editor_gets_its_first_hint_and_hovers(project: Repo) -> None:
    project.commit("Add a client", {"a.py": "def call():\n    pass\n"})
    project.commit("Retry on a timeout" + WHY, {"a.py": "def call():\n    for attempt in range(17):\n        pass\n"})
    (project.root / ".mom.toml").write_text(HINTED)
    mom(project, "index")
    with editing(locate(project.root)) as editor:
        uri = editor.open("a.py")
        shown = editor.first_hints(uri, 1, 60)
        assert shown is not None and shown > editor.initialized
        assert "Retry on a timeout" in editor.hover(uri, 2)["contents"]["value"]
        assert editor.suggest(uri, 2)[0]["title"] == "Retry on a timeout"
        assert editor.first_hints(uri, 1_000, 0.2) is None  # there is no such line


@pytest.mark.slow
@pytest.mark.alone
def test_every_figure_of_a_small_repository_has_a_value(project: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editor_bench, "ROUNDS", 1)
    monkeypatch.setattr(editor_bench, "OPEN", 0.0)
    fill(project, 60)
    project.commit("Hint at everything", {".mom.toml": HINTED})
    figures = {one["name"]: one["value"] for one in measure_speed(project.root)["figures"]}
    assert len(figures) == 12 and None not in figures.values()
    assert figures["hover, warm engine, 95% within"] >= figures["hover, warm engine, median"] > 0
    assert 0 < figures["first hint, no engine running"] < float("inf")
