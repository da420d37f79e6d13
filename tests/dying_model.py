"""The model's process with a model that dies of a signal: `dying_model.py SIGNAL WHERE SAFE ARGUMENTS…`.

It dies in WHERE ("load", "warm_up" or "generate"), and with the safe settings only if SAFE is "safe-too". With "real"
for SAFE it is the real model, which dies with all settings but the safe ones.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

from mom_lsp.lm import child
from mom_lsp.lm.costs import Shape
from mom_lsp.lm.gguf import ModelFile
from mom_lsp.lm.runtime import Limits, Llama

SIGNAL, WHERE, SAFE = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def die(where: str, safe: bool) -> None:
    if where == WHERE and (not safe or SAFE == "safe-too"):
        os.kill(os.getpid(), SIGNAL)


class DyingModel:
    """A model that answers with one word, if it lives."""

    def __init__(self, file: ModelFile, limits: Limits) -> None:
        self.name, self.context, self.layers, self.heads, self.safe = file.name, limits.context, 1, 1, limits.safe
        self.threads, self.memories, self.speed = limits.threads, 1, None
        self.shape = Shape(layers=1, d=1, heads=1, kv_heads=1, key=1, value=1, hidden=1, vocabulary=1, context=512)
        die("load", limits.safe)

    def warm_up(self) -> None:
        die("warm_up", self.safe)

    def generate(self, *_: Any, **__: Any) -> Iterator[str]:
        die("generate", self.safe)
        yield "alive"


class RealModel(Llama):
    """The real one."""

    def warm_up(self) -> None:
        die("warm_up", self.safe)
        super().warm_up()


if __name__ == "__main__":
    del sys.argv[1:4]
    child.Llama = RealModel if SAFE == "real" else DyingModel  # type: ignore[assignment,misc]
    child.main()
