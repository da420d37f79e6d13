"""What was shown and judged over time: periods, precision, intervals."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.journal import Event
from mom_lsp.report.feedback import feedback, periods, wilson
from mom_lsp.tiers import DAY

NOON = 20_000 * DAY + DAY // 2


def event(number: int, day: float, type: str, memory: str = "", path: str = "", **data: Any) -> Event:
    return Event(number, NOON + day * DAY, type, memory, path, data=data)


def test_only_what_was_hinted_there_counts_for_the_precision_of_hints() -> None:
    log = [
        event(1, 0, "useful", "early", "a.py"),  # written before its impression, which waits for a batch
        Event(2, NOON + 60, "shown", data={"hinted": {"a.py": ["early", "wrong"]}, "seen": {"a.py": ["x", "y"]}}),
        event(3, 0.1, "dismiss", "wrong", "a.py"),
        event(4, 0.1, "useful", "early", "elsewhere.py"),
        event(5, 0.1, "dismiss", "wrong", never=True),
        event(6, -1, "useful", "wrong", "a.py"),  # a day before it was hinted
    ]
    found = feedback(log, NOON + DAY)
    assert (found.total("hints_accepted"), found.total("hints_dismissed")) == (1, 2)
    assert (found.total("accepted"), found.total("dismissed"), found.total("hinted"), found.listed) == (3, 2, 2, 2)
    assert found.actions == {"useful": 3, "dismiss": 1, "never": 1}


def test_what_was_undone_does_not_count() -> None:
    log = [event(1, 0, "useful", "m", "a.py"), event(2, 0, "undo", seq=1)]
    assert feedback(log, NOON).periods == ()


def test_periods_have_no_gaps() -> None:
    found = feedback([event(1, 0, "useful", "m"), event(2, 3, "useful", "m")], NOON + 4 * DAY)
    assert [one.accepted for one in found.periods] == [1, 0, 0, 1, 0] and found.unit == "day"


@given(st.integers(0, 3_000), st.integers(0, 20_000))
def test_there_are_few_periods_and_each_day_is_in_one(first: int, length: int) -> None:
    unit, names = periods(first * DAY, (first + length) * DAY)
    assert len(names) == length + 1 and list(names.values()) == sorted(names.values())
    assert len(set(names.values())) <= {"day": 35, "week": 61, "month": length // 28 + 2}[unit]


def test_wilson_interval() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(5, 10)
    assert (low, high) == pytest.approx((0.2366, 0.7634), abs=1e-3)
    assert wilson(10, 10)[1] == pytest.approx(1.0) and wilson(10, 10)[0] == pytest.approx(0.722, abs=1e-3)


def test_what_happened_while_the_clock_was_ahead_counts_today() -> None:
    (today,) = feedback([event(1, 2, "useful", "m", "a.py")], NOON).periods
    assert today.accepted == 1
