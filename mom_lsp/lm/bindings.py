"""llama.cpp's own functions (llama-cpp-python's low-level interface), with its messages caught.

Every call of a C function of llama.cpp starts here: `load()` returns the module, or says what is missing.
"""

from __future__ import annotations

import atexit
import ctypes
from collections import deque
from pathlib import Path
from types import ModuleType
from typing import Any

from mom_lsp.errors import ModelError
from mom_lsp.lm.gguf import INSTALL, is_installed

LOG_LINES = 200
ERROR = 4  # GGML_LOG_LEVEL_ERROR
messages: deque[tuple[int, str]] = deque(maxlen=LOG_LINES)  # llama.cpp's own: its errors are explained only there

_keep: list[Any] = []  # callbacks that C holds


def load() -> ModuleType:
    """Import llama.cpp, once.

    Raises:
        ModelError: it is not installed, or cannot be used on this machine.
    """
    if not is_installed():
        raise ModelError(f"llama.cpp is not installed: {INSTALL}")
    try:
        import llama_cpp
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelError(f"llama.cpp cannot be loaded ({error}): install it again: {INSTALL}") from error
    if not _keep:
        callback = llama_cpp.llama_log_callback(_heard)
        _keep.append(callback)
        for file in (llama_cpp._utils.outnull_file, llama_cpp._utils.errnull_file):
            atexit.register(file.close)  # opened when it is imported: Python would complain at the end
        llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
    module: ModuleType = llama_cpp
    return module


def base_library() -> ctypes.CDLL:
    """Return libggml-base, whose public functions read and write tensors.

    Raises:
        ModelError: this build of llama.cpp has none.
    """
    folder = Path(load().__file__ or "").parent / "lib"
    names = ("libggml-base.so", "libggml-base.dylib", "ggml-base.dll")
    for path in (folder / name for name in names):
        if path.exists():
            return ctypes.CDLL(str(path))
    raise ModelError(f"{folder} holds no libggml-base: attention cannot be read with this build of llama.cpp")


def reason() -> str:
    """Return the first error that llama.cpp spoke of since `messages` were cleared."""
    return next((line for level, line in messages if level == ERROR), "it gave no reason")


def _heard(level: int, text: bytes, _data: Any) -> None:
    line = text.decode("utf-8", "replace").strip()
    if line:
        messages.append((level, line))
