"""What was shown, accepted and dismissed over time, from the events of the journal."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from mom_lsp.journal import Event
from mom_lsp.route.strategies import diversity
from mom_lsp.tiers.undo import undone_events
from mom_lsp.tiers.usage import ACCEPTED, impressions_in

LATE = 120.0  # seconds that an impression may be written after what was made of it: they are written in batches
DAYS, WEEKS = 35, 60  # at most so many periods of a day, of a week; then months
EVERYWHERE = ""  # the path of what is never to be suggested
Z = 1.96  # standard errors of a 95% interval


@dataclass(slots=True)
class Period:
    """A day, a week or a month."""

    name: str
    listed: Counter[str] = field(default_factory=Counter)  # impressions in lists and hovers by memory
    hinted: int = 0  # impressions as hints
    accepted: int = 0
    dismissed: int = 0
    hints_accepted: int = 0  # of what had been hinted in the same file
    hints_dismissed: int = 0

    def variety(self, eligible: int) -> float | None:
        """Return the diversity of what was listed, in [0, 1]; None for too few."""
        return diversity(list(self.listed.elements()), eligible)


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a user was shown, and what became of it."""

    periods: tuple[Period, ...] = ()  # in order, without gaps
    unit: str = "day"
    accepted: Counter[str] = field(default_factory=Counter)  # by memory
    dismissed: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)  # by type

    def total(self, what: str) -> int:
        """Return the sum of a count over all periods."""
        return sum(getattr(period, what) for period in self.periods)

    @property
    def listed(self) -> int:
        """How many impressions there were in lists and hovers."""
        return sum(period.listed.total() for period in self.periods)


def feedback(events: Iterable[Event], now: float) -> Feedback:
    """Return the feedback of a journal.

    Args:
        events: in order of time; undone ones do not count.
        now: seconds since 1970, the end of the last period.
    """
    log = list(events)
    undone, _ = undone_events(log)
    log = [event for event in log if event.seq not in undone and event.type in {"shown", "dismiss", *ACCEPTED}]
    if not log:
        return Feedback()
    unit, names = periods(min(now, *(event.time for event in log)), now)  # a clock may have been ahead
    found = Feedback(tuple(Period(name) for name in dict.fromkeys(names.values())), unit)
    by_name = {period.name: period for period in found.periods}
    hinted = _first_hints(log)
    for event in log:
        period = by_name[names[_day(min(event.time, now))]]
        if event.type == "shown":
            period.listed.update(memory for memory, _ in impressions_in(event, "seen"))
            period.hinted += sum(1 for _ in impressions_in(event, "hinted"))
            continue
        accepted = event.type in ACCEPTED
        found.actions["never" if event.data.get("never") else event.type] += 1
        (found.accepted if accepted else found.dismissed)[event.memory] += 1
        period.accepted += accepted
        period.dismissed += not accepted
        if hinted.get((event.memory, event.path), math.inf) <= event.time + LATE:
            period.hints_accepted += accepted
            period.hints_dismissed += not accepted
    return found


def _first_hints(log: Sequence[Event]) -> dict[tuple[str, str], float]:
    """Return when each memory was first hinted in a file, and anywhere."""
    first: dict[tuple[str, str], float] = {}
    for event in log:
        if event.type == "shown":
            for memory, path in impressions_in(event, "hinted"):
                for at in (path, EVERYWHERE):
                    first[memory, at] = min(event.time, first.get((memory, at), math.inf))
    return first


def periods(first: float, last: float) -> tuple[str, dict[int, str]]:
    """Return the unit of time, and the name of the period of each day since 1970 from the first to the last moment."""
    days = range(_day(first), max(_day(first), _day(last)) + 1)
    dates = {day: datetime.fromtimestamp(day * 86_400, UTC).date() for day in days}
    if len(days) <= DAYS:
        return "day", {day: date.isoformat() for day, date in dates.items()}
    if len(days) <= 7 * WEEKS:
        mondays = {day: date - timedelta(days=date.weekday()) for day, date in dates.items()}
        return "week", {day: date.isoformat() for day, date in mondays.items()}
    return "month", {day: f"{date:%Y-%m}" for day, date in dates.items()}


def _day(time: float) -> int:
    return int(time // 86_400)


def wilson(right: int, of: int) -> tuple[float, float]:
    """Return the 95% interval of a share (Wilson 1927), which holds for few observations too; (0, 1) for none."""
    if not of:
        return 0.0, 1.0
    share, z2 = right / of, Z * Z / of
    middle = (share + z2 / 2) / (1 + z2)
    half = Z * math.sqrt(share * (1 - share) / of + z2 / (4 * of)) / (1 + z2)
    return max(0.0, middle - half), min(1.0, middle + half)
