"""The plan of the model on a machine: context, threads and memories in a prompt that fit, and why (`mom model --plan`).

From the counts of costs.py, the memory that is free, the cores, and the speed that was measured while the model warmed
up. A setting of the user's wins; the rest follows from it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from mom_lsp.lm.costs import Shape

CONTEXT, LEAST_CONTEXT, STEP = 2048, 512, 256  # tokens: as much as prompts of memories use, the least, and between them
MOST_THREADS = 4  # more are slower for models of this size, mostly because threads wait for busy cores
MOST_MEMORIES = 3  # as many as an answer has sentences
PATIENCE = 10.0  # seconds until the first word of an answer
ANSWER, QUESTION, MEMORY = 160, 230, 150  # tokens: at most of an answer, a question with its line, one quoted memory
EXAMPLE = 200  # tokens: the start of every prompt, read once and then cached
CONTEXTS = 2  # with and without the attention hook
RUNTIME = 110_000_000  # bytes: the interpreter, the libraries, and the buffers of a batch besides its logits
BATCH = 128  # tokens decoded at a time
LOGIT = 4  # bytes
OTHERS = 1_500_000_000  # bytes that the system, an editor and the engine take on a machine that is only described


@dataclass(frozen=True, slots=True)
class Machine:
    """What the model may use."""

    memory: int  # bytes that are free for it
    cores: int


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast the model is with a number of threads."""

    prompt: float  # tokens per second that are read
    answer: float  # tokens per second that are written
    threads: int

    def on(self, threads: int, factor: float = 1.0) -> Speed:
        """Estimate the speed with other threads, each `factor` times as fast as one here.

        Reading is arithmetic and grows with the threads. Writing waits for memory, which the threads share, so it is
        not assumed to grow.
        """
        return Speed(self.prompt * factor * threads / self.threads, self.answer * factor, threads)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the model's process uses."""

    context: int  # tokens of prompt and answer together
    threads: int
    memories: int  # at most in a prompt
    needs: int  # bytes
    why: tuple[str, ...]  # a reason for each number


def here(free: int) -> Machine:
    """Return this machine.

    Args:
        free: bytes of memory that a new process can use.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # fewer than all in a container, and not on macOS
    return Machine(free, len(affinity(0)) if affinity else os.cpu_count() or 1)


def described(memory: int, cores: int) -> Machine:
    """Return a machine with this much memory in all, of which other programs take a part."""
    return Machine(max(0, memory - OTHERS), cores)


def need(shape: Shape, weights: int, context: int, contexts: int = 1, batch: int = BATCH) -> int:
    """Return the bytes of the model's process: weights, keys and values, and the logits of a batch."""
    return RUNTIME + weights + contexts * context_need(shape, context, batch)


def context_need(shape: Shape, context: int, batch: int = BATCH) -> int:
    """Return the bytes that one context takes."""
    return shape.cache(min(context, shape.context or context)) + shape.vocabulary * batch * LOGIT


def planned(
    shape: Shape,
    weights: int,
    machine: Machine,
    *,
    allowed: int,
    context: int = 0,
    threads: int = 0,
    speed: Speed | None = None,
) -> Plan:
    """Return the plan of a model.

    Args:
        shape: of the model.
        weights: bytes of its file.
        machine: that it runs on.
        allowed: bytes: mom.model.maxMemory.
        context: mom.model.context; 0 to choose.
        threads: mom.model.threads; 0 to choose.
        speed: that was measured; None to assume that a prompt of MOST_MEMORIES is read in time.
    """
    used = threads or max(1, min(MOST_THREADS, machine.cores - 1))
    of_threads = "mom.model.threads" if threads else f"one less than {machine.cores} cores, from 1 to {MOST_THREADS}"
    room = min(allowed, machine.memory)
    size = max(LEAST_CONTEXT, context) if context else _context(shape, weights, room)
    size = min(size, shape.context or size)
    needs = need(shape, weights, size, CONTEXTS)
    of_context = "mom.model.context" if context else f"the largest of {LEAST_CONTEXT} to {CONTEXT} that fits"
    of_room = "free" if machine.memory < allowed else "allowed (mom.model.maxMemory)"
    fits = "" if needs <= room else ", too little: set mom.model.path to a smaller file"
    memories, of_memories = _memories(size, speed and speed.on(used))
    why = (
        f"{of_context}; the process takes {needs / 1e6:.0f} MB, and {room / 1e6:.0f} MB are {of_room}{fits}",
        of_threads,
        of_memories,
    )
    return Plan(size, used, memories, needs, why)


def _context(shape: Shape, weights: int, room: int) -> int:
    sizes = range(CONTEXT, LEAST_CONTEXT, -STEP)
    return next((size for size in sizes if need(shape, weights, size, CONTEXTS) <= room), LEAST_CONTEXT)


def _memories(context: int, speed: Speed | None) -> tuple[int, str]:
    """Return how many memories there is room and time for, and the reason."""
    room = (context - EXAMPLE - QUESTION - ANSWER) // MEMORY
    if speed is None:
        return max(1, min(MOST_MEMORIES, room)), f"a context of {context} tokens has room for them"
    in_time = int((PATIENCE * speed.prompt - QUESTION) / MEMORY)
    memories = max(1, min(MOST_MEMORIES, room, in_time))
    tokens = QUESTION + memories * MEMORY
    took = f"about {tokens} tokens are read in {tokens / speed.prompt:.1f} s (at {speed.prompt:.0f} per second)"
    return memories, f"{took}, of {PATIENCE:.0f} s until the first word"
