"""Reads one text with the model, in a process of its own: two builds of llama.cpp cannot be in one process.

Usage: wheel_model.py FILE COMPILED|WHEEL; prints JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from llama_models import make_messages

from mom_lsp.lm import gguf, installed
from mom_lsp.lm.runtime import Limits, Llama

ANSWER = "The limit is 42 attempts."


def main(file: Path, package: str) -> None:
    if package == installed.WHEEL:
        sys.modules[installed.COMPILED] = None  # type: ignore[assignment]  # as if it was not installed
    found: dict[str, Any] = {"package": installed.package()}
    for hook in ("C", "Python"):
        model = Llama(gguf.checked(file), Limits(context=512, threads=1, native=hook == "C"))
        reading = model.read(make_messages(), ANSWER)
        assert model.hook.native == (hook == "C")
        found[hook] = {
            "scale": model.attention_scale,
            "nll": reading.nll.tolist(),
            "mass": {memory: mass.ravel().tolist() for memory, mass in reading.mass.items()},
            "answer": "".join(model.generate(make_messages(), limit=20)),
        }
        model.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
