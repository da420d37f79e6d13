"""What an encoder costs: disk, the processor to load it, texts per second, and memory.

    python -m mom_lsp.evaluation.encoder_cost CLONE [--model MODEL …] [--texts N]

MODEL is a value of `mom.encoder.model`. Each is loaded in a process of its own, with one thread, and encodes the newest
texts of an indexed clone; they take turns, and the best of their runs counts.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mom_lsp.encode import choose
from mom_lsp.encode.minilm import LIBRARIES, TOKENIZER, WEIGHTS
from mom_lsp.git import locate
from mom_lsp.pathnames import expanded
from mom_lsp.store import Store, embedding_text

OF_DEFAULT = (*LIBRARIES, TOKENIZER[0], WEIGHTS[0].replace("_", "-"))
OF_OTHERS = ("sentence-transformers",)
ROUNDS = 3
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "MKL", "OPENBLAS")}
NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one encoder takes."""

    disk: float  # MB of installed packages and weights that nothing else of the base install needs
    load: float  # seconds of processor until the first text is encoded
    speed: float  # texts per second of processor
    memory: float  # MB that stay resident after encoding
    peak: float  # MB resident at most


def measure(models: Sequence[str], texts: Sequence[str]) -> list[Cost]:
    """Return the cost of each encoder that `mom.encoder.model` may name."""
    turns = [[_run(model, texts) for model in models] for _ in range(ROUNDS)]
    runs = [{name: min(run[name] for run in of_model) for name in of_model[0]} for of_model in zip(*turns, strict=True)]
    return [
        Cost(disk(model) / 1e6, run["load"], len(texts) / run["encode"], run["memory"], run["peak"])
        for model, run in zip(models, runs, strict=True)
    ]


def _run(model: str, texts: Sequence[str]) -> dict[str, float]:
    command = [sys.executable, "-P", "-m", __spec__.name, "--alone", model]
    done = subprocess.run(
        command, input=json.dumps(texts), stdout=subprocess.PIPE, text=True, check=True, env=os.environ | ONE_THREAD
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def alone(model: str, texts: Sequence[str]) -> dict[str, float]:
    """Return what loading and encoding takes in this process, which does nothing else."""
    import psutil

    psutil.Process().cpu_affinity(psutil.Process().cpu_affinity()[:1])  # its first core alone
    before, start = psutil.Process().memory_info().rss, time.process_time()
    encoder = choose(model)
    encoder.encode(texts[:1])
    loaded = time.process_time()
    encoder.encode(texts)
    encoded = time.process_time()
    after = psutil.Process().memory_info()
    peak = int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) * 1024
    return {
        "load": loaded - start,
        "encode": encoded - loaded,
        "memory": (after.rss - before) / 1e6,
        "peak": (peak - before) / 1e6,
    }


def disk(model: str) -> int:
    """Return the bytes of the packages that only the encoder needs, and of a model folder."""
    needed, rest = (OF_OTHERS if model else OF_DEFAULT), set(_requirements("mom-lsp")) - set(OF_DEFAULT)
    added = _closure(needed) - _closure(rest)
    folder = expanded(model).rglob("*") if model else []
    return sum(map(_size, added)) + sum(file.stat().st_size for file in folder if file.is_file())


def _closure(names: Iterable[str]) -> set[str]:
    """Return the installed distributions among some names and all that they require."""
    found, todo = set[str](), [_canonical(name) for name in names]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += _requirements(name)
    return found


def _requirements(name: str) -> list[str]:
    """Return the required distributions, without those of extras; none if it is not installed here."""
    try:
        required = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [_canonical(NAME.match(one)[0]) for one in required if "extra ==" not in one]  # type: ignore[index]


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _size(name: str) -> int:
    try:
        files = importlib.metadata.files(name) or []
    except importlib.metadata.PackageNotFoundError:
        return 0
    return sum(path.stat().st_size for file in files if (path := Path(str(file.locate()))).is_file())


def newest_texts(clone: Path, count: int) -> list[str]:
    """Return the texts of the newest memories of an indexed clone."""
    store = Store(locate(clone).data)
    table = store.columns(["id", "time"], "noise = ''").sort_by([("time", "descending")])
    return [embedding_text(memory) for memory in store.get(table["id"].to_pylist()[:count]).values()]


def main() -> None:
    """Print a row for each encoder."""
    parser = argparse.ArgumentParser(description="Measure what an encoder costs.")
    parser.add_argument("clone", type=Path, nargs="?")
    parser.add_argument("--model", action="append", help="a value of mom.encoder.model; repeat it to compare")
    parser.add_argument("--texts", type=int, default=256)
    parser.add_argument("--alone", metavar="MODEL", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.alone is not None:
        _print(json.dumps(alone(chosen.alone, json.load(sys.stdin))))
        return
    if chosen.clone is None:
        parser.error("CLONE is missing")
    texts: Any = newest_texts(chosen.clone, chosen.texts)
    models = chosen.model or [""]
    for model, cost in zip(models, measure(models, texts), strict=True):
        _print(
            f"{Path(model).name or 'default'}: {cost.disk:.0f} MB on disk, {cost.load:.2f} s of processor to load,"
            f" {cost.speed:.0f} texts/s, {cost.memory:.0f} MB resident, {cost.peak:.0f} MB at most"
        )


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
