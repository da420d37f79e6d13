"""The functions of llama.cpp (llama-cpp-python's low-level interface), with its log messages captured.

Every call into llama.cpp goes through the module that `load()` returns.
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
messages: deque[tuple[int, str]] = deque(maxlen=LOG_LINES)  # llama.cpp explains its errors only in its log

_callbacks: list[Any] = []  # keeps callbacks alive that C holds


def load() -> ModuleType:
    """Import llama.cpp, once.

    Raises:
        ModelError: it is not installed, or cannot be used on this machine.
    """
    if not is_installed():
        raise ModelError(f"llama.cpp is not installed: run {INSTALL}")
    try:
        import llama_cpp
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelError(f"llama.cpp cannot be loaded ({error}): reinstall it with {INSTALL}") from error
    if not _callbacks:
        callback = llama_cpp.llama_log_callback(_log)
        _callbacks.append(callback)
        for file in (llama_cpp._utils.outnull_file, llama_cpp._utils.errnull_file):
            atexit.register(file.close)  # opened on import: Python would warn at exit
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
    raise ModelError(f"{folder} has no libggml-base: attention traces do not work with this build of llama.cpp")


def reason() -> str:
    """Return the first error that llama.cpp logged since `messages` was cleared."""
    return next((line for level, line in messages if level == ERROR), "no reason given")


def _log(level: int, text: bytes, _data: Any) -> None:
    line = text.decode("utf-8", "replace").strip()
    if line:
        messages.append((level, line))
