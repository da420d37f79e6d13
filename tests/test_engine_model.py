"""The model behind the engine: when it is used, which sentences are shown, and what happens when it fails."""

from __future__ import annotations

import os
import signal
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from llama_models import needs_model
from memories import make_memory
from repositories import Repo, Start

from mom_lsp import datafolder
from mom_lsp.engine.attention import Attention
from mom_lsp.engine.model import LocalModel, resident
from mom_lsp.lm.answer import Clue
from mom_lsp.lm.biased_heads import STRENGTH
from mom_lsp.lm.installed import is_installed
from mom_lsp.lm.prompts import why_messages
from mom_lsp.lm.trace_file import TraceFile
from mom_lsp.lm.trace_learning import Accepted
from mom_lsp.memory import never_cancelled
from mom_lsp.process import Restarts
from mom_lsp.settings import ModelSettings
from mom_lsp.workspace.accepted_texts import Text
from mom_lsp.workspace.answers.contract import attention
from mom_lsp.workspace.ranking.explanation import Explanation

LIMIT = make_memory(1, "Limit retries to 42", body="The server bans a client after 50 attempts.")
CLUES = (Clue(LIMIT, "last changed this line"),)
KNOWN = Explanation("src/client.py", 5, "fetch", "for attempt in range(42):", CLUES, [])
NOTHING = Explanation("src/client.py", 5, "fetch", "x = 1", (), [])
MEGABYTE = 2**20
needs_llama_cpp = pytest.mark.skipif(not is_installed(), reason="llama.cpp is not installed: `make setup-model`")


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def local(request: pytest.FixtureRequest) -> Iterator[Any]:
    model = LocalModel()
    yield model
    model.close()


def test_a_disabled_model_is_not_used(local: LocalModel) -> None:
    off = ModelSettings(rephrase=True, enable=False)
    assert local.word(off, KNOWN) == ""
    assert "mom.model.enable" in local.why_not(off)
    assert local.state(off)["pid"] is None


@needs_model
def test_a_damaged_model_list_is_reported_and_does_not_break_status(local: LocalModel, tmp_path: Path) -> None:
    book = tmp_path / "data" / "mom-lsp" / "models.json"
    book.parent.mkdir(parents=True)
    book.write_text("no list")
    assert "remove it" in local.state(ModelSettings())["problem"]


