"""`python -m mom_lsp.evaluation.cms_bench`: CPU time of a step of the continuous memory, and its state's size."""

from __future__ import annotations

import time
from typing import get_args

import numpy as np

from mom_lsp.cues.cms import ContinuousMemory, Options, Storage, unit

WIDTH = 384  # of the embeddings
STEPS = 300


def measure_step(storage: Storage, sparse: int) -> tuple[float, float]:
    """Return the median milliseconds of CPU time of a read and a write at the seed's sizes, and the state in KiB."""
    memory = ContinuousMemory(WIDTH, Options(storage=storage, sparse=sparse))
    events = unit(np.random.default_rng(0).standard_normal((STEPS, 1, WIDTH)).astype(np.float32))
    times = []
    for event in events:
        began = time.thread_time()
        memory.read(event)
        memory.write(event)
        times.append(time.thread_time() - began)
    return float(np.median(times)) * 1000, memory.nbytes / 1024


if __name__ == "__main__":
    print("storage   slots written   read + write (CPU)      state")
    for storage in get_args(Storage):
        for sparse in (0, 8):
            took, size = measure_step(storage, sparse)
            print(f"{storage:<10}{sparse or 'all':<16}{took:>10.2f} ms{size:>16.0f} KiB")
