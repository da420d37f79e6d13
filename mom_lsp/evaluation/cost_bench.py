"""The cost model beside what our own code counts, keeps and takes.

    python -m mom_lsp.evaluation.cost_bench [--model FILE.gguf] [--json]

For attention and episodic memory (cost_kernels.py), neural and continuous memory (cues/) and the language model:
predicted and counted operations, bytes of state, and the time that lm/costs.py predicts from the rates of one thread of
this machine. The rates are measured on something else first: products and sums of large arrays, and for the model its
first tokens. Processor time, the fastest of some rounds, so that other load on the machine hardly changes it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from mom_lsp.cues.arrays import softmax, unit
from mom_lsp.cues.cms import SEED_LEVELS, ContinuousMemory
from mom_lsp.cues.neural_memory import NeuralMemory
from mom_lsp.errors import ModelError
from mom_lsp.evaluation.cost_kernels import AttentionBlock, EpisodicMemory
from mom_lsp.evaluation.counted import counted, counting
from mom_lsp.lm import gguf
from mom_lsp.lm.costs import SOFTMAX, Cost, Rates, attention, episodic, neural
from mom_lsp.lm.runtime import Limits, Llama

ROUNDS = 15
D, HEADS, LENGTH, RHO, FLOAT = 512, 8, 128, 0.1, 4  # the seed's sizes
SLOTS = (64, 4096)  # the seed's, and as many as a ring buffer of episodes has
WIDTH = 384  # of the embeddings that the continuous memory stores
BEFORE = (128, 1024)  # tokens in the model's cache: where its rates are measured, and where they are tested
CHUNK = 64  # tokens that are read after them
CACHE = 2**19  # bytes of an array that stays in a cache


@dataclass(frozen=True, slots=True)
class CostRow:
    """One computation: predicted and found."""

    name: str
    products: int  # multiply-adds
    counted: int | None  # multiply-adds that the code computed; None where it is not ours
    state: int  # bytes
    kept: int | None  # bytes of its arrays
    predicted: float  # seconds
    took: float  # seconds

    @property
    def ratio(self) -> float:
        """The time that it took, with the predicted one as 1."""
        return self.took / self.predicted


def fastest(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the seconds of processor time of the fastest round."""
    found = []
    for _ in range(rounds):
        began = time.thread_time()
        work()
        found.append(time.thread_time() - began)
    return min(found)


