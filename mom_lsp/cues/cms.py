"""The continuous memory system: a memory in levels from fast to slow, read by content and written through a gate.

Seed cms_update_rule; math.md section 2 has its equations and errors. Nothing here is trained: Q, K, V and U are fixed
seeded isometries of the input, and the gate and the mixing of levels are neutral unless weights are given. Shapes: B
independent streams, N slots, d width of a level, w width of the input. One step is one event.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from mom_lsp.cues.arrays import TINY, isometry, sigmoid, softmax, unit
from mom_lsp.cues.cue import Event

Address = Literal["content", "lru", "hybrid"]
Storage = Literal["float32", "float16", "int8"]
INT8_MOST = 127.0
FAINTEST = 1e-6  # a smaller scale is multiplied into the numbers, which would grow without bound


@dataclass(frozen=True, slots=True)
class Level:
    """The size of one level and its decay."""

    slots: int
    width: int
    decay: float  # delta in (0, 1): the share lost in each step


SEED_LEVELS = (Level(64, 128, 0.1), Level(128, 256, 0.05), Level(256, 512, 0.01))  # half-lives: 7, 14, 69 steps


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a memory; the defaults are the seed's."""

    levels: tuple[Level, ...] = SEED_LEVELS
    key_width: int = 64  # d_k
    address: Address = "hybrid"
    content_share: float = 0.5  # lambda of the hybrid address; the rest goes to the slot least recently written
    threshold: float = 0.1  # of the gate: below it, a step only decays
    sparse: int = 0  # how many slots to write to, the strongest; 0 for all
    storage: Storage = "float32"
    replay: float = 0.0  # gamma: the share of the strongest slots that a replay adds to them


class Matrix:
    """Rows that decay, (B, N, d), each stored as a scale and numbers, in [-1, 1] if they have less precision.

    Decay changes only the scale: O(N) instead of O(N d), without loss of precision.
    """

    def __init__(self, rows: np.ndarray, storage: Storage) -> None:
        self._storage = storage
        self._most = np.float32(INT8_MOST if storage == "int8" else 1.0)  # the largest number stored
        self.scale = np.ones((*rows.shape[:2], 1), np.float32)  # times what is stored
        self.data = np.zeros(rows.shape, np.dtype(storage))
        self._put(..., rows)

    @property
    def values(self) -> np.ndarray:
        """(B, N, d) float32."""
        return np.asarray(self.data.astype(np.float32) * self.scale)

    def mean(self, weights: np.ndarray) -> np.ndarray:
        """Return the sum of the rows by their weights, (B, N) to (B, d)."""
        scaled = weights[:, None, :] * self.scale.transpose(0, 2, 1)
        return np.asarray((scaled @ self.data.astype(np.float32, copy=False))[:, 0])

    def cosines(self, key: np.ndarray) -> np.ndarray:
        """Return the cosine of each row with a key, (B, d) to (B, N)."""
        rows = self.data.astype(np.float32, copy=False)
        lengths = np.sqrt(np.einsum("bnd,bnd->bn", rows, rows))
        return np.asarray((rows @ unit(key)[:, :, None])[:, :, 0] / np.maximum(lengths, TINY))

    def decay(self, share: np.ndarray) -> None:
        """Decay every row by a share, (B,): M <- (1 - delta) M (section 4.5)."""
        self.scale *= (1.0 - share).astype(np.float32)[:, None, None]
        if self._storage == "float32" and self.scale.min() < FAINTEST:
            self.data *= self.scale
            self.scale[:] = 1.0

    def add(self, slots: np.ndarray | None, weights: np.ndarray, rows: np.ndarray) -> None:
        """Add rows, (B, 1 or s, d), by their weights, (B, s), to some slots, (B, s), or one to all (None)."""
        if slots is None and self._storage == "float32":
            self.data += np.einsum("bn,bd->bnd", weights / self.scale[:, :, 0], rows[:, 0])  # faster than a product
            return
        more = weights[:, :, None] * rows
        if slots is None:
            self._put(..., more)
            return
        for stream, (at, some) in enumerate(zip(slots, more, strict=True)):
            self._put((stream, at), some)

    def _put(self, at: Any, more: np.ndarray) -> None:
        if self._storage == "float32":
            self.data[at] += more / self.scale[at]
            return
        rows = self.data[at].astype(np.float32) * self.scale[at] + more
        scale = np.maximum(np.abs(rows).max(axis=-1, keepdims=True), TINY) / self._most
        rows /= scale
        self.data[at] = np.rint(rows) if self._storage == "int8" else rows
        self.scale[at] = scale

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return self.data.nbytes + self.scale.nbytes


