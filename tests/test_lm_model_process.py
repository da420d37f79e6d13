"""The model's process: it answers, survives a kill, exits when idle, and is small."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from llama_models import RETRY, make_messages, needs_model
from processes import LONG

from mom_lsp.errors import ChildError, ModelError
from mom_lsp.lm import gguf, plan
from mom_lsp.lm.gguf_header import read_shape
from mom_lsp.lm.model_process import ModelProcess

MEGABYTE = 2**20


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def model() -> Iterator[ModelProcess]:
    process = ModelProcess(threads=1)
    yield process
    process.close()


def test_without_llama_cpp_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mom_lsp.lm.model_process.is_installed", lambda: False)
    with pytest.raises(ModelError, match="make setup-model"):
        list(ModelProcess().generate(make_messages(), limit=1))


@pytest.mark.slow
@needs_model
def test_the_model_answers_and_stays_small(model: ModelProcess) -> None:
    assert model.pid is None
    answer = "".join(model.generate(make_messages(), limit=24))
    assert "42" in answer
    assert model.count("two words") == 2
    reading = model.read(make_messages(), answer)
    assert reading.mass[RETRY].shape == (30, 9)
    assert "".join(model.generate(make_messages(), limit=24, bias={RETRY: [(0, 1, 0.5)]}))
    assert (model.info["name"], model.context) == (model.name, 2048)
    assert psutil.Process(model.pid).memory_info().rss < 400 * MEGABYTE


@pytest.mark.slow
@needs_model
def test_the_process_respects_its_memory_limit(model: ModelProcess) -> None:
    file = gguf.checked(gguf.find_model(""))
    need = plan.need(read_shape(file), file.size, 2048)
    "".join(model.generate(make_messages("Count to a thousand."), limit=200))
    process = psutil.Process(model.pid)
    assert need / 1.5 < process.memory_info().rss < need
    assert process.rlimit(psutil.RLIMIT_DATA)[0] == 5 * 10**9
    with pytest.raises(ModelError, match=r"needs 2\d\d MB of memory, but mom\.model\.maxMemory allows 200: raise it"):
        ModelProcess(memory=200 * 10**6).count("x")
    small = ModelProcess(memory=250 * 10**6, context=512)
    assert small.count("two words") == 2
    small.close()


def test_the_system_stops_a_process_that_exceeds_its_limit() -> None:
    greedy = f"from mom_lsp.lm.child import limit_resources; limit_resources(DATA={10**8}); kept = bytes(2 * {10**8})"
    done = subprocess.run([sys.executable, "-P", "-c", greedy], capture_output=True, text=True, check=False)
    assert done.stderr.strip().endswith("MemoryError")


@pytest.mark.slow
@needs_model
def test_a_kill_costs_one_answer(model: ModelProcess) -> None:
    pieces = model.generate(make_messages(), limit=400)
    next(pieces)
    assert model.pid is not None
    os.kill(model.pid, signal.SIGKILL)
    with pytest.raises(ChildError, match="ask again"):
        list(pieces)
    assert "".join(model.generate(make_messages(), limit=4))


@pytest.mark.slow
@needs_model
def test_closing_the_stream_stops_the_model(model: ModelProcess) -> None:
    pieces = model.generate(make_messages("Count to a thousand."), limit=1_500)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    began = time.monotonic()
    assert "".join(model.generate(make_messages(), limit=4))
    assert time.monotonic() - began < 30  # 1,500 tokens would take longer
    assert not list(model.generate(make_messages(), limit=4, cancelled=lambda: True))


@pytest.mark.slow
@needs_model
def test_an_idle_process_exits_and_is_restarted() -> None:
    process = ModelProcess(threads=1, idle=0.5)
    process.count("a word")
    first = process.pid
    psutil.Process(first).wait(LONG)
    assert process.count("a word") == 2
    assert process.pid != first
    process.close()


@pytest.mark.slow
@needs_model
def test_errors_of_the_child_keep_their_type_and_message(model: ModelProcess, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="GBNF"):
        list(model.generate(make_messages(), limit=4, grammar="root ::= ("))
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelError, match="cannot be loaded"):
        ModelProcess(str(broken)).count("x")
    gguf.checked(broken)
    broken.write_bytes(b"GGUF" + bytes(101))
    with pytest.raises(ModelError, match="has changed"):
        ModelProcess(str(broken)).count("x")
