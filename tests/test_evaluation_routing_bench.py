"""`mom bench --routing`: the figures are what they claim to be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from mom_lsp.cli.app import app
from mom_lsp.evaluation.footprint import footprint
from mom_lsp.evaluation.routing_bench import measure_routing
from mom_lsp.evaluation.synthetic import MEAN_COSINE, QUESTION, make_questions, make_vectors
from mom_lsp.store.arrays import load_arrays, save_arrays


def test_synthetic_vectors_are_realistic_and_deterministic() -> None:
    made = make_vectors(2_000)
    assert (made.vectors == make_vectors(2_000).vectors).all()
    assert np.linalg.norm(made.vectors, axis=1) == pytest.approx(np.ones(2_000), abs=1e-5)
    assert (made.vectors[:1_000] * made.vectors[1_000:]).sum(1).mean() == pytest.approx(MEAN_COSINE, abs=0.03)
    best = (make_questions(made.vectors, 20) @ made.vectors.T).max(1)
    assert (best > QUESTION - 0.01).all()


def test_a_row_has_recall_balance_times_and_bytes() -> None:
    (row,) = measure_routing([], [1_000], lambda name, done, total: None)
    assert row["recall"]["flat"] > 0.95 and row["recall"]["flat"] >= row["recall"]["domains"] > 0.5
    assert 0 < row["opened"] < 0.5 and row["largest"] <= row["bound"]
    assert all(
        row[part][way]["p95"] >= row[part][way]["p50"] > 0 for part in ("search", "ranking") for way in row[part]
    )
    assert row["bytes"]["beyond"] < row["held"]["own"]


def test_a_footprint_counts_shared_arrays_once_and_mapped_ones_separately(tmp_path: Path) -> None:
    array = np.zeros(1_000)
    save_arrays(tmp_path / "kept", "x", {"a": array})
    known = load_arrays(tmp_path / "kept", "x")
    assert known is not None and not known["a"].flags.writeable
    found = footprint([array, array, array[:7]], known["a"])
    assert (found.mapped, 8_000 < found.own < 8_200) == (8_000, True)


def test_the_command_prints_a_json_document() -> None:
    answer = CliRunner().invoke(app, ["bench", "--routing", "--up-to", "10", "--json"])
    assert (answer.exit_code, json.loads(answer.stdout)) == (0, {"rows": []})
