"""The tiers and strengths of all memories on one HEAD: its commits are the clock, and replay what they name."""

from __future__ import annotations

import numpy as np

from mom_lsp.route.catalog import NEGATIVE, View
from mom_lsp.tiers import DAY
from mom_lsp.tiers.decay import ActiveDays
from mom_lsp.tiers.lifecycle import Life
from mom_lsp.tiers.tiers import Tiers, Touches, tiers

REPLAY = 0.5  # the gate of a later commit that names a memory


def aged(view: View, life: Life, now: float) -> Tiers:
    """Return tier and strength of all rows of a view, (n,) each."""
    row_of = view.catalog.row_of
    told = [(row_of[t.memory], t.time, t.gate, t.hold) for t in life.touches if t.memory in row_of]
    return tiers(view.catalog.time, Touches.of(told) + replays(view), active_days(view, life), now)


def active_days(view: View, life: Life) -> ActiveDays:
    """Return the days with a commit of HEAD's history, a save, or a use."""
    committed = view.catalog.time[view.distance >= 0]
    return ActiveDays(np.concatenate([committed, np.array(life.active, np.float64)]))


def replays(view: View) -> Touches:
    """Return what history itself came back to: a later commit that names a memory, unless to revert it."""
    edges = [edge for edge in view.edges if edge.relation != NEGATIVE]
    sources, targets = (np.array([getattr(e, end) for e in edges], np.int64) for end in ("source", "target"))
    times = view.catalog.time[sources].astype(np.float64)
    return Touches(targets, times, np.full(len(edges), REPLAY), np.zeros(len(edges), np.int64))


class Aged:
    """Remembers the last answer of `aged` until the view, the journal or the day is another."""

    def __init__(self) -> None:
        self._last: tuple[View, Life, float, Tiers] | None = None

    def of(self, view: View, life: Life, now: float) -> Tiers:
        """Return tier and strength of all rows of a view."""
        last, day = self._last, now // DAY
        if last is None or last[0] is not view or last[1] is not life or last[2] != day:
            self._last = last = (view, life, day, aged(view, life, now))
        return last[3]
