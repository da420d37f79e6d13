"""Attention traces in use: the bias towards memories of a prompt, and learning it from accepted texts.

Observations are on disk (lm/trace_file.py) and are replayed when first needed.
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
from mom_lsp.lm.trace_learning import Accepted, observe, strength_gains
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
        """Return the bias towards memories for a question about a file; {} if there is none.

        Args:
            process: the model.
            path: of the file.
            memories: of the prompt, in the router's order.

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
            except ModelError as error:  # with another llama.cpp than before: answer without a bias
                log.warning("%s", error)
                return {}
        return found

    def learned_from(self, name: str) -> set[str]:
        """Return the accepted texts that a model has learned from."""
        return self._file.sources(name)

    def learn(
        self, process: ModelProcess, source: str, accepted: Accepted, cancelled: Callable[[], bool] = never_cancelled
    ) -> None:
        """Let the model read an accepted text and save the observation, an empty one if the text cannot be read.

        Raises:
            Interrupted: it was cancelled, or a memory was forgotten meanwhile; nothing was saved.
            ModelError, ChildError: there is no model.
        """
        info, before = process.info, self._times_forgotten
        name, layers, heads = str(info["name"]), int(info["layers"]), int(info["heads"])
        traces, _ = self._of(info)
        try:
            plain = process.read(accepted.messages, accepted.text, cancelled=cancelled)
            gains = strength_gains(process, accepted, traces, plain, cancelled)
            chosen = chosen_heads(name, layers, heads)
            found = observe(process, accepted, chosen, plain, gains=gains, cancelled=cancelled)
        except Interrupted:
            raise
        except ModelError as error:
            log.warning("nothing learned from %s: %s", source, error)
            found = Observation(accepted.cue, {}, {})
        with self._guard:
            if before != self._times_forgotten:
                raise Interrupted("a memory was forgotten meanwhile, perhaps one that this text repeats")
            self._file.add(name, layers, heads, found, source)
            self._name = ""

    def forget(self, memories: Sequence[str]) -> None:
        """Erase memories from the traces, in memory and on disk."""
        self._erase(self._file.forget, memories)

    def unlearn(self, sources: Sequence[str]) -> None:
        """Erase what was learned from some accepted texts; those still accepted may be learned again."""
        self._erase(self._file.unlearn, sources)

    def _erase(self, erase: Callable[[Sequence[str]], None], what: Sequence[str]) -> None:
        with self._guard:
            self._times_forgotten += 1
            erase(what)
            self._name = ""

    def state(self, name: str) -> dict[str, Any]:
        """Return the number of texts a model learned from, the strength of its bias, and the bytes on disk."""
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
