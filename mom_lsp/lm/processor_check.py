"""Whether llama.cpp runs on this processor: learned when it starts, remembered by processor, library and model.

llama.cpp is compiled for the processor that it is built on. Another one lacks some of its instructions, and a virtual
machine may announce instructions (AMX) that it then forbids: the process dies in its first computation.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import platform
import signal
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

SIGNALS = {"SIGILL": "an illegal instruction", "SIGSEGV": "a segmentation fault", "SIGBUS": "a bus error"}
CRASHES = {-getattr(signal, name): f"{words} ({name})" for name, words in SIGNALS.items() if hasattr(signal, name)} | {
    0xC000001D: "an illegal instruction (0xC000001D)",  # Windows has codes instead of signals
    0xC0000096: "a privileged instruction (0xC0000096)",
    0xC0000005: "an access violation (0xC0000005)",
}
REBUILD = (
    "CMAKE_ARGS=-DGGML_NATIVE=OFF pip install --force-reinstall --no-deps --no-cache-dir"
    " --no-binary llama-cpp-python llama-cpp-python"
)
STABLE = ("vendor_id", "cpu family", "model", "stepping", "flags", "CPU", "Features")  # of /proc/cpuinfo: no MHz

log = logging.getLogger(__name__)


class Support(StrEnum):
    """With which settings a model runs."""

    FULL = "full"
    SAFE = "safe"  # without llama.cpp's extra buffer types, which need special instructions
    NONE = "none"


def crash(code: int | None) -> str:
    """Return what a process died of, by its exit code, if that is what a program for another processor dies of."""
    return CRASHES.get(code, "") if code is not None else ""


def advice(died_of: str = "a crash") -> str:
    """Return what to tell where a model runs with no settings."""
    return (
        f"llama.cpp ended with {died_of} as soon as it computed something, with its safest settings too: it was"
        f" probably built for another processor. Build it again with `{REBUILD}`, then run `mom model`"
    )


def remembered(model: str) -> Support | None:
    """Return with which settings a model runs here; None if that is not known.

    Args:
        model: its name, which changes when the file does.
    """
    found = _read().get(_key(model))
    return Support(found) if found in set(Support) else None


def remember(model: str, support: Support) -> None:
    """Remember with which settings a model runs with this library on this processor."""
    if remembered(model) is support:
        return
    file = _file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = file.with_name(f"{file.name}.{os.getpid()}")
        fresh.write_text(json.dumps(_read() | {_key(model): support}, indent=1) + "\n", "utf-8")
        fresh.replace(file)
    except OSError as error:
        log.warning("%s cannot be written, so the next process tries again what runs here: %s", file, error)


def _file() -> Path:
    import platformdirs

    return platformdirs.user_data_path("mom-lsp") / "processors.json"


def _read() -> dict[str, str]:
    """Return what is remembered; nothing if the file is missing or damaged, since it can be learned again."""
    try:
        found = json.loads(_file().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _key(model: str) -> str:
    parts = (model, _processor(), *_library())
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


@lru_cache(maxsize=1)
def _processor() -> str:
    """Return what tells this processor, with the instructions that it announces, from others."""
    try:
        first = Path("/proc/cpuinfo").read_text("utf-8", "replace").split("\n\n", 1)[0]
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    return "\n".join([platform.machine(), *(line for line in first.splitlines() if line.startswith(STABLE))])


def _library() -> Iterator[str]:
    """Yield what changes when llama.cpp is built anew."""
    spec = importlib.util.find_spec("llama_cpp")
    if spec is not None and spec.origin is not None:
        for file in sorted((Path(spec.origin).parent / "lib").glob("*")):
            found = file.stat()
            yield f"{file.name} {found.st_size} {found.st_mtime_ns}"
