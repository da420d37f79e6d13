"""The cost model beside what our own code takes: counts agree exactly; how far times do is for a reader to see."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from llama_models import needs_model
from threadpoolctl import threadpool_limits

from mom_lsp.evaluation import cost_bench
from mom_lsp.evaluation.cost_bench import CostRow, memory_rows, numpy_rates


def measured() -> list[CostRow]:
    with threadpool_limits(1):
        return list(memory_rows(numpy_rates()))


def test_counts_and_bytes_are_exact_and_times_are_there() -> None:
    for row in measured():
        assert row.predicted > 0 and row.took > 0, row.name
        extra = 1.06 if row.name.startswith("continuous") else 1.0  # cosines, and the mixture of its levels
        assert row.products <= (row.counted or 0) <= row.products * extra, row.name
        assert row.state == row.kept, row.name


@pytest.mark.slow
@needs_model
def test_the_models_time_after_a_long_text_is_predicted_from_a_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("sys.argv", ["cost_bench", "--json"])
    cost_bench.main()
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["model, reading 64 after 1024 tokens"]["ratio"] > 0
    assert rows["model, writing one after 1024 tokens"]["ratio"] > 0
    assert rows["model, writing one after 128 tokens"]["ratio"] == pytest.approx(1)
