"""The attention hook: measures how much each head attends to each memory, and biases that attention.

math.md section 3 (Persistent Traces, section 2): softmax(Q K^T s + bias), with the bias on the columns of a memory's
tokens and on the rows of the task only. hook.c does it at no measurable cost; without a compiler the same steps run in
Python, about 25% slower.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from mom_lsp.errors import ModelError
from mom_lsp.lm.hook_compiler import load_hook

log = logging.getLogger(__name__)

SCORES, ATTENTION = "kq-", "kq_soft_max-"  # names of graph nodes, each followed by its layer
FLOAT = 4  # bytes
FUNCTIONS = {  # of libggml-base: field -> name, result type, argument types
    "name": ("ggml_get_name", ctypes.c_char_p, (ctypes.c_void_p,)),
    "elements": ("ggml_nelements", ctypes.c_int64, (ctypes.c_void_p,)),
    "rows": ("ggml_nrows", ctypes.c_int64, (ctypes.c_void_p,)),
    "bytes": ("ggml_nbytes", ctypes.c_size_t, (ctypes.c_void_p,)),
    "get": ("ggml_backend_tensor_get", None, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)),
    "set": ("ggml_backend_tensor_set", None, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)),
}


class HookState(ctypes.Structure):
    """The struct that hook.c reads and writes; its fields are documented there."""

    _fields_ = (
        *((field, ctypes.c_void_p) for field in FUNCTIONS),
        *(
            (field, ctypes.c_int32)
            for field in ("layers", "heads", "spans", "tokens", "bias_from", "mass_from", "wrong")
        ),
        *((field, ctypes.c_void_p) for field in ("bounds", "bias", "biased", "mass", "row")),
    )


class Hook:
    """One hook for one context of llama.cpp. Idle until `watch`.

    Args:
        llama: the module of llama.cpp.
        base: libggml-base.
        layers, heads: of the model.
        native: use the compiled hook if possible.
    """

    def __init__(self, llama: ModuleType, base: ctypes.CDLL, layers: int, heads: int, *, native: bool = True) -> None:
        self.layers, self.heads = layers, heads
        self.problem = ""  # why it runs in Python, "" if it does not
        self._functions = {field: _function(base, *what) for field, what in FUNCTIONS.items()}
        self._state = HookState(layers=layers, heads=heads)
        for field, function in self._functions.items():
            setattr(self._state, field, ctypes.cast(function, ctypes.c_void_p).value)
        library = self._library() if native else None
        kind = llama.ggml_backend_sched_eval_callback
        self._loaded = library  # keeps the library alive
        self.callback = kind(ctypes.cast(library.mom_hook, ctypes.c_void_p).value) if library else kind(self._callback)
        self.native = library is not None
        self.pointer = ctypes.addressof(self._state)
        self._rows = 0
        self.watch((), None)

    def watch(self, spans: Sequence[tuple[int, int]], bias: np.ndarray | None) -> None:
        """Start measuring the attention mass on these spans, and biasing them.

        Args:
            spans: (first cell, cell after the last) of each memory.
            bias: (layers, heads, spans) in units of kq, or None.
        """
        shape = (self.layers, self.heads, len(spans))
        self._bounds = np.array(spans, np.int32).reshape(-1, 2)
        self._bias = np.zeros(shape, np.float32) if bias is None else np.ascontiguousarray(bias, np.float32)
        if self._bias.shape != shape:
            raise ValueError(f"bias of shape {self._bias.shape}, expected {shape}")
        self._biased = np.ascontiguousarray(self._bias.reshape(self.layers, -1).any(1), np.uint8)
        self._mass = np.zeros(shape, np.float64)
        self._row = np.zeros(max([1, *(end - start for start, end in spans)]), np.float32)
        self._rows = 0
        state = self._state
        state.spans, state.tokens = len(spans), 0
        for field in ("bounds", "bias", "biased", "mass", "row"):
            setattr(state, field, getattr(self, f"_{field}").ctypes.data)

    def batch(self, tokens: int, bias_from: int, mass_from: int) -> None:
        """Announce the next batch: its number of rows, the first row to bias, the first row to measure."""
        state = self._state
        state.tokens, state.bias_from, state.mass_from = tokens, max(0, bias_from), max(0, mass_from)
        self._rows += max(0, tokens - state.mass_from)

    def done(self) -> None:
        """Finish a batch. Raises ModelError if a tensor had an unexpected layout."""
        self._state.tokens = 0
        if self._state.wrong:
            self._state.wrong = 0
            raise ModelError("attention traces are off: the attention tensors of this model have an unexpected layout")

    @property
    def mass(self) -> np.ndarray:
        """(layers, heads, spans): the mean share of attention that measured rows gave to each span."""
        return self._mass / max(1, self._rows)

    def _library(self) -> ctypes.CDLL | None:
        try:
            return load_hook()
        except ModelError as error:
            self.problem = f"{error}. Until then the attention hook runs in Python, about 25% slower"
            log.warning("%s", self.problem)
            return None

    def _callback(self, tensor: int, ask: bool, _data: Any) -> bool:
        """`mom_hook` of hook.c in Python."""
        name = self._functions["name"](tensor)
        if not name.startswith(b"kq"):
            return not ask
        state, text = self._state, name.decode()
        scores, attention = self._layer(text, SCORES), self._layer(text, ATTENTION)
        move = scores >= 0 and state.bias_from < state.tokens and bool(self._biased[scores])
        read = attention >= 0 and state.mass_from < state.tokens
        if ask or not (move or read):
            return move or read if ask else True
        elements, rows = self._functions["elements"](tensor), self._functions["rows"](tensor)
        cells = elements // rows if rows else 0
        fits = self._functions["bytes"](tensor) == elements * FLOAT and rows == self.heads * state.tokens
        if not fits or (self._bounds > cells).any():
            state.wrong = 1
        elif move:
            self._move(tensor, scores, cells)
        else:
            self._read(tensor, attention, cells)
        return True

    def _move(self, tensor: int, layer: int, cells: int) -> None:
        for head, span in np.argwhere(self._bias[layer]):
            for row in range(self._state.bias_from, self._state.tokens):
                values, offset = self._at(tensor, cells, head, row, span)
                values += self._bias[layer, head, span]
                self._functions["set"](tensor, values.ctypes.data, offset, values.nbytes)

    def _read(self, tensor: int, layer: int, cells: int) -> None:
        for head in range(self.heads):
            for span in range(self._state.spans):
                for row in range(self._state.mass_from, self._state.tokens):
                    self._mass[layer, head, span] += self._at(tensor, cells, head, row, span)[0].sum(dtype=np.float64)

    def _at(self, tensor: int, cells: int, head: int, row: int, span: int) -> tuple[np.ndarray, int]:
        """Return one row's values on a span, and their offset in the tensor."""
        first, end = self._bounds[span].tolist()
        values = np.empty(end - first, np.float32)
        offset = ((int(head) * self._state.tokens + row) * cells + first) * FLOAT
        self._functions["get"](tensor, values.ctypes.data, offset, values.nbytes)
        return values, offset

    def _layer(self, name: str, stem: str) -> int:
        layer = name.removeprefix(stem)
        known = layer != name and layer.isdecimal() and int(layer) < self.layers
        return int(layer) if known else -1


def _function(base: ctypes.CDLL, name: str, result: Any, takes: tuple[Any, ...]) -> Any:
    try:
        function = getattr(base, name)
    except AttributeError as error:
        raise ModelError(f"this build of llama.cpp has no {name}, which attention traces need") from error
    function.restype, function.argtypes = result, takes
    return function
