"""Attention traces in use: which memories of a prompt the model is drawn to, and how accepted texts teach it that.

What was learned is on disk (lm/trace_file.py) and folded when it is first needed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from mom_lsp.errors import Interrupted, ModelError
from mom_lsp.lm.biased_heads import chosen_heads, first_strength
from mom_lsp.lm.model_process import ModelProcess
from mom_lsp.lm.trace_file import TraceFile
from mom_lsp.lm.trace_learning import Accepted, observe, tried
from mom_lsp.lm.traces import AttentionTraces, Drawn, Observation, calibrated, cue_of, replay
from mom_lsp.memory import never_cancelled

log = logging.getLogger(__name__)


class Attention:
    """The traces of one data folder. Thread-safe."""

    def __init__(self, file: TraceFile) -> None:
        self._file, self._guard = file, threading.Lock()
        self._name, self._learned = "", (AttentionTraces(0, 0), 0.0)  # of the model that was asked last
        self._times_forgotten = 0

    def drawn(self, process: ModelProcess, path: str, memories: Sequence[str]) -> Drawn:
        """Return the bias of the memories of a question about a file; {} where there is none.

        Args:
            process: the model.
            path: of the file.
            memories: of the prompt, as the router ranks them.

        Raises:
            ModelError, ChildError: as the process does.
        """
        if not self._file.size():
            return {}
        traces, strength = self._of(process.info)
        found = traces.bias(cue_of([path]), memories, strength, memories[0] if memories else "")
        if found:
            try:
                process.hook()
            except ModelError as error:  # another llama.cpp than the one that learned them: without, the answer stands
                log.warning("%s", error)
                return {}
        return found

    def learned_from(self, name: str) -> set[str]:
        """Return the accepted texts that a model has learned from."""
        return self._file.sources(name)

    def learn(
        self, process: ModelProcess, source: str, accepted: Accepted, cancelled: Callable[[], bool] = never_cancelled
    ) -> None:
        """Let the model read an accepted text, and keep what it teaches; a text that cannot be read teaches nothing.

        Raises:
            Interrupted: it was cancelled, or something was forgotten meanwhile, and nothing was kept.
            ModelError, ChildError: there is no model.
        """
        info, before = process.info, self._times_forgotten
        name, layers, heads = str(info["name"]), int(info["layers"]), int(info["heads"])
        traces, _ = self._of(info)
        try:
            plain = process.read(accepted.messages, accepted.text, cancelled=cancelled)
            gains = tried(process, accepted, traces, plain, cancelled)
            chosen = chosen_heads(name, layers, heads)
            found = observe(process, accepted, chosen, plain, gains=gains, cancelled=cancelled)
        except Interrupted:
            raise
        except ModelError as error:
            log.warning("nothing learned from %s: %s", source, error)
            found = Observation(accepted.cue, {}, {})
        with self._guard:
            if before != self._times_forgotten:
                raise Interrupted("something was forgotten meanwhile, maybe what this text says")
            self._file.add(name, layers, heads, found, source)
            self._name = ""

    def forget(self, memories: Sequence[str]) -> None:
        """Erase memories from the traces, and from disk."""
        self._erase(self._file.forget, memories)

    def unlearn(self, sources: Sequence[str]) -> None:
        """Erase what was learned from accepted texts; it may be learned again from what is accepted still."""
        self._erase(self._file.unlearn, sources)

    def _erase(self, erase: Callable[[Sequence[str]], None], what: Sequence[str]) -> None:
        with self._guard:
            self._times_forgotten += 1
            erase(what)
            self._name = ""

    def state(self, name: str) -> dict[str, Any]:
        """Return from how many texts a model has learned here, how strong its bias is, and the bytes on disk."""
        gains = self._file.gains(name)
        return {
            "texts": len(gains),
            "strength": calibrated(gains, first_strength(name)) if gains else 0.0,
            "bytes": self._file.size(),
        }

    def _of(self, info: dict[str, Any]) -> tuple[AttentionTraces, float]:
        """Return the traces of a model, and the strength of their bias."""
        with self._guard:
            if self._name != info["name"]:
                name, layers, heads = str(info["name"]), int(info["layers"]), int(info["heads"])
                seen = self._file.observations(name, layers, heads)
                strength = calibrated([one.gains for one in seen], first_strength(name))
                self._name, self._learned = name, (replay(seen, layers, heads), strength)
            return self._learned
