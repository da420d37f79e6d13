"""Importing other people's libraries without a socket, and without what they do for cases that never occur here."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


@contextmanager
def no_probe() -> Iterator[None]:
    """Let urllib3, which many libraries import, not bind a socket only to learn whether there is IPv6."""
    before, socket.has_ipv6 = socket.has_ipv6, False
    try:
        yield
    finally:
        socket.has_ipv6 = before


@contextmanager
def without(*packages: str) -> Iterator[None]:
    """Import empty modules in the place of packages that the library to be imported names but never uses here.

    lancedb imports the client of its web service, 366 models and urllib3 with it: more than half of its start.
    sentence-transformers and transformers import scikit-learn and scipy for metrics and losses: 80 MB.
    """
    finder = _Nothing([package for package in packages if package not in sys.modules])
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name, module in sys.modules.items() if isinstance(module, _Empty)]:
            del sys.modules[name]


@contextmanager
def without_override_checks() -> Iterator[None]:
    """Import lancedb without the package `overrides`, as it does by itself from Python 3.12 on.

    That compares signatures and disassembles callers for every method: a third of lancedb's start.
    """
    if "overrides" in sys.modules:
        yield
        return
    checks_nothing = ModuleType("overrides")
    checks_nothing.override = lambda method: method  # type: ignore[attr-defined]
    checks_nothing.EnforceOverrides = object  # type: ignore[attr-defined]
    sys.modules["overrides"] = checks_nothing
    try:
        yield
    finally:
        del sys.modules["overrides"]


class _Empty(ModuleType):
    """A module in which every name is a class that nobody uses."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class _Nothing(MetaPathFinder, Loader):
    """Finds empty modules below some packages."""

    def __init__(self, packages: Sequence[str]) -> None:
        self._packages = packages

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return an empty module's spec for the package and all below it."""
        mine = any(name == package or name.startswith(package + ".") for package in self._packages)
        return ModuleSpec(name, self, is_package=True) if mine else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return an empty module."""
        return _Empty(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module empty."""
