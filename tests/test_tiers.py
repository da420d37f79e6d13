"""Tiers: how memories decay, what raises them, and how they end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.journal import Event
from mom_lsp.memory import Usage
from mom_lsp.tiers import DAY, HOLD, RELEASE, TOUCH
from mom_lsp.tiers.decay import EPISODIC, FLOORS, RATES, SEMANTIC, WORKING, ActiveDays, activated, faded, half_life
from mom_lsp.tiers.lifecycle import Life, fold
from mom_lsp.tiers.status_rules import QUIET_AFTER, HistoryEvidence, confidence, is_quiet, judge
from mom_lsp.tiers.tiers import RISE, Tiers, Touches, kept_tiers, tiers

ANY_JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=4), st.lists)

UNIT = st.floats(0, 1)
LEVEL = st.sampled_from([EPISODIC, WORKING, SEMANTIC])
ELAPSED = st.floats(0, 2_000)


def fade(tier: int, strength: float, *pieces: float) -> tuple[int, float]:
    state = np.array([tier]), np.array([strength])
    for piece in pieces:
        state = faded(*state, piece)
    return int(state[0][0]), float(state[1][0])


@given(LEVEL, UNIT, ELAPSED, ELAPSED)
def test_decay_is_the_same_however_time_is_split(tier: int, strength: float, first: float, second: float) -> None:
    assert fade(tier, strength, first, second)[1] == pytest.approx(fade(tier, strength, first + second)[1], abs=1e-9)


@given(LEVEL, st.floats(0.2, 1), ELAPSED)
def test_decay_is_bounded_and_never_raises_strength_or_tier(tier: int, strength: float, elapsed: float) -> None:
    then, left = fade(tier, strength, elapsed)
    assert 0 <= left <= strength
    assert then <= tier
    assert left > 0 or elapsed > 1_000  # nothing is ever forgotten outright


@pytest.mark.parametrize(("tier", "days"), [(EPISODIC, 6.58), (WORKING, 13.51), (SEMANTIC, 68.97)])
def test_each_tier_has_the_half_life_of_its_rate(tier: int, days: float) -> None:
    assert half_life(tier, 1.0) == pytest.approx(days, abs=0.01)
    assert fade(tier, 1.0, 3)[1] == pytest.approx((1 - RATES[tier]) ** 3)


@given(UNIT, UNIT, UNIT)
def test_an_activation_raises_strength_within_bounds(strength: float, gate: float, share: float) -> None:
    lifted = float(activated(np.array(strength), gate, share))
    assert strength - 1e-12 <= lifted <= 1
    assert float(activated(np.array(strength), 1.0)) == 1


def test_a_wrong_clock_stays_within_bounds() -> None:
    clock = ActiveDays(np.array([1e300, -1e300, 86_400.0]))
    assert clock.at(np.array([-1e300, 0, 86_400.0, 1e9, 1e300])).tolist() == [1, 1, 2, 2, 3]


def test_before_the_first_active_day_there_were_none() -> None:
    clock = ActiveDays([10 * DAY, 12 * DAY])
    assert clock.at(np.array([0.0, 9.9, 10.0, 11.0, 12.0, 50.0]) * DAY).tolist() == [0, 0, 1, 1, 2, 2]


def test_inactive_days_cause_no_decay() -> None:
    clock = ActiveDays(np.array([0, 1, 2, 300, 301]) * float(DAY))
    assert clock.at(np.array([0, 2.5 * DAY, 299 * DAY, 300 * DAY, 9e15])).tolist() == [1, 3, 3, 4, 5]
    untouched = tiers(np.array([2.0 * DAY]), Touches.of([]), clock, 299.0 * DAY)
    assert untouched.strength.tolist() == [1.0]
    assert tiers(np.array([2.0 * DAY]), Touches.of([]), clock, 301.0 * DAY).strength == pytest.approx(0.81)


TOUCHED = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 60), UNIT, st.sampled_from([HOLD, RELEASE, TOUCH])), max_size=30
)


def at(touches: list[tuple[int, int, float, int]], now: int, rows: int = 4) -> Tiers:
    columns = Touches.of([(row, float(day * DAY), gate, hold) for row, day, gate, hold in touches if day <= now])
    return tiers(np.zeros(rows), columns, ActiveDays(np.arange(500) * float(DAY)), float(now * DAY))


def oracle(touches: list[tuple[int, int, float, int]], row: int, now: int) -> float:
    """Day by day, as the seed has it, for one memory."""
    tier, strength, held, count = EPISODIC, 1.0, False, 0
    applied = sorted((day, n, gate, hold) for n, (of, day, gate, hold) in enumerate(touches) if of == row)
    for day in range(now + 1):
        if day and not held:
            tier, strength = fade(tier, strength, 1.0)
        for _, _, gate, hold in [one for one in applied if one[0] == day]:
            strength += gate * (1 - strength)
            count += gate > 0
            if tier < SEMANTIC and strength >= RISE[tier] and count >= (2, 4)[tier]:
                tier += 1
            held = {HOLD: True, RELEASE: False, TOUCH: held}[hold]
    return strength


@given(TOUCHED, st.integers(0, 90))
def test_the_closed_form_matches_a_loop_over_days(touches: list[tuple[int, int, float, int]], now: int) -> None:
    found = at(touches, now).strength
    past = [touch for touch in touches if touch[1] <= now]
    assert [oracle(past, row, now) for row in range(4)] == pytest.approx(found.tolist(), abs=1e-9)


def test_use_promotes_disuse_demotes_and_demotion_is_slower() -> None:
    uses = [(0, day, 1.0, TOUCH) for day in (1, 2, 3, 4)]
    assert [int(at(uses, day).tier[0]) for day in (1, 2, 4)] == [EPISODIC, WORKING, SEMANTIC]
    assert int(at(uses, 100).tier[0]) == SEMANTIC  # far below what promoted it
    assert float(at(uses, 100).strength[0]) < RISE[WORKING]
    assert int(at(uses, 170).tier[0]) == WORKING
    assert int(at(uses, 250).tier[0]) == EPISODIC


def test_a_pinned_memory_does_not_decay() -> None:
    assert at([(0, 3, 1.0, HOLD)], 400).strength[0] == 1
    assert at([(0, 3, 1.0, HOLD), (0, 300, 0.0, RELEASE)], 301).strength[0] == pytest.approx(0.9)


# The life cycle

PLACES = st.tuples(st.sampled_from(["a.py", "b.py"]), st.sampled_from(["", "f"]))
SAID = st.lists(
    st.tuples(
        st.sampled_from(
            ["pin", "unpin", "useful", "opened", "dismiss", "never", "shown", "hinted", "restore", "forget", "undo"],
        ),
        st.sampled_from(["m1", "m2"]),
        PLACES,
    ),
    max_size=25,
)


def make_log(steps: list[tuple[str, str, tuple[str, str]]]) -> list[Event]:
    log: list[Event] = []
    for n, (kind, memory, (path, symbol)) in enumerate(steps, 1):
        now = n * DAY / 3
        if kind == "undo":
            log.append(Event(n, now, "undo", memory, data={"seq": max(1, n - 1)}))
        elif kind == "never":
            log.append(Event(n, now, "dismiss", memory, data={"never": True}))
        elif kind in ("shown", "hinted"):
            batch = {"shown": "seen"}.get(kind, kind)
            log.append(Event(n, now, "shown", data={batch: {path: [memory]}}))
        else:
            log.append(Event(n, now, kind, memory, path, symbol))
    return log


def state(life: Life) -> Any:
    return {m: u for m, u in life.usage.items() if u != Usage()}, life.touches, life.active, life.transitions


@given(SAID, st.integers(0, 25))
def test_folding_can_be_resumed(steps: list[tuple[str, str, tuple[str, str]]], cut: int) -> None:
    log = make_log([one for one in steps if one[0] != "undo"])
    begun = fold(log[:cut])
    before = state(begun)
    assert state(fold(log[cut:], begun)) == state(fold(log))
    assert state(begun) == before  # others may still read it


@given(SAID)
def test_the_journal_alone_reproduces_the_live_state(steps: list[tuple[str, str, tuple[str, str]]]) -> None:
    log, lived = make_log(steps), Life()
    for n, event in enumerate(log, 1):
        lived = fold(log[:n]) if event.type == "undo" else fold([event], lived)
    read_again = fold(log)
    assert state(read_again) == state(lived)
    for memory, usage in read_again.usage.items():
        verdict = judge(usage, HistoryEvidence(), "decision")
        assert verdict == judge(lived.of(memory), HistoryEvidence(), "decision")
        assert (verdict.layer > 0) == (verdict.status in {"validated", "promoted"})
        assert verdict.reason or verdict.status == "candidate"
        if verdict.layer:
            assert len(usage.places) >= 2


def life_of(*steps: tuple[str, str]) -> Usage:
    return fold(make_log([(kind, "m", (path, "f")) for kind, path in steps])).of("m")


def test_two_places_validate_a_memory_and_five_uses_promote_a_procedure() -> None:
    once, twice = life_of(("useful", "a.py")), life_of(("useful", "a.py"), ("opened", "b.py"))
    same = life_of(("useful", "a.py"), ("useful", "a.py"))
    often = life_of(*[("useful", "a.py")] * 4, ("useful", "b.py"))
    status = [judge(usage, HistoryEvidence(), "convention").status for usage in (once, same, twice, often)]
    assert status == ["candidate", "candidate", "validated", "promoted"]
    assert judge(often, HistoryEvidence(), "failed_approach").layer == 1  # there is no procedure in it
    assert [confidence(usage, HistoryEvidence()) for usage in (Usage(), once, often)] == ["low", "medium", "high"]
    assert confidence(often, HistoryEvidence(refixed=True)) == "medium"


def test_a_kept_edit_validates_and_a_reverted_edit_asks_for_revision() -> None:
    once = life_of(("useful", "a.py"))
    assert judge(once, HistoryEvidence(kept=("c1",)), "fix").status == "validated"
    broken = judge(once, HistoryEvidence(reverted=("c2",)), "fix")
    assert (broken.status, broken.commit) == ("needs_revision", "c2")
    assert judge(once, HistoryEvidence(replaced_by="c3"), "fix").status == "replaced"
    assert confidence(once, HistoryEvidence(reverted=("c2",))) == "low"


def test_a_failed_use_asks_for_revision_and_new_uses_clear_it() -> None:
    failed = life_of(("useful", "a.py"), ("useful", "b.py"), ("dismiss", "a.py"))
    assert judge(failed, HistoryEvidence(), "fix").status == "needs_revision"
    elsewhere = life_of(("useful", "a.py"), ("useful", "b.py"), ("dismiss", "c.py"))
    assert judge(elsewhere, HistoryEvidence(), "fix").status == "validated"
    again = life_of(("useful", "a.py"), ("useful", "b.py"), ("dismiss", "a.py"), ("useful", "b.py"))
    assert judge(again, HistoryEvidence(), "fix").status == "validated"


def test_exposure_archives_nothing_but_makes_a_familiar_hint_quiet() -> None:
    def hinted(days: int, *more: tuple[str, str]) -> Usage:
        thrice_a_day = [("hinted", "a.py")] * 3 * days
        return life_of(*thrice_a_day, *more)

    assert hinted(4).hinted <= 5  # once a file and day
    assert [is_quiet(hinted(days)) for days in (QUIET_AFTER - 2, QUIET_AFTER + 1, 500)] == [False, True, True]
    for usage in (hinted(500), life_of(*[("shown", "a.py")] * 1_500)):
        assert judge(usage, HistoryEvidence(), "fix").status == "candidate"
    for used in ("useful", "opened", "inserted", "pin"):
        assert not is_quiet(hinted(500, (used, "a.py")))
    assert not is_quiet(hinted(500, ("restore", "")))
    assert not is_quiet(life_of(*[("shown", "a.py")] * 1_500))  # lists, and hints as they once were counted


def test_never_archives_a_memory_and_it_can_be_restored() -> None:
    assert judge(life_of(("never", "")), HistoryEvidence(), "fix").status == "archived"
    assert judge(life_of(("never", ""), ("restore", "")), HistoryEvidence(), "fix").status == "candidate"
    assert judge(life_of(("never", ""), ("pin", "a.py")), HistoryEvidence(), "fix").status == "candidate"


def test_a_transition_is_undone_with_its_cause_and_holds_only_with_its_commit() -> None:
    validated = {"status": "validated", "layer": 1, "reason": "used in two places"}
    log = [
        Event(1, 1.0, "useful", "m", "a.py"),
        Event(2, 2.0, "transition", "m", data=validated | {"cause": 1}),
        Event(3, 3.0, "transition", "m", data={"status": "needs_revision", "layer": 0, "reason": "", "commit": "c"}),
    ]
    with_commit, without = fold(log).transition("m", {"c"}), fold(log).transition("m", set())
    assert with_commit is not None and with_commit.status == "needs_revision"
    assert without is not None and (without.status, without.layer, without.reason) == (
        "validated",
        1,
        validated["reason"],
    )
    undone = fold([*log[:2], Event(4, 4.0, "undo", "m", data={"seq": 1})])
    assert undone.transition("m", set()) is None
    assert fold([replace(log[1], data={"status": 7, "layer": "x"})]).transitions["m"][0].status == "candidate"


@given(st.dictionaries(st.sampled_from(["seen", "hinted"]), ANY_JSON | st.dictionaries(st.text(max_size=4), ANY_JSON)))
def test_a_malformed_imported_impression_is_ignored(data: dict[str, Any]) -> None:
    assert fold([Event(1, 1.0, "shown", "", data=data)]).last_seq == 1


@given(
    rows=st.lists(st.tuples(st.integers(0, 2), st.floats(0, 1)), min_size=1, max_size=9),
    kept=st.dictionaries(st.integers(0, 8), st.integers(0, 2), max_size=4),
)
def test_a_kept_memory_falls_below_neither_its_tier_nor_its_floor(
    rows: list[tuple[int, float]], kept: dict[int, int]
) -> None:
    before = Tiers(np.array([tier for tier, _ in rows]), np.array([strength for _, strength in rows]))
    kept = {row: least for row, least in kept.items() if row < len(rows)}
    after = kept_tiers(before, kept)
    for row, (tier, strength) in enumerate(rows):
        least = kept.get(row)
        assert after.tier[row] == (tier if least is None else max(tier, least))
        assert after.strength[row] == (strength if least is None else max(strength, FLOORS[least]))
    assert [*before.tier] == [tier for tier, _ in rows], "the argument is left as it is"
