"""The runtime: one model, two contexts. Runs only in the child process (child.py).

The plain context has no hook. The hooked one is created by the first request with a bias or a measurement of attention;
only such requests pay for the hook. Neither uses flash attention: the hook excludes it, and on a CPU with prompts of
memories it is slower (`mom bench --model`).
"""

from __future__ import annotations

import codecs
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mom_lsp.errors import Interrupted, ModelError
from mom_lsp.lm import bindings
from mom_lsp.lm.attention_hook import Hook
from mom_lsp.lm.child_messages import AttentionReading
from mom_lsp.lm.gguf import ModelFile, check_memory, free_memory
from mom_lsp.lm.gguf_header import read_shape
from mom_lsp.lm.hook_probe import TEXT, attention_scale
from mom_lsp.lm.installed import package
from mom_lsp.lm.llama_context import PLAIN, BiasPlan, LlamaContext
from mom_lsp.lm.plan import Plan, Speed, here, need, planned
from mom_lsp.lm.sampler import Sampler
from mom_lsp.lm.tokenizing import Prompt, Tokenizer
from mom_lsp.memory import Bias, ChatMessage, never_cancelled

WARM_UP = 9  # tokens
STEP = 8  # tokens between two checks for cancellation, while reading in idle time


@dataclass(frozen=True, slots=True)
class Limits:
    """The resource limits of the model."""

    context: int = 0  # tokens; 0: the plan's
    threads: int = 0  # 0: the plan's
    native: bool = True  # use the compiled hook if possible
    memory: int = 4 * 10**9  # bytes: mom.model.maxMemory
    # Without the buffer types whose layouts need special instructions, such as AMX, which virtual machines may announce
    # and forbid. Only a process of its own can be started again after such a crash (see model_process.py).
    safe: bool = True


