"""The language model as the engine uses it: started on demand, restarted with a delay, its answers checked."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Container, Iterator, Sequence
from pathlib import Path
from typing import Any

from mom_lsp.engine.attention import Attention
from mom_lsp.errors import ChildError, Interrupted, ModelError
from mom_lsp.lm.answer import Sentence, reason_of
from mom_lsp.lm.gguf import INSTALL, confirmed_name, find_model
from mom_lsp.lm.installed import is_installed
from mom_lsp.lm.model_process import ModelProcess
from mom_lsp.lm.processor_check import Support, advice, remembered
from mom_lsp.lm.prompts import in_place
from mom_lsp.lm.titles import titled
from mom_lsp.lm.traces import Drawn
from mom_lsp.lm.wording import WordingQuestion, completed, gives_the_reason, worded
from mom_lsp.memory import Memory, never_cancelled
from mom_lsp.process import Restarts
from mom_lsp.settings import ModelSettings as ModelSettings
from mom_lsp.workspace.accepted_texts import Text
from mom_lsp.workspace.ranking.explanation import Explanation

COMPLETION_MEMORIES = 2  # in the prompt: reading more would take too long for completion

log = logging.getLogger(__name__)


class LocalModel:
    """Starts the model's process on first use, and again after it died, with growing delays. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, attention: Attention | None = None) -> None:
        self.problem = ""  # why the last request failed
        self.attention = attention
        self._clock = clock
        self._guard = threading.Lock()
        self._process: ModelProcess | None = None
        self._settings: ModelSettings | None = None
        self._completing = threading.Lock()
        self._restarts, self._paused_until = Restarts(), float("-inf")
        self._order: list[str] = []  # ids of the memories in the last prompt, whose tokens are still cached

    def word(
        self,
        settings: ModelSettings,
        known: Explanation,
        cancelled: Callable[[], bool] = never_cancelled,
        drawn: Drawn | None = None,
    ) -> str:
        """Return an answer written by the model, each sentence supported by the memory it cites; "" if there is none.

        There is none if rephrasing is off, if it leaves out the reason, if no memory gives a reason, or if the model
        fails: the caller then quotes the memories. `drawn` is the bias towards memories.
        """
        if not self.rephrases(settings) or not any(reason_of(clue.memory) for clue in known.clues):
            return ""
        question = WordingQuestion(known.path, known.symbol, known.text)
        try:
            process = self.process(settings)
            memories = {clue.memory.id: clue.memory for clue in known.clues[: process.memories]}
            order = in_place(self._order, list(memories))
            number = {at: list(memories).index(identity) + 1 for at, identity in enumerate(order, 1)}
            self._order = order
            shown = [memories[i] for i in order]
            written = worded(process, question, shown, bias=drawn or None, cancelled=cancelled)
            answer = [Sentence(one.text, number[one.cites]) for one in written]
        except (ModelError, ChildError) as error:
            self._failed(error)
            return ""
        self.problem = ""
        return " ".join(map(str, answer)) if not cancelled() and gives_the_reason(answer, memories.values()) else ""

    def complete(
        self, settings: ModelSettings, known: Explanation, before: str, cancelled: Callable[[], bool] = never_cancelled
    ) -> str:
        """Return a completion of the last line of some code; "" if there is none, or the model is busy."""
        if self.why_not(settings) or not self._completing.acquire(blocking=False):
            return ""
        try:
            process = self.process(settings)
            memories = [clue.memory for clue in known.clues[: min(COMPLETION_MEMORIES, process.memories)]]
            bias = self.drawn(settings, known.path, [memory.id for memory in memories]) or None
            return completed(process, known.path, before, memories, bias=bias, cancelled=cancelled)
        except (ModelError, ChildError) as error:
            self._failed(error)
            return ""
        finally:
            self._completing.release()

    def title(
        self, settings: ModelSettings, memory: Memory, cancelled: Callable[[], bool] = never_cancelled
    ) -> str | None:
        """Return a title that the memory's text supports, "" if the model found none, None if it could not be asked."""
        if self.why_not(settings):
            return None
        try:
            made = titled(self.process(settings), memory, cancelled)
        except (ModelError, ChildError) as error:
            self._failed(error)
            return None
        return None if cancelled() else made

    def drawn(self, settings: ModelSettings, path: str, memories: Sequence[str]) -> Drawn:
        """Return the bias towards memories, given in the router's order; {} if none was learned."""
        if self.attention is None or not settings.traces or not memories or self.why_not(settings):
            return {}
        try:
            return self.attention.drawn(self.process(settings), path, memories)
        except (ModelError, ChildError) as error:
            self._failed(error)
            return {}

    def learn(
        self, settings: ModelSettings, texts: Callable[[Container[str]], Iterator[Text]], cancelled: Callable[[], bool]
    ) -> bool:
        """Learn from one accepted text; False if there is no new one, or the model cannot be asked.

        The process is started only if there is a new text.
        """
        if self.attention is None or not settings.traces or self.why_not(settings):
            return False
        try:
            name = confirmed_name(find_model(settings.path))
            text = next(texts(self.attention.learned_from(name)), None)
            if text is None:
                return False
            self.attention.learn(self.process(settings), text.source, text.accepted, cancelled)
        except Interrupted:
            pass  # later
        except (ModelError, ChildError) as error:
            self._failed(error)
            return False
        return True

    def unlearn(self, sources: Sequence[str]) -> None:
        """Erase accepted texts from the traces after an undo."""
        if sources and self.attention is not None:
            self.attention.unlearn(sources)

    def forget(self, memories: Sequence[str]) -> None:
        """Erase memories from the traces, and end the model's process, which may have cached their text."""
        if self.attention is not None:
            self.attention.forget(memories)
        self.close()

    def why_not(self, settings: ModelSettings) -> str:
        """Return why the model cannot be used now, "" if it can; loads nothing."""
        if not settings.enable:
            return "turned off (mom.model.enable)"
        if not is_installed():
            return f"not installed: {INSTALL}"
        try:
            name = confirmed_name(find_model(settings.path))
        except ModelError as error:
            return str(error)
        if remembered(name) is Support.NONE:
            return advice()
        return self.problem if self._clock() < self._paused_until else ""

    def rephrases(self, settings: ModelSettings) -> bool:
        """Return whether the model may word answers now; loads nothing."""
        return settings.rephrase and not self.why_not(settings)

    def process(self, settings: ModelSettings) -> ModelProcess:
        """Return the process of the configured model; one with other settings is ended."""
        with self._guard:
            if self._process is None or self._settings != settings:
                if self._process is not None:
                    self._process.close()
                self._settings = settings
                self._process = ModelProcess(
                    settings.path,
                    context=settings.context,
                    threads=settings.threads,
                    memory=settings.max_memory * 10**6,
                    idle=settings.idle_minutes * 60,
                )
            return self._process

    def state(self, settings: ModelSettings) -> dict[str, Any]:
        """Return what `mom status` shows; starts nothing."""
        process, problem = self._process, self.why_not(settings)
        pid = process.pid if process is not None else None
        running = process.info if process is not None and pid is not None else {}
        name = "" if problem else confirmed_name(find_model(settings.path))
        return {
            "problem": problem or None,
            "rephrases": settings.rephrase and not problem,
            "pid": pid,
            "memory_bytes": resident(pid) if pid is not None else None,
            "name": running.get("name"),
            "tested": remembered(name) is not None if name else False,
            "traces": self.attention.state(name) if self.attention and settings.traces and name else None,
        }

    def examine(self, settings: ModelSettings) -> str:
        """Load the model and return what `mom doctor` shows. Raises ModelError and ChildError."""
        process = self.process(settings)
        info = process.info
        hook = process.hook()
        size = resident(process.pid) if process.pid is not None else None
        parts = [
            f"{info['name']}, sha256 {info['sha256'][:16]}…",
            f"{size / 1e6:.0f} MB" if size else "",
            f"llama.cpp from the package {info['library']}",
            f"attention bias available{' (slow: ' + hook['problem'] + ')' if hook['problem'] else ''}",
        ]
        return "; ".join(part for part in parts if part)

    def close(self) -> None:
        """End the process."""
        with self._guard:
            if self._process is not None:
                self._process.close()
                self._process = None

    def _failed(self, error: ModelError | ChildError) -> None:
        log.warning("%s", error)
        self.problem = str(error)
        now = self._clock()
        delay = self._restarts.delay(now)
        self._paused_until = now + (Restarts.WINDOW if delay is None else delay)


def resident(pid: int, proc: Path = Path("/proc")) -> int | None:
    """Return the resident memory of a process in bytes; None where the system does not report it."""
    try:
        lines = (proc / str(pid) / "status").read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), None)
