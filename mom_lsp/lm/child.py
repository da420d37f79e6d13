"""The process that holds the model: answers requests one at a time and exits when idle.

Started by model_process.py; standard input and output carry the protocol of child_messages.py, all other output goes to
standard error. Once the model is loaded it writes no files, and it has no state that a restart would lose.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import queue
import sys
import threading
from pathlib import Path
from typing import IO, Any

from mom_lsp.errors import ModelError, MomError
from mom_lsp.lm import gguf, hook_compiler
from mom_lsp.lm.child_messages import HELLO, read_messages
from mom_lsp.lm.runtime import Limits, Llama, info

ROOM = 10**9  # bytes reserved and never touched: stacks, arenas, buffers for the largest batch
LOADING = 4 * 10**9  # bytes of address space while loading: each tensor is checked in a thread with its own stack


def main() -> None:
    """Load the model given by the arguments and serve it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--context", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--memory", type=int, required=True)  # bytes
    parser.add_argument("--idle", type=float, required=True)  # seconds
    parser.add_argument("--safe", action="store_true")  # without llama.cpp's extra buffer types
    chosen = parser.parse_args()
    with _private_stdout() as out:
        child = Child(out)
        try:
            file = gguf.checked(chosen.file)
            with contextlib.suppress(ModelError):  # the hook reports it, if it is ever needed
                hook_compiler.load_hook()
            limit_resources(CORE=0, FSIZE=0, AS=2 * file.size + chosen.memory + LOADING)
            model = Llama(file, Limits(chosen.context, chosen.threads, memory=chosen.memory, safe=chosen.safe))
            model.warm_up()
            limit_resources(DATA=chosen.memory + ROOM)
        except MomError as error:
            child.fail(HELLO, error)
            return
        child.send({"id": HELLO, "result": info(model) | {"sha256": file.sha256, "path": str(file.path)}})
        threading.Thread(target=child.listen, args=[sys.stdin.buffer], daemon=True).start()
        child.serve(model, chosen.idle)
        out.flush()
        os._exit(0)  # the listening thread blocks on standard input; there is nothing to save


class Child:
    """Reads requests and writes answers."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self._guard = out, threading.Lock()
        self._requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._stopped: set[int] = set()

    def send(self, message: dict[str, Any]) -> None:
        """Write one line."""
        with self._guard:
            self._out.write(json.dumps(message).encode("ascii") + b"\n")
            self._out.flush()

    def fail(self, number: int, error: MomError) -> None:
        """Answer with an error."""
        self.send({"id": number, "error": {"type": type(error).__name__, "message": str(error)}})

    def listen(self, lines: IO[bytes]) -> None:
        """Read requests until the parent closes the pipe, then exit at once: there is nothing to save."""
        for line in lines:
            message = json.loads(line)
            if message["method"] == "stop":
                self._stopped.add(message["id"])
            else:
                self._requests.put(message)
        os._exit(0)

    def serve(self, model: Llama, idle: float) -> None:
        """Answer requests until none has come for `idle` seconds."""
        while True:
            try:
                message = self._requests.get(timeout=idle)
            except queue.Empty:
                return
            number = message["id"]
            try:
                self.send({"id": number, "result": self._answer(model, number, message["method"], message["params"])})
            except MomError as error:
                self.fail(number, error)
            self._stopped.discard(number)

    def _answer(self, model: Llama, number: int, method: str, params: dict[str, Any]) -> Any:
        if method == "count":
            return model.count(params["text"])
        if method == "hook":
            return {"scale": model.attention_scale, "problem": model.hook_problem}
        messages, bias = read_messages(params["messages"]), params["bias"]
        if method == "read":
            reading = model.read(
                messages,
                params["text"],
                bias=bias,
                measured=params["measured"],
                cancelled=lambda: number in self._stopped,
            )
            return {"nll": reading.nll.tolist(), "mass": {m: mass.tolist() for m, mass in reading.mass.items()}}
        if method != "generate":
            raise ModelError(f"unknown request to the model's process: {method!r}")
        for piece in model.generate(
            messages,
            limit=params["limit"],
            grammar=params["grammar"],
            seed=params["seed"],
            bias=bias,
            cancelled=lambda: number in self._stopped,
        ):
            self.send({"id": number, "piece": piece})
        return None


@contextlib.contextmanager
def _private_stdout() -> Any:
    """Yield the real standard output; all other output, also from C, goes to standard error."""
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        yield out


def limit_resources(**limits: int) -> None:
    """Set resource limits of this process, by the name of their RLIMIT: file size, core size, memory.

    The system can limit allocations, not resident memory: the header (gguf_header.py) decides whether a model fits, and
    this stops a model whose header is wrong. Weights do not count as DATA, since they are mapped from their file.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, most in limits.items():
        what = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(what)
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (limit, hard))


if __name__ == "__main__":
    main()
