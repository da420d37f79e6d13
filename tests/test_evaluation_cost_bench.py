"""The cost model beside what our own code takes: counts agree exactly, times within a factor of two."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from llama_models import needs_model
from threadpoolctl import threadpool_limits

from mom_lsp.evaluation import cost_bench
from mom_lsp.evaluation.cost_bench import CostRow, memory_rows, numpy_rates

TRIES = 3  # another program may disturb one


def measured() -> list[CostRow]:
    with threadpool_limits(1):
        return list(memory_rows(numpy_rates()))


def test_counts_and_bytes_are_exact() -> None:
    for row in measured():
        extra = 1.06 if row.name.startswith("continuous") else 1.0  # cosines, and the mixture of its levels
        assert row.products <= (row.counted or 0) <= row.products * extra, row.name
        assert row.state == row.kept, row.name


@pytest.mark.slow
@pytest.mark.alone
def test_times_are_predicted_within_a_factor_of_two() -> None:
    wrong: list[CostRow] = []
    for _ in range(TRIES):
        wrong = [row for row in measured() if not 0.5 <= row.ratio <= 2]
        if not wrong:
            return
    pytest.fail(f"took another time than predicted: {wrong}")


@pytest.mark.slow
@needs_model
def test_the_models_time_after_a_long_text_is_predicted_from_a_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("sys.argv", ["cost_bench", "--json"])
    cost_bench.main()
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert 0.5 <= rows["model, reading 64 after 1024 tokens"]["ratio"] <= 2
    assert 0.5 <= rows["model, writing one after 1024 tokens"]["ratio"] <= 2
    assert rows["model, writing one after 128 tokens"]["ratio"] == pytest.approx(1)