class Llama:
    """A Generator in this process.

    Raises:
        ModelError: the file cannot be loaded.
    """

    def __init__(self, file: ModelFile, limits: Limits = Limits()) -> None:
        self._llama = llama = bindings.load()
        self.shape, self._weights, self._limits = read_shape(file), file.size, limits
        self.speed: Speed | None = None  # known once it is warm
        plan = self._plan(context=limits.context)
        check_memory(need(self.shape, file.size, plan.context), limits.memory)
        self.name = file.name
        params = llama.llama_model_default_params()
        params.n_gpu_layers, params.check_tensors, params.use_extra_bufts = 0, True, not limits.safe
        bindings.messages.clear()  # messages from now on are about this file
        self._model = llama.llama_model_load_from_file(os.fsencode(file.path), params)
        if not self._model:
            raise ModelError(f"{file.path} cannot be loaded: {bindings.reason()}; set mom.model.path to another file")
        self.threads, self._context_size = plan.threads, plan.context
        self._native, self.safe = limits.native, limits.safe
        self.tokenizer = Tokenizer(llama, self._model)
        self.layers, self.heads = (
            int(llama.llama_model_n_layer(self._model)),
            int(llama.llama_model_n_head(self._model)),
        )
        self._contexts: list[LlamaContext] = []

    def warm_up(self) -> None:
        """Decode some tokens, so that a library built for another processor crashes now and not during an answer.

        Several tokens and a single one, since they use different kernels of the library. How long they take is the
        speed that the plan is made with: in processor time, so that it does not depend on what else runs. It is a lower
        bound, since the weights are touched for the first time.
        """
        *several, last = self.tokenizer.encode(TEXT, first=True)[:WARM_UP]
        context = LlamaContext(self._llama, self._model, WARM_UP, self.threads, None, flash=False)
        try:
            began = time.process_time()
            context.feed(several)
            read = time.process_time()
            context.feed([last])
            wrote = time.process_time()
            self.speed = Speed(
                prompt=len(several) * self.threads / (read - began),
                answer=self.threads / (wrote - read),
                threads=self.threads,
            )
        finally:
            context.close()

    @property
    def memories(self) -> int:
        """At most how many memories a prompt should have, by the plan."""
        return self._plan(context=self._context_size).memories

    def _plan(self, *, context: int) -> Plan:
        free = free_memory()
        return planned(
            self.shape,
            self._weights,
            here(self._limits.memory if free is None else free),
            allowed=self._limits.memory,
            context=context,
            threads=self._limits.threads,
            speed=self.speed,
        )

    @property
    def context(self) -> int:
        """Tokens of prompt and answer together."""
        return self._context_size

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        return len(self.tokenizer.encode(text))

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
        """Yield an answer in pieces; see memory.Generator."""
        prompt = self.tokenizer.prompt(messages)
        self._check_room(prompt, limit)
        biased = any(_strengths(bias))
        context, plan = (self.hooked, self.plan(prompt, bias or {})) if biased else (self.plain, PLAIN)
        sampler = Sampler(self._llama, self._model, seed, grammar)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        try:
            cached = context.begin(prompt.tokens, plan)
            context.feed(prompt.tokens[cached:], cancelled=cancelled)
            for _ in range(limit):
                if cancelled():
                    return
                token = sampler.next(context.pointer)
                if self.tokenizer.is_end(token):
                    break
                if piece := decoder.decode(self.tokenizer.piece(token)):
                    yield piece
                context.feed([token])
            if rest := decoder.decode(b"", final=True):
                yield rest
        finally:
            sampler.close()

    def read(
        self,
        messages: Sequence[ChatMessage],
        text: str,
        *,
        bias: Bias | None = None,
        measured: bool = True,
        then: str = "",
        choices: Sequence[str] = (),
        cancelled: Callable[[], bool] = never_cancelled,
    ) -> AttentionReading:
        """Measure a text as if it were the answer: the likelihood of each token, and the attention on each memory.

        Args:
            messages: the prompt.
            text: to measure.
            bias: of the memories in the prompt.
            measured: whether to measure attention.
            then: read after the text, not measured.
            choices: words that may follow, each identified by its first token.
            cancelled: called every few tokens.

        Raises:
            Interrupted: it was cancelled.
        """
        prompt = self.tokenizer.prompt(messages)
        answer, more = self.tokenizer.encode(text), self.tokenizer.encode(then)
        self._check_room(prompt, len(answer) + len(more))
        if not answer:
            raise ModelError("no text to read")
        hooked = measured or any(_strengths(bias))
        context, plan = (self.hooked, self.plan(prompt, bias or {})) if hooked else (self.plain, PLAIN)
        tokens, start = (
            [*prompt.tokens, *answer, *more],
            len(prompt.tokens) - 1,
        )  # the row that predicts the first token
        cached = context.begin(tokens, plan, at_most=start)
        logits = []
        step = len(tokens) if cancelled is never_cancelled else STEP
        for at in range(cached, len(tokens), step):
            if cancelled():
                raise Interrupted("another request is waiting")
            part = tokens[at : at + step]
            logits += context.feed(part, measured_from=start if measured else None, logits_from=start)
        log_probabilities = _log_softmax(np.concatenate(logits))
        mass = self.hook.mass if measured else None
        spans = [memory for memory, _, _ in prompt.spans]
        return AttentionReading(
            nll=-log_probabilities[np.arange(len(answer)), answer],
            mass={} if mass is None else {m: mass[..., spans.index(m)] for m in dict.fromkeys(spans)},
            choices=tuple(float(log_probabilities[-1, self.tokenizer.encode(choice)[0]]) for choice in choices),
        )

    @property
    def hook_problem(self) -> str:
        """The reason that the hook runs in Python, "" if it does not."""
        return self.hook.problem

    @cached_property
    def attention_scale(self) -> float:
        """The factor that the model applies to Q K^T. Raises ModelError if attention cannot be biased."""
        tokens = self.tokenizer.encode(TEXT, first=True)
        return attention_scale(self._hooked_context, self.hook, tokens)

    def close(self) -> None:
        """Free everything."""
        for context in self._contexts:
            context.close()
        if self._model:
            self._llama.llama_model_free(self._model)
            self._model = None

    def _check_room(self, prompt: Prompt, more: int) -> None:
        if len(prompt.tokens) + more > self._context_size:
            raise ModelError(
                f"the prompt has {len(prompt.tokens)} tokens and the answer may take {more}, but mom.model.context"
                f" allows {self._context_size}: ask about less, or raise it"
            )

    def plan(self, prompt: Prompt, bias: Bias) -> BiasPlan:
        """Return the plan that biases the spans of a prompt; all zeros without a bias."""
        raw = np.zeros((self.layers, self.heads, len(prompt.spans)), np.float32)
        for at, (memory, _, _) in enumerate(prompt.spans):
            strength = bias.get(memory, 0.0)
            if isinstance(strength, (int, float)):
                raw[:, :, at] = strength
            else:
                for layer, head, value in strength:
                    raw[layer, head, at] = value
        raw /= self.attention_scale
        return BiasPlan(tuple((start, end) for _, start, end in prompt.spans), prompt.task, raw)

    def new_hook(self, *, native: bool = True) -> Hook:
        """Return a hook for one context of this model, compiled if `native` and possible."""
        return Hook(self._llama, bindings.base_library(), self.layers, self.heads, native=native)

    def new_context(self, hook: Hook | None, *, flash: bool) -> LlamaContext:
        """Return a new context; it is closed with the model."""
        if self._contexts:
            contexts = len(self._contexts) + 1
            check_memory(need(self.shape, self._weights, self._context_size, contexts), self._limits.memory)
        context = LlamaContext(self._llama, self._model, self._context_size, self.threads, hook, flash=flash)
        self._contexts.append(context)
        return context

    @cached_property
    def plain(self) -> LlamaContext:
        """The context without a hook."""
        return self.new_context(None, flash=False)  # flash attention is slower here with some hundred tokens of prompt

    @cached_property
    def hook(self) -> Hook:
        """The hook of the other context."""
        return self.new_hook(native=self._native)

    @cached_property
    def _hooked_context(self) -> LlamaContext:
        return self.new_context(self.hook, flash=False)

    @property
    def hooked(self) -> LlamaContext:
        """The context with a hook. Raises ModelError if attention cannot be moved."""
        _ = self.attention_scale  # runs the probe first
        return self._hooked_context


def _strengths(bias: Bias | None) -> Iterator[float]:
    for strength in (bias or {}).values():
        if isinstance(strength, (int, float)):
            yield strength
        else:
            yield from (value for _, _, value in strength)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    """Return the logarithm of the softmax of each row, float64."""
    shifted = logits.astype(np.float64) - logits.max(1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(1, keepdims=True)))


def info(model: Llama) -> dict[str, Any]:
    """Return the properties of a loaded model as JSON values."""
    return {
        "name": model.name,
        "context": model.context,
        "threads": model.threads,
        "memories": model.memories,
        "layers": model.layers,
        "heads": model.heads,
        "library": package(),
        "shape": asdict(model.shape),
        "speed": asdict(model.speed) if model.speed else None,
        "settings": "safe (llama.cpp crashed on this machine with full settings)" if model.safe else "full",
    }
