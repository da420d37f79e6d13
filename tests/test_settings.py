"""Settings: parsed once, complete, never fatal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.settings import Settings, describe, load_settings, parse_settings

KNOWN = {info.name: info for info in describe()}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
PARTS = sorted({part for name in KNOWN for part in name.split(".")} | set(KNOWN))
OPTIONS = st.recursive(
    JSON, lambda inner: st.dictionaries(st.sampled_from(PARTS) | st.text(max_size=5), inner), max_leaves=20
)


def read(settings: Settings, name: str) -> Any:
    """Return a setting's value by its documented name."""
    value: Any = settings
    for part in name.split(".")[1:]:
        value = getattr(value, "".join(f"_{c.lower()}" if c.isupper() else c for c in part))
    return value


def assert_valid(settings: Settings) -> None:
    for name, info in KNOWN.items():
        value = read(settings, name)
        python = {"boolean": bool, "integer": int, "number": float, "string": str, "array": tuple}[info.type]
        assert type(value) is python, name
        if info.minimum is not None and info.maximum is not None:
            assert info.minimum <= value <= info.maximum
        if info.type == "array":
            assert all(isinstance(item, str) for item in value)


@given(OPTIONS, st.booleans())
def test_any_json_gives_valid_settings(options: Any, trusted: bool) -> None:
    settings, reports = parse_settings(options, trusted=trusted)
    assert_valid(settings)
    assert all(isinstance(report, str) and report and "\n" not in report for report in reports)


@given(st.sampled_from(sorted(KNOWN)), st.booleans() | st.integers() | st.floats() | st.text())
def test_a_value_is_either_taken_or_reported(name: str, value: Any) -> None:
    settings, reports = parse_settings({name: value})
    assert_valid(settings)
    assert (read(settings, name) == value) if not reports else reports[0].startswith(name)


def test_the_defaults_are_the_contract() -> None:
    settings, reports = parse_settings({})
    assert (settings, reports) == (Settings(), [])
    assert settings.enable and settings.hints.enable and settings.index.comments and settings.index.documents
    assert (settings.hints.delay, settings.hints.minimum_surprise) == (500, 4)
    assert (settings.suggest.count, settings.suggest.threshold) == (3, 0.1)
    weights = settings.weights
    assert (weights.sem, weights.lex, weights.temp, weights.use, weights.place) == (1, 1, 1, 1, 1)
    assert settings.index.max_file_size == 1_000_000
    assert (settings.encoder.model, settings.encoder.enable, settings.engine.idle_minutes) == ("", True, 10)


@pytest.mark.parametrize(
    "options",
    [
        {"hints": {"delay": 700, "minimumSurprise": 1}},
        {"mom": {"hints": {"delay": 700, "minimumSurprise": 1}}},
        {"mom.hints.delay": 700, "mom.hints.minimumSurprise": 1},
        {"hints.delay": 700.0, "mom.hints": {"minimumSurprise": 1}},
    ],
)
def test_nested_and_dotted_names_mean_the_same(options: dict[str, Any]) -> None:
    settings, reports = parse_settings(options)
    assert (settings.hints.delay, settings.hints.minimum_surprise, reports) == (700, 1, [])


@pytest.mark.parametrize(
    ("options", "report"),
    [
        (
            {"hints": {"delay": "x"}},
            "mom.hints.delay: expected a whole number of milliseconds from 0 to 60000, got 'x'; using 500",
        ),
        (
            {"suggest": {"threshold": float("nan")}},
            "mom.suggest.threshold: expected a number from 0 to 1, got nan; using 0.1",
        ),
        ({"suggest.count": 2.5}, "mom.suggest.count: expected a whole number from 1 to 50, got 2.5; using 3"),
        ({"enable": 1}, "mom.enable: expected true or false, got 1; using True"),
        ({"exclude": "*.min.js"}, "mom.exclude: expected a list of strings, got '*.min.js'; using []"),
        ({"hints.dealy": 3}, "mom.hints.dealy is not a setting: did you mean mom.hints.delay?"),
        ({"qqqqqqqq": 3}, "mom.qqqqqqqq is not a setting"),
        ({"hints": 3}, "mom.hints: expected a group of settings; ignored"),
    ],
)
def test_a_bad_value_is_reported_and_defaulted(options: dict[str, Any], report: str) -> None:
    assert parse_settings(options) == (Settings(), [report])


def test_a_workspace_cannot_name_a_model() -> None:
    options = {"encoder": {"model": "/tmp/evil", "enable": False}}
    settings, reports = parse_settings(options, trusted=False)
    assert (settings.encoder.model, settings.encoder.enable) == ("", False)
    assert reports == ["mom.encoder.model: a workspace cannot set this; set it in your own settings"]
    assert parse_settings(options)[0].encoder.model == "/tmp/evil"


def test_a_bad_value_keeps_what_it_was_laid_over() -> None:
    base, _ = parse_settings({"hints.delay": 9})
    settings, reports = parse_settings({"hints.delay": -1}, base=base)
    assert settings == base
    assert reports[0].endswith("using 9")


def test_reports_are_bounded() -> None:
    _, reports = parse_settings({f"nonsense{i}": i for i in range(5_000)})
    assert len(reports) == 21
    assert reports[-1] == "4980 more were wrong"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("platformdirs.user_config_path", lambda name: tmp_path / "config" / name)
    (tmp_path / "config" / "mom-lsp").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    return tmp_path


def test_files_are_laid_over_each_other(home: Path) -> None:
    (home / "config/mom-lsp/settings.toml").write_text(
        '[hints]\ndelay = 1\nminimumSurprise = 2\n[encoder]\nmodel = "/m"'
    )
    (home / "work/.mom.toml").write_text('hints.delay = 2\n[encoder]\nmodel = "/evil"\n')
    settings, reports = load_settings(home / "work")
    assert (settings.hints.delay, settings.hints.minimum_surprise, settings.encoder.model) == (2, 2, "/m")
    assert len(reports) == 1
    assert ".mom.toml: mom.encoder.model" in reports[0]
    assert load_settings(None)[0].hints.delay == 1


def test_without_files_there_are_defaults(home: Path) -> None:
    assert load_settings(home / "work") == (Settings(), [])


@pytest.mark.parametrize(
    "content",
    [b"hints.delay = ", b"\xff\xfe", b"a = " + b"[" * 60_000, b"x" * 70_000, b"suggest.count = 0x" + b"f" * 60_000],
    ids=["syntax", "encoding", "depth", "size", "huge"],
)
def test_a_hostile_workspace_file_is_reported(home: Path, content: bytes) -> None:
    (home / "work/.mom.toml").write_bytes(content)
    settings, reports = load_settings(home / "work")
    assert settings == Settings()
    assert len(reports) == 1
    assert len(reports[0]) < 1_000


def test_a_workspace_file_behind_a_link_is_not_read(home: Path) -> None:
    (home / "elsewhere.toml").write_text("hints.delay = 1")
    (home / "work/.mom.toml").symlink_to(home / "elsewhere.toml")
    settings, reports = load_settings(home / "work")
    assert settings == Settings()
    assert "symbolic link" in reports[0]


def test_importing_settings_is_light() -> None:
    code = "import sys, mom_lsp.settings; print({'tomllib', 'platformdirs', 'difflib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
