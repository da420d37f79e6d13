"""A llama.cpp built for another processor: it is detected, restarted with safe settings, and remembered."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from llama_models import make_messages, needs_model

from mom_lsp.engine.model import LocalModel
from mom_lsp.errors import ChildError, ModelError
from mom_lsp.lm import processor_check
from mom_lsp.lm.gguf import confirmed_name, find_model
from mom_lsp.lm.model_process import ModelProcess
from mom_lsp.lm.processor_check import Support, crash, remember, remembered
from mom_lsp.settings import ModelSettings

SIGNALS = [signal.SIGILL, signal.SIGSEGV, pytest.param(signal.SIGBUS, marks=pytest.mark.slow)]
NO_SIGNAL, ALL = 0, "safe-too"

Start = Callable[..., ModelProcess]


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "mom-lsp" / "processors.json"


@pytest.fixture
def file(book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file that is accepted as a model."""
    for module in ("mom_lsp.lm.model_process", "mom_lsp.engine.model"):
        monkeypatch.setattr(f"{module}.is_installed", lambda: True)
    file = tmp_path / "dying.gguf"
    file.write_bytes(b"GGUF" + bytes(100))
    return file


@pytest.fixture
def dying(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Return a function that makes a model's process which dies of a signal: where, and with which settings."""
    made: list[ModelProcess] = []

    def make(number: int, where: str = "warm_up", settings: str = "", path: Path = file) -> ModelProcess:
        script = str(Path(__file__).with_name("dying_model.py"))
        monkeypatch.setattr("mom_lsp.lm.model_process.COMMAND", (script, str(number), where, settings))
        made.append(ModelProcess(str(path), threads=1))
        return made[-1]

    yield make
    for process in made:
        process.close()


def answer_of(process: ModelProcess) -> str:
    return "".join(process.generate(make_messages(), limit=1))


@pytest.mark.parametrize("number", SIGNALS)
def test_a_crash_is_retried_once_with_safe_settings_which_are_remembered(dying: Start, file: Path, number: int) -> None:
    process = dying(number)
    assert answer_of(process) == "alive"
    assert process.info["settings"].startswith("safe")
    assert remembered(confirmed_name(file)) is Support.SAFE
    again = dying(NO_SIGNAL)
    assert answer_of(again) == "alive"
    assert again.info["settings"].startswith("safe")  # without another try


def test_a_model_that_never_loads_is_given_up(dying: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mom_lsp.lm.model_process.LOADING", 0.5)
    process = dying(signal.SIGSTOP, "load", "safe-too")
    with pytest.raises(ModelError, match="did not load"):
        answer_of(process)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_crash_with_safe_settings_is_explained(dying: Start, file: Path, number: int) -> None:
    with pytest.raises(ModelError) as error:
        answer_of(dying(number, settings=ALL))
    for words in (signal.Signals(number).name, "built for another processor", "pip install", "mom model"):
        assert words in str(error.value)
    local, chosen = LocalModel(), ModelSettings(path=str(file))
    assert "built for another processor" in local.why_not(chosen)  # so not every request starts it again
    assert "built for another processor" in local.state(chosen)["problem"]
    assert answer_of(dying(NO_SIGNAL)) == "alive"  # `mom model` tries again
    assert local.why_not(chosen) == ""


@pytest.mark.parametrize("where", ["load", "generate"])
def test_a_crash_on_load_or_during_an_answer_is_handled(dying: Start, file: Path, where: str) -> None:
    assert answer_of(dying(signal.SIGILL, where)) == "alive"
    assert remembered(confirmed_name(file)) is Support.SAFE


def test_a_later_crash_with_safe_settings_is_restarted_by_the_next_request(dying: Start, file: Path) -> None:
    process = dying(signal.SIGSEGV, "generate", ALL)
    for _ in range(2):
        with pytest.raises(ChildError, match="segmentation fault"):
            answer_of(process)
    assert remembered(confirmed_name(file)) is Support.SAFE  # it computed well when it started


def test_a_killed_process_is_not_taken_for_a_crash(dying: Start, file: Path) -> None:
    with pytest.raises(ChildError, match="ask again"):
        answer_of(dying(signal.SIGKILL, "generate"))
    assert remembered(confirmed_name(file)) is Support.FULL


def test_status_calls_a_model_ready_only_after_its_first_computation(dying: Start, file: Path) -> None:
    local, chosen = LocalModel(), ModelSettings(path=str(file))
    assert not local.state(chosen)["tested"]
    assert answer_of(dying(NO_SIGNAL)) == "alive"
    assert local.state(chosen)["tested"]


def test_another_processor_library_or_model_is_checked_anew(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember("a/1", Support.NONE)
    assert (remembered("a/1"), remembered("a/2")) == (Support.NONE, None)
    with monkeypatch.context() as patch:
        patch.setattr(processor_check, "processor", lambda: "another")
        assert remembered("a/1") is None
    library = tmp_path / "site" / "llama_cpp" / "lib" / "libggml-cpu.so"
    library.parent.mkdir(parents=True)
    (library.parents[1] / "__init__.py").touch()
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: type("Spec", (), {"origin": str(library.parents[1] / "__init__.py")})
    )
    for built in (b"one", b"another"):
        library.write_bytes(built)
        assert remembered("a/1") is None
        remember("a/1", Support.FULL)


@pytest.mark.parametrize("content", ["", "[1]", '{"x": 1}', '{"x": '])
def test_a_damaged_record_is_rebuilt(book: Path, content: str) -> None:
    book.parent.mkdir(parents=True)
    book.write_text(content)
    assert remembered("a/1") is None
    remember("a/1", Support.SAFE)
    assert remembered("a/1") is Support.SAFE


def test_a_failure_to_remember_is_logged(book: Path, caplog: pytest.LogCaptureFixture) -> None:
    book.parent.parent.mkdir(parents=True)
    book.parent.write_text("in the way")
    remember("a/1", Support.SAFE)
    assert "cannot be written" in caplog.text


@pytest.mark.parametrize(
    ("code", "words"),
    [(-4, "illegal instruction"), (-11, "segmentation fault"), (0xC000001D, "illegal"), (0xC0000005, "access")],
)
def test_crash_exit_codes_of_every_platform_are_recognized(code: int, words: str) -> None:
    assert words in crash(code)


@pytest.mark.parametrize("code", [None, 0, 1, -9, -15, 0xC0000017])
def test_other_exit_codes_are_not_crashes(code: int | None) -> None:
    assert crash(code) == ""


@pytest.mark.slow
@needs_model
def test_the_real_model_answers_with_safe_settings(dying: Start, book: Path) -> None:
    process = dying(signal.SIGILL, settings="real", path=find_model(""))
    assert "42" in "".join(process.generate(make_messages(), limit=24))
    assert process.info["settings"].startswith("safe")
    assert set(json.loads(book.read_text()).values()) == {"safe"}