def numpy_rates() -> Rates:
    """Measure what one thread does with large and small arrays, and how long a call takes."""
    square = np.random.default_rng(0).standard_normal((D, D)).astype(np.float32)
    tall, row = np.ones((16_000, D), np.float32), np.ones(D, np.float32)  # 33 MB: more than a cache holds
    little, small = np.ones((CACHE // FLOAT // D, D), np.float32), np.ones((1, 1), np.float32)
    calls = 1000
    return Rates(
        products=LENGTH * D * D / fastest(lambda: square[:LENGTH] @ square),
        elementwise=SOFTMAX * square.size / fastest(lambda: softmax(square * np.float32(0.1))),
        memory=tall.nbytes / fastest(lambda: tall @ row),
        cached=little.nbytes / fastest(lambda: little @ row),
        cache=4 * CACHE,
        call=fastest(lambda: [small @ small for _ in range(calls)]) / calls,
    )


def memory_rows(rates: Rates) -> Iterator[CostRow]:
    """Yield attention, neural and episodic memory, and the continuous memory."""
    random = np.random.default_rng(1)
    rows, row = random.standard_normal((LENGTH, D)).astype(np.float32), random.standard_normal(D).astype(np.float32)
    for name, tokens, before in (("attention, a sequence", LENGTH, 0), ("attention, a token", 1, LENGTH - 1)):
        block = AttentionBlock(D, HEADS)
        if before:
            block(rows[:before])
        keys, values = block.keys, block.values

        def attend(block: AttentionBlock = block, tokens: int = tokens, past: tuple = (keys, values)) -> None:  # type: ignore[type-arg]
            block.keys, block.values = past
            block(rows[:tokens])

        took = fastest(attend)
        block.keys, block.values = keys, values
        with counting() as counts:
            block(counted(rows[:tokens]))
        cost = attention(tokens, D, HEADS, FLOAT, before=before, causal=False)
        yield _row(f"{name} of L = {LENGTH}", cost, counts.products, block.nbytes, rates, took, calls=20)
    brain = NeuralMemory(D)
    with counting() as counts:
        brain.recall(counted(row))
    took = fastest(lambda: brain.recall(row))
    read = neural(1, D, 0, 0, FLOAT)
    yield _row("neural memory, a read", read, counts.products, brain.nbytes, rates, took, calls=1, passes=0.5)
    brain.w = counted(brain.w)
    with counting() as counts:
        brain.update(counted(row), row)
    brain = NeuralMemory(D)
    took = fastest(lambda: brain.update(row, row))
    update = neural(0, D, 1, 1.0, FLOAT)
    yield _row("neural memory, an update", update, counts.products, brain.nbytes, rates, took, calls=9, passes=1)
    for slots in SLOTS:
        store = EpisodicMemory(D, slots, HEADS)
        with counting() as counts:
            store.read(counted(row))
        took = fastest(lambda store=store: store.read(row))  # type: ignore[misc]
        cost = episodic(1, D, slots, FLOAT, heads=HEADS)
        yield _row(f"episodic memory, M = {slots}", cost, counts.products, store.nbytes, rates, took, calls=14)
    yield _continuous(rates, unit(random.standard_normal((1, WIDTH)).astype(np.float32)))


def _continuous(rates: Rates, query: np.ndarray) -> CostRow:
    memory = ContinuousMemory(WIDTH)
    key = memory.options.key_width
    levels = [episodic(1, WIDTH, one.slots, FLOAT, key=key, value=one.width) for one in SEED_LEVELS]
    cost = sum(levels, Cost(0, 0, 0, 0))
    took = fastest(lambda: memory.read(query))
    for matrix in (*memory.values, *memory.keys):
        matrix.data = counted(matrix.data)
    memory.to_key = [counted(one) for one in memory.to_key]
    memory._lift, memory.mix = counted(memory._lift), counted(memory.mix)
    with counting() as counts:
        memory.read(query)
    kept = sum(matrix.data.nbytes for matrix in (*memory.values, *memory.keys))
    return _row("continuous memory, a read", cost, counts.products, kept, rates, took, calls=20 * len(SEED_LEVELS))


def _row(
    name: str, cost: Cost, products: int, kept: int, rates: Rates, took: float, *, calls: int, passes: float = 1
) -> CostRow:
    """Return a row; `passes` is how often the products go through the state."""
    seconds = rates.seconds(cost, read=int(passes * cost.state) + cost.weights, calls=calls)
    return CostRow(name, cost.products, products, cost.state, kept, seconds, took)


def model_rows(setting: str) -> Iterator[CostRow]:
    """Yield the language model: rates measured after a short text, and what they predict after a long one."""
    file = gguf.checked(gguf.find_model(setting))
    model = Llama(file, Limits(context=BEFORE[1] + 2 * CHUNK, threads=1))
    try:
        shape, words = model.shape, model.tokenizer.encode("The cache is renewed whenever a request is tried again. ")
        times = {before: _times(model, (words * before)[: before + CHUNK], before) for before in BEFORE}
        (read, wrote), near = times[BEFORE[0]], BEFORE[0]
        products = shape.products(CHUNK, before=near, answers=1) / read
        memory = (file.size + shape.cache(near)) / wrote
        for before in BEFORE:
            chunk, token = shape.products(CHUNK, before=before, answers=1), shape.products(1, before=before)
            bytes_read = file.size + shape.cache(before)
            at, state = f"after {before} tokens", shape.cache(before + 1)
            read, wrote = times[before]
            yield CostRow(f"model, reading {CHUNK} {at}", chunk, None, state, None, chunk / products, read)
            yield CostRow(f"model, writing one {at}", token, None, state, None, bytes_read / memory, wrote)
    finally:
        model.close()


def _times(model: Llama, tokens: list[int], before: int, rounds: int = 5) -> tuple[float, float]:
    """Return the seconds of reading a chunk, and of writing one token, after `before` tokens."""
    context, found = model.plain, []
    context.forget()
    context.feed(tokens[:before])
    for _ in range(rounds):
        began = time.process_time()
        context.feed(tokens[before:])
        read = time.process_time()
        context.begin(tokens[: before + 1])
        wrote = time.process_time()
        context.feed(tokens[before : before + 1])
        found.append((read - began, time.process_time() - wrote))
        context.begin(tokens[: before + 1])
    reads, writes = zip(*found, strict=True)
    return min(reads), min(writes)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Print the cost model beside what our own code takes.")
    parser.add_argument("--model", default="", help="a GGUF file; default: the installed one")
    parser.add_argument("--json", action="store_true", dest="as_json")
    chosen = parser.parse_args()
    with threadpool_limits(1):
        rows = list(memory_rows(numpy_rates()))
    try:
        rows += model_rows(chosen.model)
    except ModelError as error:
        sys.stderr.write(f"without the language model: {error}\n")
    if chosen.as_json:
        json.dump([asdict(row) | {"ratio": row.ratio} for row in rows], sys.stdout, indent=1)
        sys.stdout.write("\n")
        return
    head = ("", "multiply-adds", "counted", "state, bytes", "kept", "predicted", "took", "ratio")
    sys.stdout.write("{:34} {:>14} {:>14} {:>13} {:>13} {:>11} {:>11} {:>6}\n".format(*head))
    for row in rows:
        counts, kept = (f"{value:,}" if value is not None else "" for value in (row.counted, row.kept))
        sys.stdout.write(
            f"{row.name:34} {row.products:>14,} {counts:>14} {row.state:>13,} {kept:>13}"
            f" {row.predicted * 1e3:>8.3f} ms {row.took * 1e3:>8.3f} ms {row.ratio:>6.2f}\n"
        )


if __name__ == "__main__":
    main()
