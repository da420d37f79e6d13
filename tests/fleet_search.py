"""How fast a large local copy answers: made-up memories, in many repositories, asked in words and by lines.

    python tests/fleet_search.py [--repositories 250] [--memories 20000] [--questions 200]

Writes the memories of one repository as a pull does, and as many copies of its arrays as there are repositories. Words
are drawn by Zipf's law from a made-up vocabulary. Prints one JSON document: the size of the copy, the seconds to open
it, and the 50th and 95th percentile of a question in milliseconds, after each was asked once.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mom_lsp.fleet.asking import Fleet
from mom_lsp.fleet.local_copy import ARRAYS, FORMAT, TEXTS, LocalCopy, State
from mom_lsp.memory import Memory, Source
from mom_lsp.store.arrays import load_arrays, save_arrays
from mom_lsp.store.arrow_rows import to_table

VOCABULARY, ZIPF = 40_000, 1.3
WORDS, TITLE, NAMES, LINES = 30, 7, 8, 20  # of a memory


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("repositories", 250), ("memories", 20_000), ("questions", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    chance = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        copy = made_up(asked.repositories, asked.memories, chance)
        began = time.perf_counter()
        fleet = Fleet(LocalCopy.to_ask(copy.state.uri), own="")
        opened = time.perf_counter() - began
        texts = [" ".join(list(dict.fromkeys(words(chance, 40)))[-5:]) for _ in range(asked.questions)]
        code = [[line(chance) for _ in range(21)] for _ in range(asked.questions)]
        found = {
            "memories": asked.repositories * asked.memories,
            "repositories": asked.repositories,
            "megabytes": round(sum(one.size for one in copy.state.repositories) / 1e6),
            "open_s": round(opened, 3),
            "words_ms": percentiles([lambda text=text: list(fleet.for_words(text)) for text in texts]),
            "lines_ms": percentiles([lambda lines=lines: list(fleet.for_lines(lines, 11, 11)) for lines in code]),
        }
    print(json.dumps(found))


def made_up(repositories: int, memories: int, chance: np.random.Generator) -> LocalCopy:
    """Write a copy of made-up repositories."""
    copy = LocalCopy.of("/made/up")
    table = to_table([memory(number, chance) for number in range(memories)])
    first = copy.write("made-0", "made/up-0", 1, 1, table)
    arrays = load_arrays(copy.folder_of(first) / ARRAYS, lambda key: True)
    assert arrays is not None
    every = [first]
    for number in range(1, repositories):
        one = replace(first, id=f"made-{number}", name=f"made/up-{number}")
        folder = copy.folder_of(one)
        folder.mkdir()
        save_arrays(folder / ARRAYS, f"{FORMAT} {one.id} 1", arrays)
        os.link(copy.folder_of(first) / TEXTS, folder / TEXTS)
        every.append(one)
    copy.save(State(copy.state.uri, 1, repositories=tuple(every)))
    return copy


def memory(number: int, chance: np.random.Generator) -> Memory:
    """Return a made-up memory."""
    sha = f"{number:040x}"
    return Memory(
        id=f"{number:016x}",
        kind="fix",
        title=" ".join(words(chance, TITLE)),
        body=" ".join(words(chance, WORDS)),
        why="because",
        source=Source("commit", commit=sha, time=number),
        commits=(sha,),
        added=tuple(f"{a}_{b}" for a, b in zip(words(chance, NAMES), words(chance, NAMES), strict=True)),
        added_lines=tuple(int(key) for key in chance.integers(0, 2**32, LINES)),
    )


def words(chance: np.random.Generator, count: int) -> list[str]:
    """Return some words, frequent ones more often."""
    return [f"w{number % VOCABULARY}x" for number in chance.zipf(ZIPF, count)]


def line(chance: np.random.Generator) -> str:
    """Return a line of code."""
    return f"    result = {'_'.join(words(chance, 2))}({', '.join(words(chance, 3))})"


def percentiles(questions: list[Callable[[], object]]) -> dict[str, float]:
    """Return the 50th and 95th percentile of the time that a question takes, in milliseconds."""
    for ask in questions:
        ask()
    order, taken = random.Random(0).sample(questions, len(questions)), []
    for ask in order:
        began = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - began) * 1000)
    return {f"p{share}": round(float(np.percentile(taken, share)), 1) for share in (50, 95)}


if __name__ == "__main__":
    main()
