"""A Generator whose model runs in a process of its own, started on demand and stopped when idle.

A crash of that process costs one answer: the next request starts it again.
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import IO, Any

import numpy as np

from mom_lsp.errors import ChildError, Interrupted, ModelError
from mom_lsp.lm.child_messages import HELLO, AttentionReading, plain_bias, plain_messages
from mom_lsp.lm.gguf import INSTALL, confirmed_name, find_model
from mom_lsp.lm.installed import is_installed
from mom_lsp.lm.processor_check import Support, advice, crash, remember, remembered
from mom_lsp.memory import Bias, ChatMessage, never_cancelled
from mom_lsp.process.spawn import spawn

POLL = 0.05  # seconds between two checks whether a request was cancelled
LOADING = 120.0  # timeout in seconds: hashing and reading several GB from a slow disk
STDERR_LINES = 30
EXITED: dict[str, Any] = {"error": {"type": "ChildError", "message": ""}}
COMMAND = ("-m", "mom_lsp.lm.child")


class ModelProcess:
    """The model's process as a Generator. Thread-safe; requests are answered one at a time.

    Args:
        setting: `mom.model.path`, only from the user's or the machine's settings.
        context: maximum tokens of prompt and answer together; 0 for what fits this machine (plan.py).
        threads: 0 for what fits this machine.
        memory: maximum bytes of the process; a model that needs more is refused before it is loaded.
        idle: seconds without a request after which the process exits.
    """

    def __init__(
        self, setting: str = "", *, context: int = 0, threads: int = 0, memory: int = 4 * 10**9, idle: float = 300.0
    ) -> None:
        self._setting, self._idle = setting, idle
        limits = {"--context": context, "--threads": threads, "--memory": memory, "--idle": idle}
        self._arguments = [str(part) for limit in limits.items() for part in limit]
        self._guard = threading.Lock()
        self._running: Running | None = None
        self._safe = False  # whether it crashed with full settings

    @property
    def name(self) -> str:
        """The model's name; starts the process."""
        return str(self.info["name"])

    @property
    def context(self) -> int:
        """Tokens of prompt and answer together; starts the process."""
        return int(self.info["context"])

    @property
    def memories(self) -> int:
        """At most how many memories a prompt should have on this machine; starts the process."""
        return int(self.info["memories"])

    @property
    def info(self) -> dict[str, Any]:
        """What `mom_lsp.lm.runtime.info` returns, and path and sha256 of the file; starts the process."""
        return self._started().info

    @property
    def pid(self) -> int | None:
        """The id of the process, None if it is not running."""
        running = self._running
        return running.process.pid if running is not None and not running.ended else None

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        return int(self._call("count", {"text": text}))

    def hook(self) -> dict[str, Any]:
        """Return {"scale", "problem"} of the attention hook. Raises ModelError if it does not work with this model."""
        return dict(self._call("hook", {}))

    def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        limit: int,
        grammar: str | None = None,
        seed: int = 0,
        bias: Bias | None = None,
        cancelled: Callable[[], bool] = never_cancelled,
    ) -> Iterator[str]:
        """Yield an answer in pieces; see memory.Generator. Closing the iterator stops the model too."""
        params = {
            "messages": plain_messages(messages),
            "limit": limit,
            "grammar": grammar,
            "seed": seed,
            "bias": plain_bias(bias),
        }
        for answer in self._ask("generate", params, cancelled):
            if "piece" in answer:
                yield answer["piece"]

    def read(
        self,
        messages: Sequence[ChatMessage],
        text: str,
        *,
        bias: Bias | None = None,
        measured: bool = True,
        cancelled: Callable[[], bool] = never_cancelled,
    ) -> AttentionReading:
        """Measure a given text as if it were the answer; see Llama.read."""
        params = {"messages": plain_messages(messages), "text": text, "bias": plain_bias(bias), "measured": measured}
        answers = [answer["result"] for answer in self._ask("read", params, cancelled) if "result" in answer]
        if not answers:
            raise Interrupted("another request is waiting")
        found = answers[0]
        return AttentionReading(np.array(found["nll"]), {m: np.array(mass) for m, mass in found["mass"].items()})

    def close(self) -> None:
        """Stop the process."""
        with self._guard:
            if self._running is not None:
                self._running.close()
                self._running = None

    def _call(self, method: str, params: dict[str, Any]) -> Any:
        return next(answer["result"] for answer in self._ask(method, params, never_cancelled) if "result" in answer)

    def _ask(self, method: str, params: dict[str, Any], cancelled: Callable[[], bool]) -> Iterator[dict[str, Any]]:
        answered = False
        try:
            for answer in self._started().ask(method, params, cancelled):
                answered = True
                yield answer
            return
        except _ExitedIdle:  # just before the request: it has not answered anything yet
            pass
        except _Crashed:
            if self._safe:
                raise
            self._use_safe_settings()
            if answered:
                raise
        yield from self._started().ask(method, params, cancelled)

    def _started(self) -> Running:
        with self._guard:
            if self._running is None or self._running.ended:
                self._running = self._start()
            return self._running

    def _start(self) -> Running:
        """Start the process with the settings that work on this machine: full, or else safe."""
        if not is_installed():
            raise ModelError(f"llama.cpp is not installed: run {INSTALL}")
        file = find_model(self._setting)
        self._safe = self._safe or remembered(confirmed_name(file)) is Support.SAFE
        arguments = ["--file", str(file), *self._arguments]
        if not self._safe:
            try:
                running = Running(arguments)
            except _Crashed:
                self._safe = True
            else:
                remember(confirmed_name(file), Support.FULL)
                return running
        try:
            running = Running([*arguments, "--safe"])
        except _Crashed as error:
            remember(confirmed_name(file), Support.NONE)
            raise ModelError(advice(error.died_of)) from error
        remember(confirmed_name(file), Support.SAFE)
        return running

    def _use_safe_settings(self) -> None:
        with self._guard:
            self._safe = True
            remember(confirmed_name(find_model(self._setting)), Support.SAFE)


