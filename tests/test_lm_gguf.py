"""The model's file: found, confirmed, refused when it changed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from mom_lsp.errors import ModelError
from mom_lsp.lm import gguf


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(b"GGUF and so on")
    return path


def test_a_model_file_is_remembered_and_refused_once_changed(model: Path) -> None:
    first = gguf.checked(model)
    assert gguf.checked(model) == first
    assert first.name == f"tiny/{first.sha256[:12]}"
    model.write_bytes(b"GGUF and something else")
    with pytest.raises(ModelError, match="mom model --trust"):
        gguf.checked(model)
    assert gguf.checked(model, trust=True).sha256 != first.sha256
    gguf.checked(model)


def test_a_damaged_list_of_confirmed_models_confirms_nothing(model: Path, tmp_path: Path) -> None:
    gguf.checked(model)
    (tmp_path / "data" / "mom-lsp" / "models.json").write_text("[]", "utf-8")
    with pytest.raises(ModelError, match="remove it"):
        gguf.checked(model)


def test_a_file_that_is_not_gguf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"PK\3\4")
    with pytest.raises(ModelError, match="not a GGUF file"):
        gguf.checked(tmp_path / "x.gguf")
    with pytest.raises(ModelError, match="cannot be read"):
        gguf.checked(tmp_path / "missing.gguf")


def test_a_model_is_an_absolute_path_or_the_installed_one(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gguf.find_model(str(model)) == model
    with pytest.raises(ModelError, match="absolute"):
        gguf.find_model("tiny.gguf")
    with pytest.raises(ModelError, match="no such file"):
        gguf.find_model(str(model.parent / "none.gguf"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="make setup-model"):
        gguf.find_model("")


def test_a_model_that_does_not_fit_in_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9 kB\nMemAvailable:    1000000 kB\n")
    assert gguf.free_memory(meminfo) == 1_024_000_000
    assert gguf.free_memory(tmp_path / "none") is None
    monkeypatch.setattr(gguf, "free_memory", lambda: 1_024_000_000)
    gguf.check_memory(1_000_000_000, 2_000_000_000)
    with pytest.raises(ModelError, match=r"needs 1201 MB of memory, but only 1024 are free"):
        gguf.check_memory(1_200_000_001, 2_000_000_000)
    with pytest.raises(ModelError, match=r"needs 900 MB of memory, but mom\.model\.maxMemory allows 800: raise it"):
        gguf.check_memory(900_000_000, 800_000_000)