def test_without_llama_cpp_it_says_how_to_install_it(local: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mom_lsp.engine.model.is_installed", lambda: False)
    assert "make setup-model" in local.why_not(ModelSettings())
    assert local.word(ModelSettings(rephrase=True), KNOWN) == ""


@needs_llama_cpp
def test_a_model_that_fails_to_load_backs_off(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no model")
    now, chosen = [0.0], ModelSettings(rephrase=True, path=str(broken))
    local = LocalModel(lambda: now[0])
    try:
        for pause in (1, 2, 4):
            assert local.word(chosen, KNOWN) == ""
            assert "not a GGUF file" in local.why_not(chosen)
            now[0] += pause - 0.1
            assert local.why_not(chosen)
            now[0] += 0.1
            assert not local.why_not(chosen)
        for _ in range(Restarts.LIMIT):
            local.word(chosen, KNOWN)
            now[0] += 16
        assert local.why_not(chosen)  # it gave up for a while
    finally:
        local.close()


def test_without_a_model_the_extractive_answer_is_returned(project: Repo, moms: Start) -> None:
    project.commit("Add a client", {"a.py": "x = 1\n"})
    mom = moms(project)
    mom.index()
    asked = mom.call("why", path="a.py", line=1, generate=True)
    assert not asked["generated"]
    assert "Add a client" in asked["answer"]
    assert mom.call("status")["model"]["problem"]
    check = next(one for one in mom.call("doctor")["checks"] if one["name"] == "model")
    assert check["ok"] is None and "mom.model.enable" in check["message"]


def test_the_memory_of_a_process_is_measured() -> None:
    size = resident(os.getpid())
    assert size is None or abs(size - psutil.Process().memory_info().rss) < 50 * MEGABYTE


@pytest.mark.slow
@needs_model
def test_the_real_model_says_only_supported_things_and_stays_small(local: LocalModel) -> None:
    chosen = ModelSettings(rephrase=True, threads=1)
    words = local.word(chosen, KNOWN)
    assert words == "" or words.endswith(" [1].")
    state = local.state(chosen)
    assert state["name"].startswith("SmolLM2")
    assert state["memory_bytes"] < 400 * MEGABYTE
    assert "attention bias available" in local.examine(chosen)


@needs_model
def test_the_model_rephrases_only_if_the_setting_says_so(local: LocalModel) -> None:
    by_default = ModelSettings(threads=1)
    assert local.word(by_default, KNOWN) == ""
    assert local.state(by_default)["pid"] is None and not local.state(by_default)["rephrases"]
    assert local.state(ModelSettings(rephrase=True))["rephrases"]


@pytest.mark.slow
@needs_model
def test_without_a_known_reason_the_model_is_not_started(local: LocalModel) -> None:
    bare = Explanation("src/client.py", 5, "fetch", "x = 1", (Clue(make_memory(2, "Fix #12"), "changed it"),), [])
    for known in (NOTHING, bare):
        assert local.word(ModelSettings(rephrase=True, threads=1), known) == ""
    assert local.state(ModelSettings(threads=1))["pid"] is None


@pytest.mark.slow
@needs_model
def test_cancelling_stops_the_model_and_the_next_request_works(local: LocalModel) -> None:
    chosen, asked = ModelSettings(rephrase=True, threads=1), []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 3

    assert local.word(chosen, KNOWN, cancelled) == ""
    assert local.problem == ""
    local.word(chosen, KNOWN)
    assert local.problem == ""


@pytest.mark.slow
@needs_model
def test_a_killed_model_costs_one_answer_and_a_short_pause() -> None:
    now, chosen = [0.0], ModelSettings(rephrase=True, threads=1)
    local = LocalModel(lambda: now[0])
    try:
        assert local.examine(chosen)
        pid = local.state(chosen)["pid"]
        killed: list[int] = []

        def kill() -> bool:
            if not killed:
                killed.append(pid)
                os.kill(pid, signal.SIGKILL)
            return False

        assert local.word(chosen, KNOWN, kill) == ""
        assert local.why_not(chosen)
        now[0] += 1
        assert not local.why_not(chosen)
        local.word(chosen, KNOWN)
        assert local.problem == "" and local.state(chosen)["pid"] not in (None, pid)
    finally:
        local.close()


@pytest.mark.slow
@needs_model
def test_different_settings_use_a_different_process(local: LocalModel) -> None:
    first = local.process(ModelSettings(threads=1)).info["context"]
    assert local.process(ModelSettings(threads=1, context=1024)).info["context"] == 1024 != first


# Traces


@pytest.fixture
def drawn(tmp_path: Path) -> Iterator[LocalModel]:
    """Return a model whose attention has learned from one accepted answer."""
    model = LocalModel(attention=Attention(TraceFile(tmp_path / datafolder.TRACES)))
    yield model
    model.close()


def accepted_texts(known: Container[str]) -> Iterator[Text]:
    """Yield one answer that was accepted, unless it is known."""
    question = why_messages([LIMIT], KNOWN.path, KNOWN.symbol, KNOWN.text)
    text = "Retries are limited to 42 because the server bans a client after 50 attempts."
    if "a note" not in known:
        yield Text("a note", Accepted("src", tuple(question), text, LIMIT.id))


@pytest.mark.slow
@needs_model
def test_an_accepted_text_biases_attention_until_its_memory_is_forgotten(drawn: LocalModel, tmp_path: Path) -> None:
    chosen, ids = ModelSettings(rephrase=True, threads=1), [LIMIT.id]
    assert drawn.drawn(chosen, KNOWN.path, ids) == {}
    assert drawn.state(chosen)["pid"] is None, "nothing was learned, so nothing is loaded"
    assert drawn.learn(chosen, accepted_texts, never_cancelled)
    assert not drawn.learn(chosen, accepted_texts, never_cancelled), "once is enough"
    bias = drawn.drawn(chosen, KNOWN.path, ids)
    strengths = [strength for _, _, strength in bias[LIMIT.id]]
    assert max(strengths) == STRENGTH and min(strengths) < STRENGTH / 2, "each by the size of its trace"
    assert drawn.drawn(ModelSettings(threads=1, traces=False), KNOWN.path, ids) == {}
    (shown,) = attention(bias)
    assert shown["id"] == LIMIT.id and 0 < shown["strength"] < STRENGTH and shown["heads"] > 10
    drawn.word(chosen, KNOWN)
    words = drawn.word(chosen, KNOWN, drawn=bias)
    assert drawn.problem == "" and (words == "" or words.endswith(" [1]."))
    state = drawn.state(chosen)
    assert state["memory_bytes"] < 400 * MEGABYTE, "with the hook and without"
    assert state["traces"]["texts"] == 1 and state["traces"]["bytes"] == (tmp_path / datafolder.TRACES).stat().st_size
    drawn.forget(ids)
    assert drawn.state(chosen)["pid"] is None, "its cache of keys and values is gone with it"
    assert LIMIT.id.encode() not in (tmp_path / datafolder.TRACES).read_bytes()
    assert drawn.drawn(chosen, KNOWN.path, ids) == {}


@pytest.mark.slow
@needs_model
def test_a_kept_answer_is_learned_from_in_idle_time(project: Repo, moms: Start, home: Path) -> None:
    (home / "mom-lsp" / "settings.toml").write_text(
        "[encoder]\nenable = false\n[model]\nrephrase = true\nthreads = 1\n"
    )
    project.commit("Limit retries to 42\n\nBecause the server bans a client after 50 attempts.", {"a.py": "x = 42\n"})
    mom = moms(project)
    mom.index()
    (memory,) = mom.call("why", path="a.py", line=1)["citations"]
    text = "Retries are limited as the server bans a client after 50 attempts [1]."
    mom.call("note", text=text, path="a.py", line=1, generated=True)
    mom.service.learn(never_cancelled)
    traces = mom.call("status")["model"]["traces"]
    assert traces["texts"] == 1 and traces["bytes"] > 0
    answer = mom.call("why", path="a.py", line=1, generate=True)
    assert [one["id"] for one in answer["attention"]] == [memory["id"]]
    assert mom.call("why", path="a.py", line=1)["attention"] == [], "only the model has any"
    settings = mom.service.workspace(str(mom.root)).settings.model
    assert list(mom.service.model.drawn(settings, "a.py", [memory["id"]])) == [memory["id"]]
    mom.call("forget", id=memory["id"])
    assert mom.call("status")["model"]["pid"] is None
    assert mom.service.model.drawn(settings, "a.py", [memory["id"]]) == {}


@pytest.mark.slow
@needs_model
def test_interrupted_learning_keeps_nothing(drawn: LocalModel, tmp_path: Path) -> None:
    chosen, asked = ModelSettings(rephrase=True, threads=1), []
    assert drawn.process(chosen).info["layers"] == 30

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 3

    assert drawn.learn(chosen, accepted_texts, cancelled), "there is still something to learn"
    assert drawn.problem == "" and not (tmp_path / datafolder.TRACES).exists()
    assert drawn.learn(chosen, accepted_texts, never_cancelled)
    assert drawn.state(chosen)["traces"]["texts"] == 1


@pytest.mark.slow
@needs_model
def test_a_memory_forgotten_during_learning_is_not_learned(drawn: LocalModel, tmp_path: Path) -> None:
    attention, chosen, asked = drawn.attention, ModelSettings(rephrase=True, threads=1), []
    assert attention is not None

    def cancelled() -> bool:
        if not asked:
            attention.forget([LIMIT.id])
        asked.append(True)
        return False

    assert drawn.learn(chosen, accepted_texts, cancelled), "there is still something to learn"
    assert asked and drawn.problem == "" and not (tmp_path / datafolder.TRACES).exists()


def test_learning_and_forgetting_start_no_process(drawn: LocalModel) -> None:
    assert not drawn.learn(ModelSettings(enable=False), accepted_texts, never_cancelled)
    assert not drawn.learn(ModelSettings(), lambda known: iter(()), never_cancelled)
    drawn.forget([LIMIT.id])
    assert drawn.state(ModelSettings())["pid"] is None