class _ExitedIdle(ChildError):
    """The process exited because it was idle, as it should."""


class _Crashed(ChildError):
    """The process crashed as a program does that was built for another processor."""

    def __init__(self, died_of: str) -> None:
        super().__init__(f"the model's process crashed with {died_of}: try again to start it with safe settings")
        self.died_of = died_of


class Running:
    """One run of the process."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.process = spawn(arguments, stderr=subprocess.PIPE, command=COMMAND)
        self.ended = False
        self._guard = threading.Lock()
        self._number = HELLO
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._answers: dict[int, queue.SimpleQueue[dict[str, Any]]] = {HELLO: queue.SimpleQueue()}
        streams = ((self._read_answers, self.process.stdout), (self._read_stderr, self.process.stderr))
        self._threads = [threading.Thread(target=job, args=[s], name="mom-model", daemon=True) for job, s in streams]
        for thread in self._threads:
            thread.start()
        self.info: dict[str, Any] = next(self._answers_to(HELLO, never_cancelled, LOADING))["result"]

    def ask(self, method: str, params: dict[str, Any], cancelled: Callable[[], bool]) -> Iterator[dict[str, Any]]:
        """Yield the answers to a request, the last one with its result. Raises ModelError or ChildError."""
        with self._guard:
            self._number += 1
            number = self._number
            self._answers[number] = queue.SimpleQueue()
        self._send({"id": number, "method": method, "params": params})
        done = False
        try:
            for answer in self._answers_to(number, cancelled):
                done = "result" in answer
                yield answer
        except ModelError:
            done = True
            raise
        finally:
            self._answers.pop(number, None)
            if not done and not self.ended:
                self._send({"id": number, "method": "stop"})

    def close(self) -> None:
        """Close the pipe; the process exits at once."""
        with self._guard, suppress(OSError):
            self.process.stdin.close()  # type: ignore[union-attr]
        for thread in self._threads:
            thread.join()
        self.process.wait()

    def _answers_to(
        self, number: int, cancelled: Callable[[], bool], timeout: float = float("inf")
    ) -> Iterator[dict[str, Any]]:
        waited, answers = 0.0, self._answers[number]
        while not cancelled():
            try:
                answer = answers.get(timeout=POLL)
            except queue.Empty:
                waited += POLL
                if self.ended and answers.empty():
                    answer = EXITED
                elif waited > timeout:
                    self.process.kill()  # it reads nothing while it loads, and may load for ever
                    self.close()
                    raise ModelError(f"the model did not load within {timeout:.0f} s") from None
                else:
                    continue
            if error := answer.get("error"):
                raise self._error(error)
            yield answer
            if "result" in answer:
                return

    def _error(self, error: dict[str, str]) -> Exception:
        if error["type"] == "ModelError":
            return ModelError(error["message"])
        if self.process.poll() == 0:
            return _ExitedIdle("the model's process exited while idle: ask again")
        if died_of := crash(self.process.poll()):
            return _Crashed(died_of)
        last = self._stderr[-1] if self._stderr else f"code {self.process.poll()}"
        return ChildError(f"the model's process exited ({last}): ask again, or set mom.model.path to another model")

    def _send(self, message: dict[str, Any]) -> None:
        with self._guard, suppress(OSError, ValueError):  # it exited: waiting requests get an error
            assert self.process.stdin is not None
            self.process.stdin.write(json.dumps(message).encode("ascii") + b"\n")
            self.process.stdin.flush()

    def _read_answers(self, lines: IO[bytes]) -> None:
        with lines:
            for line in lines:
                answer = json.loads(line)
                if waiting := self._answers.get(answer["id"]):
                    waiting.put(answer)
        self.process.wait()
        self.ended = True
        with self._guard, suppress(OSError):
            self.process.stdin.close()  # type: ignore[union-attr]

    def _read_stderr(self, lines: IO[bytes]) -> None:
        with lines:
            self._stderr.extend(text for line in lines if (text := line.decode("utf-8", "replace").strip()))
