"""An encoder for tests that also runs in a child process: its vectors depend on nothing but the texts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from multiprocessing.connection import Client

import numpy as np

GATE = "MOM_TEST_GATE"  # the address of a test that is told of each batch, and lets it pass


def hashed(model: str, texts: Sequence[str]) -> np.ndarray:
    """Return float32 (n, 8), rows of length 1."""
    seeds = [hashlib.blake2b(f"{model or 'hash'}\0{text}".encode()).digest()[:8] for text in texts]
    rows = np.array([np.random.default_rng(list(seed)).normal(size=8) for seed in seeds], np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def hashed_through_gate(model: str, texts: Sequence[str]) -> np.ndarray:
    """Return the same once the test, which is told the process and the texts, lets it pass."""
    with Client(os.environ[GATE]) as gate:
        gate.send((os.getpid(), list(texts)))
        gate.recv()
    return hashed(model, texts)
