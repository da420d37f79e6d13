"""`mom bench --model`: the speed of the model with the attention hook, flash attention and safe settings.

Every round runs all variants in turn on one thread, and each is compared with the plain variant of the same round.
CPU time is measured, so that other load on the machine hardly changes the ratios.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np

from mom_lsp.lm import gguf
from mom_lsp.lm.biased_heads import chosen_heads
from mom_lsp.lm.llama_context import PLAIN, BiasPlan, LlamaContext
from mom_lsp.lm.runtime import Limits, Llama

ROUNDS, TOKENS = 15, 16
PROMPT = 400  # tokens; SPANS are three memories in the middle
SPANS = ((50, 150), (150, 250), (250, 350))
WORDS = "The cache is renewed whenever a request is tried again and the lock of the database is free. "

Step = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to run the model."""

    name: str
    context: LlamaContext
    plan: BiasPlan = PLAIN
    measured: bool = False


def measure_model(setting: str, step: Step) -> dict[str, Any]:
    """Return {"model", "native", "figures": [{"name", "value", "unit", "target", "note"}]}."""
    file, limits = gguf.checked(gguf.find_model(setting)), Limits(context=PROMPT + 2 * TOKENS, threads=1)
    model, safe = Llama(file, limits), Llama(file, replace(limits, safe=True))
    try:
        variants = [*_variants(model), Variant("safe settings", safe.new_context(None, flash=False))]
        prompt = (model.tokenizer.encode(WORDS) * PROMPT)[:PROMPT]
        speeds: dict[str, list[float]] = {variant.name: [] for variant in variants}
        for done in range(ROUNDS):
            step("rounds", done, ROUNDS)
            for variant in variants:
                speeds[variant.name].append(_speed(variant, prompt))
        step("rounds", ROUNDS, ROUNDS)
        return {"model": model.name, "native": model.new_hook().native, "figures": _figures(speeds)}
    finally:
        safe.close()
        model.close()


def _variants(model: Llama) -> Iterator[Variant]:
    all_heads = np.full((model.layers, model.heads, len(SPANS)), 0.5 / model.attention_scale, np.float32)
    chosen = np.zeros_like(all_heads)
    for head in chosen_heads(model.name, model.layers, model.heads):
        chosen[head] = all_heads[head]
    no_bias, chosen_bias, full_bias = (BiasPlan(SPANS, SPANS[-1][1], bias) for bias in (None, chosen, all_heads))
    yield Variant("plain", model.new_context(None, flash=False))
    yield Variant("flash attention", model.new_context(None, flash=True))
    for language, native in (("C", True), ("Python", False)):
        hook = model.new_hook(native=native)
        if hook.native == native:
            context = model.new_context(hook, flash=False)
            yield Variant(f"hook in {language}, capture", context, no_bias, measured=True)
            yield Variant(f"hook in {language}, bias on the chosen layers", context, chosen_bias)
            yield Variant(f"hook in {language}, bias on all layers", context, full_bias)


def _speed(variant: Variant, prompt: list[int]) -> float:
    """Return the tokens generated per second of CPU time after the prompt."""
    cached = variant.context.begin(prompt, variant.plan)
    variant.context.feed(prompt[cached:])
    began = time.process_time()
    for token in prompt[:TOKENS]:
        variant.context.feed([token], measured_from=PROMPT if variant.measured else None)
    return TOKENS / (time.process_time() - began)


def _figures(speeds: dict[str, list[float]]) -> list[dict[str, Any]]:
    plain = speeds["plain"]
    return [
        {
            "name": name,
            "value": median(values),
            "unit": "tokens/s",
            "target": None,
            "note": f"{median(one / base for one, base in zip(values, plain, strict=True)):.3f} of plain",
        }
        for name, values in speeds.items()
    ]
