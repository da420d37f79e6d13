"""Observations of attention: drawn, and made by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from mom_lsp.lm.traces import Observation

LAYERS, HEADS = 2, 3
MEMORIES = [f"{n:016x}" for n in range(6)]
grids = st.lists(st.floats(0, 1, width=16), min_size=6, max_size=6).map(lambda v: np.array(v).reshape(LAYERS, HEADS))


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    attended = draw(st.dictionaries(st.sampled_from(MEMORIES), grids, max_size=3))
    weights = {memory: draw(st.floats(-2, 2)) for memory in attended}
    first = draw(st.sampled_from(["", *attended]))
    return Observation(draw(st.sampled_from(["tls", "docs"])), attended, weights, first)


def make_seen(memory: str, cue: str = "tls") -> Observation:
    return Observation(cue, {memory: np.full((LAYERS, HEADS), 0.5)}, {memory: 0.3})
