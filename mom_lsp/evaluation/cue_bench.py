"""`python -m mom_lsp.evaluation.cue_bench`: CPU time of an event and a read of each cue, and its state's size."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import get_args

import numpy as np

from mom_lsp.cues.arrays import unit
from mom_lsp.cues.cms import ContinuousCue, ContinuousMemory, Options, Storage
from mom_lsp.cues.cue import Cue, Event
from mom_lsp.cues.neural_memory import NeuralMemory
from mom_lsp.cues.temporal_context import ContextOptions, TemporalContext

WIDTH = 384  # of the embeddings
STEPS, CANDIDATES = 300, 400
Row = tuple[str, Callable[[], Cue], int]  # name, maker, bytes of state


def rows() -> Iterator[Row]:
    """Yield the cues."""
    slots = ContextOptions().slots
    for heads in (1, 4):
        drifting = ContextOptions(heads=heads)
        name = f"CMR, {heads} head{'s' * (heads > 1)}, {slots} episodes"
        yield name, lambda options=drifting: TemporalContext(WIDTH, options), (2 * slots + 1) * WIDTH * 4  # type: ignore[misc]
    yield "neural memory", lambda: NeuralMemory(WIDTH, most=10.0), NeuralMemory(WIDTH).nbytes
    for storage in get_args(Storage):
        for sparse in (0, 8):
            options = Options(storage=storage, sparse=sparse)
            name = f"continuous memory, {storage}, {sparse or 'all'} slots written"
            size = ContinuousMemory(WIDTH, options).nbytes
            yield name, lambda options=options: ContinuousCue(WIDTH, options), size  # type: ignore[misc]


def measure(make: Callable[[], Cue]) -> tuple[float, float]:
    """Return the median milliseconds of CPU time of an event, and of a read for CANDIDATES."""
    random = np.random.default_rng(0)
    vectors = unit(random.standard_normal((STEPS, WIDTH)).astype(np.float32))
    candidates = unit(random.standard_normal((CANDIDATES, WIDTH)).astype(np.float32))
    cue, observed, read = make(), list[float](), list[float]()
    for vector in vectors:
        began = time.thread_time()
        cue.observe(Event(vector, vector))
        between = time.thread_time()
        cue.read(vector, candidates)
        observed.append(between - began)
        read.append(time.thread_time() - between)
    return float(np.median(observed)) * 1000, float(np.median(read)) * 1000


if __name__ == "__main__":
    print(f"{'cue':<48}{'event':>10}{'read':>10}{'state':>12}")
    for name, make, size in rows():
        observed, read = measure(make)
        print(f"{name:<48}{observed:>7.2f} ms{read:>7.2f} ms{size / 1024:>8.0f} KiB")
