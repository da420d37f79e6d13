"""The functions of llama.cpp (the low-level interface of llama-cpp-python), with its log messages captured.

Every call into llama.cpp goes through the module that `load()` returns.
"""

from __future__ import annotations

import atexit
import ctypes
from collections import deque
from types import ModuleType
from typing import Any

from mom_lsp.errors import ModelError
from mom_lsp.lm import wheel_bindings
from mom_lsp.lm.gguf import INSTALL
from mom_lsp.lm.installed import COMPILE, COMPILED, is_installed, package, shared_library

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
        module = _compiled() if package() == COMPILED else wheel_bindings.load()
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelError(f"llama.cpp cannot be loaded ({error}): compile it for this machine with {COMPILE}") from error
    if not _callbacks:
        callback = module.llama_log_callback(_log)
        _callbacks.append(callback)
        module.llama_log_set(callback, ctypes.c_void_p(0))
        module.llama_backend_init()
    return module


def base_library() -> ctypes.CDLL:
    """Return libggml-base, whose public functions read and write tensors.

    Raises:
        ModelError: this build of llama.cpp has none.
    """
    load()
    path = shared_library("ggml-base")
    if path is None:
        raise ModelError(f"{package()} has no libggml-base: attention traces do not work with this build of llama.cpp")
    return ctypes.CDLL(str(path))


def reason() -> str:
    """Return the first error that llama.cpp logged since `messages` was cleared."""
    return next((line for level, line in messages if level == ERROR), "no reason given")


def _compiled() -> ModuleType:
    import llama_cpp

    if not _callbacks:
        for file in (llama_cpp._utils.outnull_file, llama_cpp._utils.errnull_file):
            atexit.register(file.close)  # opened on import: Python would warn at exit
    module: ModuleType = llama_cpp
    return module


def _log(level: int, text: bytes, _data: Any) -> None:
    line = text.decode("utf-8", "replace").strip()
    if line:
        messages.append((level, line))
