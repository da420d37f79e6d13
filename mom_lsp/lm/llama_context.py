"""One context of llama.cpp: its KV cache, reused between requests as far as the prompts agree."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from mom_lsp.errors import ModelError
from mom_lsp.lm.attention_hook import Hook
from mom_lsp.lm.bindings import reason
from mom_lsp.memory import never_cancelled

BATCH = 128  # tokens decoded at a time: a request can be cancelled between two batches
SEQUENCE = 0


@dataclass(frozen=True, slots=True)
class BiasPlan:
    """The attention bias of one request; cells of the cache are positions, as there is one sequence."""

    spans: tuple[tuple[int, int], ...] = ()
    task: int = 0  # the first row that is biased
    bias: np.ndarray | None = None  # (layers, heads, spans) in units of kq

    def start(self) -> int | None:
        """The first position whose keys and values differ from those without bias; None if none do."""
        return self.task if self.bias is not None and self.bias.any() else None

    def valid_after(self, other: BiasPlan) -> int | None:
        """Return how many positions of a cache computed with `other` are valid for this plan; None for all."""
        mine, theirs = self.start(), other.start()
        if mine == theirs and (mine is None or (self.spans == other.spans and np.array_equal(self.bias, other.bias))):  # type: ignore[arg-type]
            return None
        return min(start for start in (mine, theirs) if start is not None)


PLAIN = BiasPlan()


class LlamaContext:
    """Decodes tokens in order. With a hook, attention can be measured and biased, and flash attention is off."""

    def __init__(
        self, llama: ModuleType, model: Any, size: int, threads: int, hook: Hook | None, *, flash: bool
    ) -> None:
        self._llama, self._hook = llama, hook
        params = llama.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch, params.n_seq_max = size, BATCH, BATCH, 1
        params.n_threads = params.n_threads_batch = threads
        params.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_ENABLED if flash else llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.offload_kqv = params.op_offload = False
        params.swa_full = True  # otherwise the cells of a sliding window are not positions
        params.no_perf = True
        if hook is not None:
            params.cb_eval, params.cb_eval_user_data = hook.callback, hook.pointer
        self.pointer = llama.llama_init_from_model(model, params)
        if not self.pointer:
            raise ModelError(f"llama.cpp cannot create a context of {size} tokens: {reason()}")
        self.size = int(llama.llama_n_ctx(self.pointer))
        self._vocabulary = int(llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model)))
        self._memory = llama.llama_get_memory(self.pointer)
        self._batch = llama.llama_batch_init(BATCH, 0, 1)
        self._tokens: list[int] = []  # in the cache
        self._plan = PLAIN

    def close(self) -> None:
        """Free it."""
        if self.pointer:
            self._llama.llama_batch_free(self._batch)
            self._llama.llama_free(self.pointer)
            self.pointer = None

    def begin(self, tokens: Sequence[int], plan: BiasPlan = PLAIN, *, at_most: int | None = None) -> int:
        """Reuse the cached prefix of these tokens, of at most `at_most`; return its length."""
        cached = _common_prefix(self._tokens, tokens)
        for limit in (plan.valid_after(self._plan), at_most, len(tokens) - 1):  # the last one is decoded for its logits
            cached = cached if limit is None else min(cached, limit)
        if not self._llama.llama_memory_seq_rm(self._memory, SEQUENCE, cached, -1):
            cached = 0  # a cache that cannot be cut (recurrent models) is emptied
            self._llama.llama_memory_clear(self._memory, True)
        del self._tokens[cached:]
        self._plan = plan
        if self._hook is not None:
            self._hook.watch(plan.spans, plan.bias)
        return cached

    def feed(
        self,
        tokens: Sequence[int],
        *,
        measured_from: int | None = None,
        logits_from: int | None = None,
        cancelled: Callable[[], bool] = never_cancelled,
    ) -> list[np.ndarray]:
        """Decode tokens after the cached ones.

        Args:
            tokens: to decode.
            measured_from: position of the first row whose attention is measured; None for none.
            logits_from: position of the first row whose logits are returned; None to compute only the last, in place.
            cancelled: called between batches; if true, the remaining tokens are not decoded.

        Returns:
            The requested logits, float32 (1, vocabulary) per row.
        """
        found = []
        for at in range(0, len(tokens), BATCH):
            if cancelled():
                break
            last = at + BATCH >= len(tokens)
            found += self._decode(tokens[at : at + BATCH], measured_from, logits_from, last=last)
        return found

    def _decode(
        self, tokens: Sequence[int], measured_from: int | None, logits_from: int | None, *, last: bool
    ) -> list[np.ndarray]:
        start, count = len(self._tokens), len(tokens)
        if start + count > self.size:
            raise ModelError(f"the text exceeds the context window of {self.size} tokens (mom.model.context)")
        wanted = [logits_from is not None and start + row >= logits_from for row in range(count)]
        batch = self._batch
        batch.n_tokens = count
        for row, token in enumerate(tokens):
            batch.token[row], batch.pos[row] = token, start + row
            batch.n_seq_id[row], batch.seq_id[row][0] = 1, SEQUENCE
            batch.logits[row] = wanted[row] or (last and row == count - 1)
        if self._hook is not None:
            plan = self._plan
            bias_from = plan.task - start if plan.start() is not None else count
            self._hook.batch(count, bias_from, count if measured_from is None else measured_from - start)
        code = self._llama.llama_decode(self.pointer, batch)
        if self._hook is not None:
            self._hook.done()
        if code:
            self.forget()
            raise ModelError(f"llama.cpp failed to decode {count} tokens (code {code}): {reason()}")
        self._tokens += tokens
        return [self._logits(row)[None] for row in range(count) if wanted[row]]

    def forget(self) -> None:
        """Empty the cache."""
        self._llama.llama_memory_clear(self._memory, True)
        self._tokens.clear()

    def _logits(self, row: int) -> np.ndarray:
        pointer = self._llama.llama_get_logits_ith(self.pointer, row)
        return np.ctypeslib.as_array(ctypes.cast(pointer, ctypes.POINTER(ctypes.c_float)), (self._vocabulary,)).copy()


def _common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """Return the length of the common prefix."""
    shortest = min(len(first), len(second))
    return next((at for at in range(shortest) if first[at] != second[at]), shortest)
