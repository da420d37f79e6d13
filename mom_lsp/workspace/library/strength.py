"""The tiers and strengths of all memories on one HEAD: its commits are the clock, and replay what they reference."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from mom_lsp.route.view import NEGATIVE, View
from mom_lsp.tiers import DAY
from mom_lsp.tiers.decay import ActiveDays
from mom_lsp.tiers.lifecycle import Life
from mom_lsp.tiers.tiers import Tiers, Touches, kept_tiers, tiers

NONE_KEPT: Mapping[int, int] = MappingProxyType({})
REPLAY = 0.5  # the gate of a later commit that references a memory


def aged(view: View, life: Life, now: float, replayed: Touches | None = None) -> Tiers:
    """Return tier and strength of all rows of a view, (n,) each; `replayed` is the result of `replays`, if known."""
    row_of = view.catalog.row_of
    used = [(row_of[t.memory], t.time, t.gate, t.hold) for t in life.touches if t.memory in row_of]
    replayed = replays(view) if replayed is None else replayed
    return tiers(view.catalog.time, Touches.of(used) + replayed, active_days(view, life), now)


def active_days(view: View, life: Life) -> ActiveDays:
    """Return the days with a commit of HEAD's history, a save, or a use."""
    committed = view.catalog.time[view.distance >= 0]
    return ActiveDays(np.concatenate([committed, np.array(life.active, np.float64)]))


def replays(view: View) -> Touches:
    """Return the later commits that reference a memory, unless to revert it."""
    edges = [edge for edge in view.edges if edge.relation != NEGATIVE]
    sources, targets = (np.array([getattr(e, end) for e in edges], np.int64) for end in ("source", "target"))
    times = view.catalog.time[sources].astype(np.float64)
    return Touches(targets, times, np.full(len(edges), REPLAY), np.zeros(len(edges), np.int64))


class StrengthCache:
    """Caches the result of `aged` until the view, the uses or the day change."""

    def __init__(self) -> None:
        self._view: View | None = None
        self._replayed = Touches.of([])
        self._key: tuple[object, ...] = ()
        self._tiers: Tiers | None = None
        self._lock = threading.Lock()

    def of(self, view: View, life: Life, now: float, kept: Mapping[int, int] = NONE_KEPT) -> Tiers:
        """Return tier and strength of all rows of a view; `kept` are the tiers that rows do not fall below."""
        key = (life.touches, life.active, now // DAY, kept)  # impressions change no strength
        with self._lock:
            if self._view is not view:
                self._view, self._replayed, self._tiers = view, replays(view), None
            if self._tiers is None or self._key != key:
                self._tiers, self._key = kept_tiers(aged(view, life, now, self._replayed), kept), key
            return self._tiers
