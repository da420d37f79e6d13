"""Whether llama.cpp runs on this processor: found out when it starts, saved by processor, library and model.

llama.cpp is compiled for the processor that it is built on. Another one may lack some instructions, and a virtual
machine may announce instructions (AMX) that it does not permit: the process crashes in its first computation.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import signal
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from mom_lsp.lm.installed import COMPILE, COMPILED, package, shared_libraries

SIGNALS = {"SIGILL": "an illegal instruction", "SIGSEGV": "a segmentation fault", "SIGBUS": "a bus error"}
CRASHES = {-getattr(signal, name): f"{text} ({name})" for name, text in SIGNALS.items() if hasattr(signal, name)} | {
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
    """The settings with which a model runs."""

    FULL = "full"
    SAFE = "safe"  # without llama.cpp's extra buffer types, which need special instructions
    NONE = "none"


def crash(code: int | None) -> str:
    """Return the crash behind an exit code, "" if it is none that a build for another processor causes."""
    return CRASHES.get(code, "") if code is not None else ""


def advice(died_of: str = "a crash") -> str:
    """Return the message for a model that runs with no settings."""
    rebuild = f"`{REBUILD}`" if package() == COMPILED else COMPILE
    return (
        f"llama.cpp ended with {died_of} in its first computation, even with safe settings: it was probably built for"
        f" another processor. Compile it for this one with {rebuild}, then run `mom model`"
    )


def remembered(model: str) -> Support | None:
    """Return the settings with which a model runs on this machine; None if unknown.

    Args:
        model: its name, which changes when the file does.
    """
    found = _read().get(_key(model))
    return Support(found) if found in set(Support) else None


def remember(model: str, support: Support) -> None:
    """Save the settings with which a model runs with this library on this processor."""
    if remembered(model) is support:
        return
    file = _file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = file.with_name(f"{file.name}.{os.getpid()}")
        fresh.write_text(json.dumps(_read() | {_key(model): support}, indent=1) + "\n", "utf-8")
        fresh.replace(file)
    except OSError as error:
        log.warning("%s cannot be written, so the next process tests the settings again: %s", file, error)


def _file() -> Path:
    import platformdirs

    return platformdirs.user_data_path("mom-lsp") / "processors.json"


def _read() -> dict[str, str]:
    """Return the saved settings; nothing if the file is missing or damaged, since they can be tested again."""
    try:
        found = json.loads(_file().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _key(model: str) -> str:
    parts = (model, processor(), *_library())
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


@lru_cache(maxsize=1)
def processor() -> str:
    """Return an identification of this processor with the instructions that it announces."""
    try:
        first = Path("/proc/cpuinfo").read_text("utf-8", "replace").split("\n\n", 1)[0]
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    return "\n".join([platform.machine(), *(line for line in first.splitlines() if line.startswith(STABLE))])


def _library() -> Iterator[str]:
    """Yield what changes when llama.cpp is rebuilt, or another one is used."""
    for file in shared_libraries():
        found = file.stat()
        yield f"{file.name} {found.st_size} {found.st_mtime_ns}"
