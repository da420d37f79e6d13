"""The effect of events on a memory's life, and undoing them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.journal import Event
from mom_lsp.memory import Usage
from mom_lsp.tiers.lifecycle import (
    NOTE_GRACE,
    Life,
    expired_notes,
    fold,
    forgotten_notes,
)
from mom_lsp.tiers.undo import FEEDBACK, undoable

KINDS = ["pin", "unpin", "useful", "dismiss", "forget", "restore", "note", "shown", "opened", "inserted", "purge"]
events = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from(["m1", "m2"]), st.sampled_from(["", "f"])), max_size=12
)


def make_log(*steps: tuple[str, str, str]) -> list[Event]:
    return [
        Event(n, float(n), kind, memory, "a.py", symbol, data={"text": f"note {n}"} if kind == "note" else {})
        for n, (kind, memory, symbol) in enumerate(steps, 1)
    ]


def state(life: Life) -> tuple[Any, Any]:
    return {m: u for m, u in life.usage.items() if u != Usage()}, life.notes


@given(events, st.sampled_from(sorted(FEEDBACK)), st.sampled_from(["m1", "m3"]))
def test_undo_restores_the_previous_state(steps: list[tuple[str, str, str]], kind: str, memory: str) -> None:
    before = make_log(*steps)
    done = make_log(*steps, (kind, memory, "f"))
    last = undoable(done)
    assert last == done[-1]
    undone = [*done, Event(len(done) + 1, 99.0, "undo", memory, data={"seq": last.seq})]
    assert state(fold(undone)) == state(fold(before))
    assert undoable(undone) == undoable(before)  # a second undo takes back the one before


@given(events)
def test_feedback_on_one_memory_does_not_affect_others(steps: list[tuple[str, str, str]]) -> None:
    log = make_log(*steps)
    alone = [event for event in log if event.memory == "m1"]
    assert fold(log).of("m1") == fold(alone).of("m1")


@given(events)
def test_no_memory_is_both_pinned_and_forgotten_and_uses_only_grow(steps: list[tuple[str, str, str]]) -> None:
    log = make_log(*steps)
    uses = 0
    for n in range(len(log) + 1):
        life = fold(log[:n])
        assert not life.pinned & life.forgotten
        assert life.of("m1").uses >= uses
        uses = life.of("m1").uses


@given(events, st.randoms())
def test_the_order_of_events_for_different_memories_does_not_matter(
    steps: list[tuple[str, str, str]], random: Any
) -> None:
    log = make_log(*steps)
    ours, theirs = ([e for e in log if e.memory == memory] for memory in ("m1", "m2"))
    mixed = []
    while ours or theirs:
        mixed.append((ours if not theirs or (ours and random.random() < 0.5) else theirs).pop(0))
    assert state(fold(mixed)) == state(fold(log))


def test_each_event_has_its_effect() -> None:
    def of(*kinds: str) -> Usage:
        return fold(make_log(*((kind, "m", "f") for kind in kinds))).of("m")

    assert of() == Usage()
    assert (of("pin").pinned, of("pin").uses, of("pin", "unpin").pinned) == (True, 1, False)
    assert (of("useful", "opened", "inserted", "shown").uses, of("useful").last_used) == (3, 1.0)
    assert of("dismiss").dismissed == {("a.py", "f")}
    assert of("pin", "forget") == replace(of("pin"), forgotten=True, pinned=False)
    assert not of("forget", "restore").forgotten
    assert not of("forget", "pin").forgotten


def test_notes_expire_long_after_being_forgotten_or_undone() -> None:
    log = make_log(("note", "kept", ""), ("note", "gone", ""), ("note", "undone", ""), ("forget", "gone", ""))
    log.append(Event(5, 5.0, "undo", "undone", data={"seq": 3}))
    assert forgotten_notes(log) == {2: 4.0, 3: 5.0}
    assert expired_notes(log, NOTE_GRACE + 4.5) == [2]
    assert expired_notes(log, NOTE_GRACE + 9) == [2, 3]
    restored = [*log, Event(6, 6.0, "restore", "gone")]
    assert forgotten_notes(restored) == {3: 5.0}
    erased = [replace(event, data={}) if event.seq == 2 else event for event in log]
    assert forgotten_notes(erased) == {3: 5.0}
