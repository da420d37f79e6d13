"""Recent edits as a cue: off by default, and fed by edits, not by views."""

from __future__ import annotations

import numpy as np
import pytest
from memories import HashEncoder
from repositories import Repo, Start

from mom_lsp.cues.cms import unit
from mom_lsp.store import Store
from mom_lsp.workspace.ranking.recent_edits import RecentEdits

EVENTS = unit(np.random.default_rng(0).standard_normal((6, 32)).astype(np.float32))


def test_only_recent_edits_are_read_out() -> None:
    memory = RecentEdits()
    assert memory.read(EVENTS[0]) is None
    for number, event in enumerate(EVENTS[:4]):
        memory.record(f"edit {number}", event)
    read = memory.read(EVENTS[2])
    assert read is not None and np.argmax(EVENTS @ read) == 2
    assert abs(np.linalg.norm(read) - 1) < 1e-5


def test_a_repeated_edit_is_ignored_and_a_new_encoder_resets_the_memory() -> None:
    memory = RecentEdits()
    memory.record("edit", EVENTS[0])
    before = memory.read(EVENTS[1])
    memory.record("edit", EVENTS[0])
    assert np.array_equal(memory.read(EVENTS[1]), before)
    assert memory.read(EVENTS[0][:8]) is None
    memory.record("edit", EVENTS[1][:8])
    memory.record("other edit", unit(EVENTS[1][None, :8])[0])
    assert memory.read(EVENTS[0]) is None


def test_recent_edits_count_only_if_enabled(project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    first = "def one():\n    return first_of_all\n"
    project.commit("Write one\n\nBecause of this.", {"a.py": first})
    project.commit("Write two\n\nBecause of that.", {"b.py": "def two():\n    return second\n"})
    mom = moms(project)
    mom.index()
    library = mom.service.library
    assert isinstance(library.store, Store)
    contents = [content for content in library.snapshot().catalog.contents if content]
    library.store.put_vectors("hash", contents, HashEncoder().encode(contents))
    monkeypatch.setattr("mom_lsp.engine.service.choose", lambda model: HashEncoder())

    mom.call("configure", options={"encoder": {"enable": True}})

    def shares() -> list[float]:
        mom.suggest("b.py", 2, text="def two():\n    return second_edited\n")  # an edit, then another place
        return [one["terms"]["sem"] for one in mom.suggest("a.py", 2, text=first)]

    usual = shares()
    assert shares() == usual  # off: edits change nothing
    mom.call("configure", options={"encoder": {"enable": True, "context": True}})
    assert shares() != usual
