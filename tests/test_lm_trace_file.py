"""The file of traces: replay, forgetting, damage and size."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from observations import HEADS, LAYERS, MEMORIES, make_seen, observations

from mom_lsp.errors import StoreError
from mom_lsp.lm.trace_file import TraceFile
from mom_lsp.lm.traces import Observation, replay


@pytest.fixture
def file(tmp_path: Path) -> TraceFile:
    return TraceFile(tmp_path / "traces.sqlite")


@given(st.lists(observations(), max_size=8))
def test_replaying_the_file_gives_the_same_traces(
    tmp_path_factory: pytest.TempPathFactory, seen: list[Observation]
) -> None:
    file = TraceFile(tmp_path_factory.mktemp("traces") / "traces.sqlite")
    for number, observation in enumerate(seen):
        file.add("model", LAYERS, HEADS, observation, f"text {number}")
    assert file.sources("model") == {f"text {number}" for number in range(len(seen))}
    assert [one.first for one in file.observations("model", LAYERS, HEADS)] == [one.first for one in seen]
    kept, direct = file.traces("model", LAYERS, HEADS), replay(seen, LAYERS, HEADS)
    for key in direct.strength | kept.strength:
        nothing = np.zeros((LAYERS, HEADS))
        assert np.allclose(kept.strength.get(key, nothing), direct.strength.get(key, nothing), atol=1e-6)
    assert file.traces("another model", LAYERS, HEADS).strength == {}


def test_forgetting_a_memory_removes_its_trace_and_every_byte(file: TraceFile) -> None:
    for memory in ("5ec4e75ec4e75ec4", "0123456789abcdef"):
        file.add("model", LAYERS, HEADS, make_seen(memory))
    file.add("model", LAYERS, HEADS, make_seen("0123456789abcdef"), source="5ec4e75ec4e75ec4")
    file.forget(["5ec4e75ec4e75ec4"])
    assert len(file.observations("model", LAYERS, HEADS)) == 2
    assert set(file.traces("model", LAYERS, HEADS).strength) == {("tls", "0123456789abcdef")}
    assert all(b"5ec4e75ec4e75ec4" not in path.read_bytes() for path in file.path.parent.iterdir())


def test_the_gains_of_each_strength_are_kept(file: TraceFile) -> None:
    saved = {0.5: 0.02, 1.0: -0.01, 1.5: -0.5}
    file.add("model", LAYERS, HEADS, replace(make_seen("a"), gains=saved))
    file.add("model", LAYERS, HEADS, make_seen("b"))
    assert file.gains("model") == [saved, {}]
    assert file.gains("another model") == []


def test_the_oldest_observations_are_dropped(file: TraceFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mom_lsp.lm.trace_file.KEPT", 2)
    for memory in MEMORIES:
        file.add("model", LAYERS, HEADS, make_seen(memory), f"text of {memory}")
    assert len(file.sources("model")) == len(MEMORIES), "nothing is learned from twice"
    assert {memory for _, memory in file.traces("model", LAYERS, HEADS).strength} == set(MEMORIES[-2:])


@pytest.mark.parametrize("harm", ["no database", "other columns", "other numbers", "no json"])
def test_a_damaged_or_outdated_file_is_recreated(file: TraceFile, harm: str) -> None:
    file.add("model", LAYERS, HEADS, make_seen("a"), "text")
    with closing(sqlite3.connect(file.path)) as raw, raw:
        match harm:
            case "other columns":
                raw.execute("ALTER TABLE observation RENAME COLUMN gains TO losses")
            case "other numbers":
                raw.execute("UPDATE part SET attention = x'00'")
            case "no json":
                raw.execute("UPDATE observation SET gains = '{'")
    if harm == "no database":
        file.path.write_bytes(b"no database at all, and long enough to be looked at" * 40)
    assert file.observations("model", LAYERS, HEADS) == []
    assert file.sources("model") == set()
    file.add("model", LAYERS, HEADS, make_seen("a"), "text")
    assert len(file.observations("model", LAYERS, HEADS)) == 1


def test_a_file_that_cannot_be_recreated_is_reported(file: TraceFile) -> None:
    file.path.mkdir()
    with pytest.raises(StoreError, match="delete it"):
        file.traces("model", LAYERS, HEADS)


def test_the_file_stays_small(file: TraceFile) -> None:
    grid = np.full((30, 9), 0.01)
    for _ in range(20):
        file.add(
            "model", 30, 9, Observation("tls", dict.fromkeys(MEMORIES[:3], grid), dict.fromkeys(MEMORIES[:3], 0.1))
        )
    assert file.size() / 60 < 1_000  # bytes a memory and observation
