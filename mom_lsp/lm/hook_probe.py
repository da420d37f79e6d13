"""Tests whether the hook works with this model, once, when a context with a hook is created.

llama.cpp guarantees nothing about the names and the meaning of graph nodes, so both are tested: attention must sum to
one, and a bias must change it as the softmax predicts. The size of the change gives the scale that the model applies to
Q K^T (1/sqrt(d) for Llama, one for Gemma 3, which scales Q before).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mom_lsp.errors import ModelError
from mom_lsp.lm.attention_hook import Hook
from mom_lsp.lm.llama_context import BiasPlan, LlamaContext

TEXT = (
    "The cache expires after seventeen minutes. A request is tried again at most forty-two times. "
    "The database listens on another port, as the first one is taken by the proxy of the office."
)
PUSH = 4.0  # units of kq
TOLERANCE = 1e-3  # of the sum of a row of attention, which is one
SPREAD = 0.05  # of the scales of the heads, relative to their median
MEASURABLE = (0.05, 0.95)  # mass of the span for which the scale can be measured well


def attention_scale(context: LlamaContext, hook: Hook, tokens: Sequence[int]) -> float:
    """Return the scale between kq and the softmax.

    Raises:
        ModelError: the hook does not work with this model or this version of llama.cpp.
    """
    plain = _masses(context, hook, tokens, BiasPlan(((0, len(tokens)),)))[..., 0]
    layers = np.flatnonzero(plain.any(1))
    if not len(layers) or np.abs(plain[layers] - 1).max() > TOLERANCE:
        raise ModelError("attention traces are off: the measured attention of this model does not sum to one")
    span = (len(tokens) // 4, len(tokens) // 2)
    before = _masses(context, hook, tokens, BiasPlan((span,)))[..., 0]
    scales = np.concatenate([_scale(context, hook, tokens, span, int(layer), before) for layer in layers[[0, -1]]])
    scale = float(np.median(scales)) if len(scales) else 0.0
    if scale <= 0 or np.abs(scales / scale - 1).max() > SPREAD:
        raise ModelError("attention traces are off: a bias does not change the attention of this model as expected")
    return scale


def _scale(
    context: LlamaContext, hook: Hook, tokens: Sequence[int], span: tuple[int, int], layer: int, before: np.ndarray
) -> np.ndarray:
    """Return the scale of the heads of a layer: the bias moves the log-odds of their mass by scale * PUSH."""
    bias = np.zeros((hook.layers, hook.heads, 1), np.float32)
    bias[layer] = PUSH
    after = _masses(context, hook, tokens, BiasPlan((span,), len(tokens) - 1, bias))[layer, :, 0]
    measurable = (before[layer] > MEASURABLE[0]) & (after < MEASURABLE[1])
    return np.asarray((_log_odds(after) - _log_odds(before[layer]))[measurable] / PUSH)


def _masses(context: LlamaContext, hook: Hook, tokens: Sequence[int], plan: BiasPlan) -> np.ndarray:
    """Return the attention of the last row, (layers, heads, spans)."""
    context.forget()
    context.begin(tokens, plan)
    context.feed(tokens, measured_from=len(tokens) - 1)
    return hook.mass


def _log_odds(mass: np.ndarray) -> np.ndarray:
    safe = np.clip(mass, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(safe / (1 - safe)))
