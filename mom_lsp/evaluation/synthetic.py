"""Synthetic memories that are as hard to separate as real ones, to measure at sizes that no available repository has.

Vectors have the mean, and about the spectrum, of MiniLM's embeddings of the commits of curl: two of them have a cosine
of .21 on average, and the variance of the k-th direction falls as k^-.7. They form topics of very uneven size, and
sub-topics of about forty. A question has a cosine of .76 with the memory that it is made from. Real questions are
farther from all memories, so trust the recall of real repositories.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mom_lsp.memory import Anchor, Memory, Source
from mom_lsp.route.columns import COLUMNS
from mom_lsp.route.domain_points import unit
from mom_lsp.route.place_term import Spot
from mom_lsp.store.arrow_rows import to_table
from mom_lsp.workspace.ranking.query import Query

WIDTH = 384
MEAN_COSINE = 0.21
TOPICS, TOPIC_SKEW = 64, 0.8
SUB_TOPIC = 40  # memories
SHARES = {"topic": 0.45, "sub_topic": 0.25, "own": 0.30}  # of the variance
QUESTION = 0.76  # cosine with the memory that it is made from
FILES, NAMES, SYMBOLS = 3_000, 30_000, 40  # that memories touch
BLOCK = 50_000  # vectors made at once


@dataclass(frozen=True)
class Synthetic:
    """Vectors with their paths and sub-topics."""

    vectors: np.ndarray  # (n, WIDTH) float32 of length 1
    paths: list[str]  # (s,) of each sub-topic
    sub_topic: np.ndarray  # (n,)


def make_vectors(size: int, seed: int = 0) -> Synthetic:
    """Return vectors of memories, made block by block; deterministic for a seed."""
    random = np.random.default_rng(seed)
    count = max(1, size // SUB_TOPIC)
    weights = np.arange(1, TOPICS + 1) ** -TOPIC_SKEW
    topic_of = random.choice(TOPICS, count, p=weights / weights.sum())
    topics, subs = _directions(random, TOPICS), _directions(random, count)
    centers = np.sqrt(SHARES["topic"]) * topics[topic_of] + np.sqrt(SHARES["sub_topic"]) * subs
    sub_topic = random.integers(count, size=size)
    vectors = np.empty((size, WIDTH), np.float32)
    for start in range(0, size, BLOCK):
        some = sub_topic[start : start + BLOCK]
        own = np.sqrt(SHARES["own"]) * _directions(random, len(some))
        vectors[start : start + BLOCK] = unit(_mean() + centers[some] + own)
    return Synthetic(vectors, [f"folder{topic}/file{sub}.c" for sub, topic in enumerate(topic_of)], sub_topic)


def make_questions(vectors: np.ndarray, count: int, seed: int = 1) -> np.ndarray:
    """Return vectors of questions, (count, WIDTH) float32."""
    random = np.random.default_rng(seed)
    targets = vectors[random.integers(len(vectors), size=count)]
    noise = unit(_mean() + _directions(random, count))
    noise = unit(noise - (noise * targets).sum(1, keepdims=True) * targets)
    return unit(QUESTION * targets + np.sqrt(1 - QUESTION**2) * noise)


def _mean() -> np.ndarray:
    return np.eye(1, WIDTH, dtype=np.float32).ravel() * np.float32(np.sqrt(MEAN_COSINE))


def _directions(random: np.random.Generator, count: int) -> np.ndarray:
    """Return random vectors, (count, WIDTH), orthogonal to the mean, with the spectrum of real ones."""
    spectrum = np.arange(1, WIDTH, dtype=np.float32) ** -0.7
    spread = np.sqrt((1 - MEAN_COSINE) * spectrum / spectrum.sum())
    return np.hstack(
        [np.zeros((count, 1), np.float32), random.standard_normal((count, WIDTH - 1), np.float32) * spread]
    )


def make_table(size: int, seed: int = 0) -> pa.Table:
    """Return the columns of memories that each touch a few of many files; some files are touched far more often."""
    random = np.random.default_rng(seed)
    tables = []
    for start in range(0, size, 10_000):
        memories = [_memory(number, random) for number in range(start, min(size, start + 10_000))]
        tables.append(to_table(memories).select(COLUMNS))
    return pa.concat_tables(tables)


def commit(number: int) -> str:
    """Return the hash of a synthetic commit."""
    return f"{number:040x}"


def _memory(number: int, random: np.random.Generator) -> Memory:
    files = (FILES * random.random(1 + int(random.integers(4))) ** 2).astype(int).tolist()
    anchors = tuple(Anchor(_file(file), (f"f{number % SYMBOLS}",)) for file in dict.fromkeys(files))
    lines = random.integers(2**32, size=30).tolist()
    return Memory(
        f"{number:016x}",
        "fix",
        "title",
        "",
        "b" * 200,
        Source("commit", commit=commit(number), time=1_500_000_000 + number * 1_000),
        commits=(commit(number),),
        anchors=anchors,
        added=tuple(_name(int(at)) for at in random.integers(NAMES, size=15)),
        added_lines=tuple(sorted(lines[:20])),
        removed_lines=tuple(sorted(lines[20:])),
    )


def make_query(number: int, size: int, seed: int = 2) -> Query:
    """Return a query about a few lines of one of the files that many memories touch."""
    random = np.random.default_rng([seed, number])
    lines = tuple(
        f"    {_name((number * 37 + at) % NAMES)} = {_name((number * 91 + at * 3) % NAMES)}(a, b)" for at in range(17)
    )
    writers = {line: commit(int(random.integers(size))) for line in range(1, 25)}
    path = _file(int(FILES * random.random() ** 2))
    return Query(
        " ".join(lines), "", (Spot(path, f"f{number % SYMBOLS}", 10, 12, writers, lines=lines, asked=lines[8:11]),)
    )


def make_matches(size: int, seed: int = 3) -> dict[str, float]:
    """Return made-up full-text matches: a score for each of two hundred memories."""
    random = np.random.default_rng(seed)
    return {
        f"{int(at):016x}": float(score)
        for at, score in zip(random.integers(size, size=200), random.random(200) * 20, strict=True)
    }


def _file(number: int) -> str:
    return f"dir{number % 50}/file{number}.c"


def _name(number: int) -> str:
    return f"name_{number}"