class ContinuousMemory:
    """L+1 levels of values M (B, N, d) and keys K (B, N, d_k) for B streams."""

    def __init__(self, width: int, options: Options | None = None, *, streams: int = 1, seed: int = 0) -> None:
        """Make an empty memory for inputs of a width; keys are random, since equal keys would stay equal."""
        self.width, self.options = width, options or Options()
        levels = self.options.levels
        self.to_key, self.to_value, first_keys = _fixed(width, self.options.key_width, levels, seed)
        self._lift = np.concatenate(self.to_value)  # (sum of d, w): all U at once
        self.mix = np.zeros((len(levels), sum(level.width for level in levels)), np.float32)  # W_b, neutral
        self.gate = np.zeros((len(levels), width), np.float32)  # W_g, neutral: g = 1/2
        self.adapt = np.zeros((len(levels), width), np.float32)  # W_d, neutral: the level's own decay
        self.values, self.keys, self.written = [], [], []
        for level, keys in zip(levels, first_keys, strict=True):
            self.values.append(Matrix(np.zeros((streams, level.slots, level.width), np.float32), self.options.storage))
            self.keys.append(Matrix(np.tile(keys, (streams, 1, 1)), self.options.storage))
            self.written.append(np.tile(np.arange(-level.slots, 0), (streams, 1)))  # step of the last write, (B, N)
        self.step = 0

    @property
    def nbytes(self) -> int:
        """Size of the state in bytes: values, keys and times; the isometries are code."""
        return sum(m.nbytes for m in (*self.values, *self.keys)) + sum(w.nbytes for w in self.written)

    def read(self, query: np.ndarray) -> np.ndarray:
        """Return the context c of a query, (B, w) to (B, w) (sections 3.2 to 3.4).

        a^l = softmax(sqrt(d_k) cos(K^l, Q q)); c^l = a^l M^l; b = softmax(W_b [c^0 || ... || c^L]);
        c = sum of b_l U^l c^l.
        """
        contexts = [self._context(at, query) for at in range(len(self.options.levels))]
        b = softmax(np.concatenate(contexts, axis=1) @ self.mix.T)  # (B, L+1)
        weighted = [b[:, at, None] * context for at, context in enumerate(contexts)]
        return np.asarray(np.concatenate(weighted, axis=1) @ self._lift)

    def write(self, event: np.ndarray) -> None:
        """Write one event of each stream, (B, w) rows of length 1 (sections 4.1 to 4.5).

        z^0 is the event, z^l the event and the context of level l-1 together; g = sigmoid(W_g z);
        M <- (1 - delta) M + g (a (x) V z) and K <- (1 - delta) K + g (a (x) K z); below the threshold decay only.
        """
        self.step += 1
        z = event
        for at, level in enumerate(self.options.levels):
            key = z @ self.to_key[at].T
            content = self.address(at, key)  # (B, N)
            above = z  # the input of level l+1, before the write
            if at + 1 < len(self.options.levels):
                above = unit(event + self.values[at].mean(content) @ self.to_value[at])
            gate = sigmoid(z @ self.gate[at])  # (B,)
            decay = sigmoid(float(np.log(level.decay / (1.0 - level.decay))) + z @ self.adapt[at])  # section 11.1
            self.values[at].decay(decay)
            self.keys[at].decay(decay)
            self._write(at, z, key, self.where(at, content), gate * (gate >= self.options.threshold))
            z = above

    def replay(self, slots: int = 8) -> None:
        """Add gamma of the strongest slots of each level to themselves (section 11.3)."""
        for matrix in self.values:
            rows = matrix.values
            strongest = np.argsort(-np.linalg.norm(rows, axis=2), axis=1)[:, :slots]
            important = np.take_along_axis(rows, strongest[:, :, None], axis=1)
            matrix.add(strongest, np.full(strongest.shape, self.options.replay, np.float32), important)

    def address(self, at: int, key: np.ndarray) -> np.ndarray:
        """Return the weights of the slots of a level for a key, (B, d_k) to (B, N); they sum to 1 (section 4.4).

        The seed's logit k.q / sqrt(d_k) is nearly flat for keys of length 1: sqrt(d_k) cos takes its place.
        """
        return softmax(float(np.sqrt(self.options.key_width)) * self.keys[at].cosines(key))

    def _context(self, at: int, query: np.ndarray) -> np.ndarray:
        return self.values[at].mean(self.address(at, query @ self.to_key[at].T))  # (B, d)

    def _write(self, at: int, z: np.ndarray, key: np.ndarray, weights: np.ndarray, gate: np.ndarray) -> None:
        """Add g (a (x) v) and g (a (x) k), for a of (B, N) and g of (B,)."""
        if not gate.any():
            return
        slots = None
        if self.options.sparse:
            slots = np.argsort(-weights, axis=1)[:, : self.options.sparse]  # (B, s)
            weights = np.take_along_axis(weights, slots, axis=1)
        share = gate[:, None] * weights
        self.values[at].add(slots, share, (z @ self.to_value[at].T)[:, None])
        self.keys[at].add(slots, share, key[:, None])
        first = slots[:, 0] if slots is not None else np.argmax(weights, axis=1)
        written = np.flatnonzero(gate)
        self.written[at][written, first[written]] = self.step

    def where(self, at: int, content: np.ndarray) -> np.ndarray:
        """Return where to write, (B, N): by content, least recently written, or lambda content + (1 - lambda) lru."""
        options = self.options
        share = {"content": 1.0, "lru": 0.0, "hybrid": options.content_share}[options.address]
        weights = share * content
        weights[np.arange(len(weights)), np.argmin(self.written[at], axis=1)] += 1.0 - share
        return np.asarray(weights)


class ContinuousCue:
    """The read-out of a continuous memory as a cue; each event writes what was needed."""

    def __init__(self, width: int, options: Options | None = None) -> None:
        """Make an empty memory for vectors of a width."""
        self._memory = ContinuousMemory(width, options)

    def observe(self, event: Event) -> None:
        """Write an event."""
        self._memory.write(event.memory[None])

    def read(self, query: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Return the cosine of each candidate with the context of a query, (d,) and (m, d) to (m,)."""
        return np.asarray(candidates @ unit(self._memory.read(query[None]))[0])


@lru_cache(maxsize=4)  # factorising a matrix takes longer than a hundred steps
def _fixed(
    width: int, key_width: int, levels: tuple[Level, ...], seed: int
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Return the fixed parts of a seed: Q and K in one (a query finds what it wrote), V, and the first keys."""
    random = np.random.default_rng(seed)
    to_key = [isometry(key_width, width, random) for _ in levels]
    to_value = [isometry(level.width, width, random) for level in levels]  # its transpose is U
    return (
        to_key,
        to_value,
        [unit(random.standard_normal((level.slots, key_width))).astype(np.float32) for level in levels],
    )
