"""Settings: parsed once, complete, never fatal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.settings import (
    EditorSettings,
    Settings,
    describe,
    differing,
    parse_settings,
    resolve,
    save_editor_settings,
    saved_editor_settings,
)

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


@given(OPTIONS, st.sampled_from([{}, {"machine": "no", "file": "no"}]))
def test_any_json_gives_valid_settings(options: Any, refused: Any) -> None:
    settings, reports = parse_settings(options, refused=refused)
    assert_valid(settings)
    assert all(isinstance(report, str) and report and "\n" not in report for report in reports)


@given(st.sampled_from(sorted(KNOWN)), st.booleans() | st.integers() | st.floats() | st.text())
def test_a_value_is_either_accepted_or_reported(name: str, value: Any) -> None:
    settings, reports = parse_settings({name: value})
    assert_valid(settings)
    assert (read(settings, name) == value) if not reports else reports[0].startswith(name)


def test_the_defaults_match_the_contract() -> None:
    settings, reports = parse_settings({})
    assert (settings, reports) == (Settings(), [])
    assert settings.enable and settings.hints.enable and settings.index.comments and settings.index.documents
    assert (settings.hints.delay, settings.hints.minimum_surprise, settings.hints.threshold) == (500, 1, 0.35)
    assert (settings.suggest.count, settings.suggest.threshold) == (3, 0.25)
    weights = settings.weights
    assert (weights.sem, weights.lex, weights.temp, weights.use, weights.place) == (1, 1, 1, 1, 1)
    assert settings.index.max_file_size == 1_000_000
    assert (settings.encoder.model, settings.encoder.enable, settings.engine.idle_minutes) == ("", True, 1)


@pytest.mark.parametrize(
    "options",
    [
        {"hints": {"delay": 700, "minimumSurprise": 1}},
        {"mom": {"hints": {"delay": 700, "minimumSurprise": 1}}},
        {"mom.hints.delay": 700, "mom.hints.minimumSurprise": 1},
        {"hints.delay": 700.0, "mom.hints": {"minimumSurprise": 1}},
    ],
)
def test_nested_and_dotted_names_are_equivalent(options: dict[str, Any]) -> None:
    settings, reports = parse_settings(options)
    assert (settings.hints.delay, settings.hints.minimum_surprise, reports) == (700, 1, [])


@pytest.mark.parametrize(
    ("options", "report"),
    [
        (
            {"hints": {"delay": "x"}},
            "mom.hints.delay: expected an integer of milliseconds from 0 to 60000, got 'x'; using 500",
        ),
        (
            {"suggest": {"threshold": float("nan")}},
            "mom.suggest.threshold: expected a number from 0 to 1, got nan; using 0.25",
        ),
        ({"suggest.count": 2.5}, "mom.suggest.count: expected an integer from 1 to 50, got 2.5; using 3"),
        ({"enable": 1}, "mom.enable: expected true or false, got 1; using true"),
        ({"exclude": "*.min.js"}, "mom.exclude: expected a list of strings, got '*.min.js'; using []"),
        ({"hints.dealy": 3}, "mom.hints.dealy is not a setting and is ignored; did you mean mom.hints.delay?"),
        ({"qqqqqqqq": 3}, "mom.qqqqqqqq is not a setting and is ignored"),
        ({"hints": 3}, "mom.hints: expected a group of settings; ignored"),
    ],
)
def test_a_bad_value_is_reported_and_replaced_by_the_default(options: dict[str, Any], report: str) -> None:
    assert parse_settings(options) == (Settings(), [report])


@pytest.mark.parametrize("name", ["exclude", "fleet.exclude"])
@pytest.mark.parametrize("odd", ["!", "\\", "[z-a]"])
def test_a_pattern_that_cannot_be_read_is_reported_and_the_others_count(name: str, odd: str) -> None:
    settings, problems = parse_settings({name: ["*.lock", odd, "dist/"]})
    assert (settings.fleet if name == "fleet.exclude" else settings).exclude == ("*.lock", "dist/")
    assert problems == [f"mom.{name}: {odd!r} is no pattern of `.gitignore`; ignored"]


def test_a_source_cannot_set_a_refused_scope_and_the_reason_is_reported() -> None:
    options = {"encoder": {"model": "/tmp/evil", "enable": False}}
    settings, reports = parse_settings(options, refused={"machine": "set it elsewhere"})
    assert (settings.encoder.model, settings.encoder.enable) == ("", False)
    assert reports == ["mom.encoder.model: set it elsewhere"]
    base = parse_settings(options)[0]
    assert base.encoder.model == "/tmp/evil"
    assert parse_settings(options, base=base, refused={"machine": "set it elsewhere"}) == (base, [])


def test_a_bad_value_keeps_the_value_below_it() -> None:
    base, _ = parse_settings({"hints.delay": 9})
    settings, reports = parse_settings({"hints.delay": -1}, base=base)
    assert settings == base
    assert reports[0].endswith("using 9")


def test_reports_are_bounded() -> None:
    _, reports = parse_settings({f"nonsense{i}": i for i in range(5_000)})
    assert len(reports) == 21
    assert reports[-1] == "4980 more problems"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("platformdirs.user_config_path", lambda name: tmp_path / "config" / name)
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / "data" / name)
    (tmp_path / "config" / "mom-lsp").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    return tmp_path


def user_says(home: Path, content: str) -> None:
    (home / "config/mom-lsp/settings.toml").write_text(content)


def repository_says(home: Path, content: str) -> None:
    (home / "work/.mom.toml").write_text(content)


def test_each_source_overrides_those_before_it(home: Path) -> None:
    user, workspace = {"mom.hints.delay": 3}, {"mom.hints.delay": 4}

    def delay(editor: EditorSettings | None = None) -> int:
        return resolve(home / "work", editor).settings.hints.delay

    assert delay() == 500
    repository_says(home, "hints.delay = 1")
    assert delay() == 1
    user_says(home, "hints.delay = 2")
    assert delay() == 2
    assert delay(EditorSettings(user=user, tells_scopes=True)) == 3
    assert delay(EditorSettings(workspace, user, tells_scopes=True)) == 4
    assert delay(EditorSettings(workspace)) == 4


MACHINE = {"mom.model.path": "/evil.gguf", "mom.model.maxMemory": 123, "mom.encoder.model": "/evil"}


def of_machine(settings: Settings) -> tuple[str, int, str]:
    return settings.model.path, settings.model.max_memory, settings.encoder.model


def test_the_machine_settings_are_those_that_this_test_knows() -> None:
    assert {info.name for info in describe() if info.scope == "machine"} == set(MACHINE)


def test_repository_and_workspace_settings_cannot_name_a_model(home: Path) -> None:
    repository_says(home, '[model]\npath = "/evil.gguf"\nmaxMemory = 123\n[encoder]\nmodel = "/evil"\n')
    found = resolve(home / "work", EditorSettings(MACHINE, tells_scopes=True))
    assert of_machine(found.settings) == of_machine(Settings())
    assert len(found.in_files) == len(found.in_editor) == len(MACHINE)
    assert all("set it in" in report and "settings.toml" in report for report in found.in_files)
    assert all("set it in your editor's user settings" in report for report in found.in_editor)


def test_the_user_can_name_a_model_in_a_file_or_a_scope_aware_editor(home: Path) -> None:
    wanted = tuple(MACHINE.values())
    found = resolve(home / "work", EditorSettings(user=MACHINE, tells_scopes=True))
    assert (of_machine(found.settings), found.problems) == (wanted, [])
    user_says(home, "\n".join(f"{name} = {value!r}" for name, value in MACHINE.items()))
    assert of_machine(resolve(home / "work").settings) == wanted


def test_an_editor_without_scopes_names_a_model_only_if_the_user_file_trusts_it(home: Path) -> None:
    asked = EditorSettings({**MACHINE, "mom.trustEditor": True})
    found = resolve(home / "work", asked)
    assert of_machine(found.settings) == of_machine(Settings())
    assert not found.settings.trust_editor
    assert [report.partition(":")[0] for report in found.in_editor] == [*MACHINE, "mom.trustEditor"]
    assert all(str(home / "config/mom-lsp/settings.toml") in report for report in found.in_editor)
    assert "trustEditor = true" in found.in_editor[0]
    repository_says(home, "trustEditor = true")
    assert of_machine(resolve(home / "work", asked).settings) == of_machine(Settings())
    user_says(home, "trustEditor = true")
    found = resolve(home / "work", asked)
    assert (of_machine(found.settings), found.in_editor) == (tuple(MACHINE.values()), ())


def test_an_editor_may_repeat_the_values_of_the_user_file(home: Path) -> None:
    user_says(home, 'model.path = "/mine.gguf"')
    found = resolve(home / "work", EditorSettings({"model": {"path": "/mine.gguf", "maxMemory": 4000}}))
    assert (found.settings.model.path, found.problems) == ("/mine.gguf", [])


def test_without_files_the_defaults_apply(home: Path) -> None:
    found = resolve(home / "work")
    assert (found.settings, found.problems) == (Settings(), [])


@pytest.mark.parametrize(
    "content",
    [b"hints.delay = ", b"\xff\xfe", b"a = " + b"[" * 60_000, b"x" * 70_000, b"suggest.count = 0x" + b"f" * 60_000],
    ids=["syntax", "encoding", "depth", "size", "huge"],
)
def test_a_hostile_workspace_file_is_reported(home: Path, content: bytes) -> None:
    (home / "work/.mom.toml").write_bytes(content)
    found = resolve(home / "work")
    assert found.settings == Settings()
    assert len(found.problems) == 1
    assert len(found.problems[0]) < 1_000


def test_a_symlinked_workspace_file_is_not_read(home: Path) -> None:
    (home / "elsewhere.toml").write_text("hints.delay = 1")
    (home / "work/.mom.toml").symlink_to(home / "elsewhere.toml")
    found = resolve(home / "work")
    assert found.settings == Settings()
    assert "symbolic link" in found.problems[0]


@given(OPTIONS, OPTIONS, st.booleans(), st.text())
def test_editor_settings_round_trip(user: Any, workspace: Any, scopes: bool, name: str) -> None:
    sent = {"options": workspace, "user": user, "tells_scopes": scopes, "name": name}
    editor = EditorSettings.read(sent)
    again = EditorSettings.read(json.loads(json.dumps(editor.plain())))
    assert repr(again) == repr(editor)  # a NaN is not equal to itself


def test_the_last_settings_of_each_editor_are_kept_outside_the_repository(home: Path) -> None:
    (data := home / "work/.git/mom").mkdir(parents=True)
    (other := home / "other").mkdir()
    sets = [EditorSettings({"suggest.count": n}, name=name) for n, name in enumerate(("code", "vim", "code"), 1)]
    for editor in sets:
        save_editor_settings(data, home / "work", editor)
    save_editor_settings(data, other, sets[0])
    assert saved_editor_settings(data) == [(home / "work", sets[1]), (home / "work", sets[2]), (other, sets[0])]
    assert list(data.iterdir()) == []
    other.rmdir()
    save_editor_settings(data, home / "work", EditorSettings(name="code"))
    assert saved_editor_settings(data) == [(home / "work", sets[1]), (home / "work", EditorSettings(name="code"))]
    save_editor_settings(home, home / "work", EditorSettings(name="code"))
    assert saved_editor_settings(home) == [], "nothing is kept where no editor has set anything"
    assert saved_editor_settings(home / "elsewhere") == []


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"set": 3}', '{"set": [3]}', '{"set": [{"user": {}}]}', "\x00"])
def test_a_damaged_copy_of_editor_settings_is_ignored(home: Path, content: str) -> None:
    save_editor_settings(home, home / "work", EditorSettings({"suggest.count": 1}))
    (file,) = (home / "data/mom-lsp/editors").iterdir()
    file.write_text(content)
    assert saved_editor_settings(home) == []


def test_settings_that_differ_are_listed() -> None:
    other, _ = parse_settings({"suggest.count": 9, "index.comments": False})
    assert differing(Settings(), other) == ["mom.suggest.count", "mom.index.comments"]
    assert differing(other, other) == []


def test_importing_settings_is_light() -> None:
    code = "import sys, mom_lsp.settings; print({'tomllib', 'platformdirs', 'difflib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
