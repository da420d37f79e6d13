"""The architecture of a model from the header of its GGUF file, read by libggml's parser before loading."""

from __future__ import annotations

import ctypes
import os
from typing import Any

from mom_lsp.errors import ModelError
from mom_lsp.lm.bindings import base_library, messages, reason
from mom_lsp.lm.costs import Shape
from mom_lsp.lm.gguf import ModelFile

UINT32, STRING, ARRAY = 4, 8, 9  # enum gguf_type
FUNCTIONS = {  # name -> result type, argument types
    "gguf_find_key": (ctypes.c_int64, (ctypes.c_void_p, ctypes.c_char_p)),
    "gguf_get_kv_type": (ctypes.c_int, (ctypes.c_void_p, ctypes.c_int64)),
    "gguf_get_arr_type": (ctypes.c_int, (ctypes.c_void_p, ctypes.c_int64)),
    "gguf_get_arr_n": (ctypes.c_size_t, (ctypes.c_void_p, ctypes.c_int64)),
    "gguf_get_arr_data": (ctypes.POINTER(ctypes.c_uint32), (ctypes.c_void_p, ctypes.c_int64)),
    "gguf_get_val_u32": (ctypes.c_uint32, (ctypes.c_void_p, ctypes.c_int64)),
    "gguf_get_val_str": (ctypes.c_char_p, (ctypes.c_void_p, ctypes.c_int64)),
    "gguf_free": (None, (ctypes.c_void_p,)),
}


class _Options(ctypes.Structure):
    _fields_ = (("no_alloc", ctypes.c_bool), ("context", ctypes.c_void_p))  # struct gguf_init_params


def read_shape(file: ModelFile) -> Shape:
    """Return the architecture of a model.

    Raises:
        ModelError: the file is damaged.
    """
    base = base_library()
    for name, (result, takes) in FUNCTIONS.items():
        function = getattr(base, name)
        function.restype, function.argtypes = result, takes
    base.gguf_init_from_file.restype = ctypes.c_void_p
    base.gguf_init_from_file.argtypes = (ctypes.c_char_p, _Options)
    messages.clear()  # messages from now on are about this file
    header = base.gguf_init_from_file(os.fsencode(file.path), _Options(no_alloc=True, context=None))
    if not header:
        raise ModelError(f"{file.path} cannot be loaded: {reason()}; set mom.model.path to another file")
    try:
        return _shape(_Reader(base, header))
    finally:
        base.gguf_free(header)


def _shape(reader: _Reader) -> Shape:
    heads = max(1, reader.number("attention.head_count"))
    width = reader.number("embedding_length")
    keys, values = (reader.number(f"attention.{name}_length") or width // heads for name in ("key", "value"))
    return Shape(
        layers=reader.number("block_count"),
        d=width,
        heads=heads,
        kv_heads=reader.number("attention.head_count_kv") or heads,
        key=keys,
        value=values,
        hidden=reader.number("feed_forward_length"),
        vocabulary=reader.vocabulary(),
        context=reader.number("context_length"),
    )


class _Reader:
    """Reads values of a header by name; names of the architecture go without its prefix."""

    def __init__(self, base: ctypes.CDLL, header: int) -> None:
        self._base, self._header = base, header
        self._prefix = ""
        at = self._find("general.architecture", STRING)
        self._prefix = f"{base.gguf_get_val_str(header, at).decode('utf-8', 'replace')}." if at >= 0 else ""

    def number(self, name: str) -> int:
        """Return an integer, or the largest one of a list (one per layer); 0 if there is none."""
        if (at := self._find(self._prefix + name, UINT32)) >= 0:
            return int(self._base.gguf_get_val_u32(self._header, at))
        at = self._find(self._prefix + name, ARRAY)
        if at < 0 or self._base.gguf_get_arr_type(self._header, at) not in (UINT32, UINT32 + 1):  # signed ones too
            return 0
        values: Any = self._base.gguf_get_arr_data(self._header, at)
        return max(values[: self._base.gguf_get_arr_n(self._header, at)], default=0)

    def vocabulary(self) -> int:
        """Return the size of the vocabulary."""
        at = self._find("tokenizer.ggml.tokens", ARRAY)
        return int(self._base.gguf_get_arr_n(self._header, at)) if at >= 0 else 0

    def _find(self, name: str, kind: int) -> int:
        """Return the index of a value of this type, -1 if there is none: libggml aborts on reading the wrong type."""
        at = int(self._base.gguf_find_key(self._header, name.encode()))
        return at if at >= 0 and self._base.gguf_get_kv_type(self._header, at) == kind else -1
