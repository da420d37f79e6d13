"""The plan of the model: it fits the machine, uses what there is, and a setting of the user's wins."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from llama_models import needs_model
from test_lm_costs import SMOLLM2

from mom_lsp.cli.app import app
from mom_lsp.cli.model_plan import plan_document, print_plan
from mom_lsp.cli.sizes import Size
from mom_lsp.engine.model import LocalModel
from mom_lsp.lm.costs import Shape
from mom_lsp.lm.plan import (
    CONTEXT,
    LEAST_CONTEXT,
    MOST_MEMORIES,
    MOST_THREADS,
    Machine,
    Speed,
    described,
    need,
    planned,
)
from mom_lsp.settings import ModelSettings

GB = 10**9
WEIGHTS = 94_000_000  # of SmolLM2 135M
SEVEN = Shape(32, 4096, 32, 32, 128, 128, 11_008, 32_000, 4096)  # Llama 2 7B: 512 KB a token, no shared heads
SEVEN_WEIGHTS = 4_100_000_000
FAST = Speed(prompt=160, answer=60, threads=1)
machines = st.builds(Machine, st.integers(10**8, 32 * GB), st.integers(1, 64))


@given(machines, st.sampled_from([(SMOLLM2, WEIGHTS), (SEVEN, SEVEN_WEIGHTS)]), st.floats(0.1, 1000))
def test_a_plan_stays_within_the_machine(machine: Machine, model: tuple[Shape, int], speed: float) -> None:
    shape, weights = model
    plan = planned(shape, weights, machine, allowed=32 * GB, speed=Speed(speed, speed, 1))
    assert LEAST_CONTEXT <= plan.context <= CONTEXT and 1 <= plan.memories <= MOST_MEMORIES
    assert 1 <= plan.threads <= min(MOST_THREADS, max(1, machine.cores - 1))
    assert plan.needs == need(shape, weights, plan.context, 2)
    if plan.needs > machine.memory:
        assert plan.context == LEAST_CONTEXT and "too little" in plan.why[0]
    elif plan.context < CONTEXT:
        assert need(shape, weights, plan.context + 256, 2) > machine.memory  # the largest that fits


def test_a_large_model_gets_a_smaller_context_where_memory_is_short() -> None:
    found = [planned(SEVEN, SEVEN_WEIGHTS, Machine(free * GB, 4), allowed=32 * GB).context for free in (16, 6, 5)]
    assert found == [2048, 1536, 512]
    assert planned(SMOLLM2, WEIGHTS, described(4 * GB, 4), allowed=4 * GB).context == CONTEXT


def test_a_slow_machine_gets_fewer_memories_in_a_prompt() -> None:
    found = [
        planned(SMOLLM2, WEIGHTS, Machine(GB, 2), allowed=GB, speed=Speed(rate, rate, 1)).memories
        for rate in (100, 60, 40, 1)
    ]
    assert found == [3, 2, 1, 1]
    three = planned(SMOLLM2, WEIGHTS, Machine(GB, 4), allowed=GB, speed=Speed(40, 40, 1))
    assert (three.threads, three.memories) == (3, 3)  # three threads read three times as fast


def test_a_small_context_has_no_room_for_many_memories() -> None:
    found = [
        planned(SMOLLM2, WEIGHTS, Machine(GB, 2), allowed=GB, context=context, speed=FAST).memories
        for context in (512, 768, 1024, 4096)
    ]
    assert found == [1, 1, 2, 3]


def test_a_setting_wins() -> None:
    small = Machine(200_000_000, 2)
    plan = planned(SMOLLM2, WEIGHTS, small, allowed=GB, context=1500, threads=7)
    assert (plan.context, plan.threads) == (1500, 7)
    assert "mom.model.context" in plan.why[0] and "mom.model.threads" in plan.why[1]
    assert planned(SMOLLM2, WEIGHTS, small, allowed=GB, context=100).context == LEAST_CONTEXT
    trained = replace(SMOLLM2, context=1024)
    assert planned(trained, WEIGHTS, small, allowed=GB, context=4096).context == 1024
    assert planned(SMOLLM2, WEIGHTS, Machine(8 * GB, 2), allowed=200_000_000).context < CONTEXT  # mom.model.maxMemory


def test_reading_is_assumed_to_grow_with_the_threads_and_writing_is_not() -> None:
    assert Speed(100, 50, 2).on(4, 0.5) == Speed(100, 25, 4)


def test_a_plan_for_another_machine_is_an_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    info = {"name": "m", "shape": shape_values(), "speed": {"prompt": 160.0, "answer": 60.0, "threads": 1}}
    own = plan_document(info, WEIGHTS, ModelSettings(threads=1), 8 * GB, None, None, 1.0)
    assert own["speed"] == {"prompt": 160.0, "answer": 60.0, "threads": 1, "measured": True}
    board = plan_document(info, WEIGHTS, ModelSettings(), 64 * GB, 8 * GB, 4, 0.2)
    assert board["machine"] == {"memory": 6_500_000_000, "cores": 4}
    assert board["speed"] == {"prompt": pytest.approx(96), "answer": pytest.approx(12), "threads": 3, "measured": False}
    assert json.loads(json.dumps(board))["plan"]["threads"] == 3
    print_plan(board)
    out = capsys.readouterr().out
    assert "6500 MB free, 4 cores" in out and "estimated from the speed here" in out and "3 in a prompt" in out


def shape_values() -> dict[str, int]:
    return {name: getattr(SMOLLM2, name) for name in Shape.__dataclass_fields__}


def test_sizes_have_units() -> None:
    size = Size()
    assert [size.convert(text, None, None) for text in ("8GB", "500m", "1.5 GiB", "1024")] == [
        8 * GB,
        500_000_000,
        1_500_000_000,
        1024,
    ]
    result = CliRunner().invoke(app, ["model", "--plan", "--memory", "much"])
    assert result.exit_code == 2 and "not a size such as 8GB" in result.output


@pytest.mark.slow
@needs_model
def test_the_model_uses_the_plan_unless_the_user_set_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    result = CliRunner().invoke(app, ["-C", str(tmp_path), "model", "--plan", "--json"])
    assert result.exit_code == 0, result.output
    plan = json.loads(result.stdout)["plan"]
    local = LocalModel()
    try:
        used = local.process(ModelSettings()).info
        assert (used["context"], used["threads"]) == (plan["context"], plan["threads"])
        assert 1 <= used["memories"] <= MOST_MEMORIES and used["speed"]["prompt"] > 0
        tight = local.process(ModelSettings(max_memory=260)).info
        assert LEAST_CONTEXT <= tight["context"] < used["context"]
        own = local.process(ModelSettings(context=1100, threads=2)).info
        assert (own["context"], own["threads"]) == (1100, 2)
    finally:
        local.close()
