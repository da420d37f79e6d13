"""Importing other people's libraries without a socket, and without the clients of services that are never called."""

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
def without_client(package: str) -> Iterator[None]:
    """Import empty modules in the place of a package that the library to be imported names but never uses here.

    lancedb imports the client of its web service, 366 models and urllib3 with it: more than half of its start.
    """
    finder = _Nothing(package)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name, module in sys.modules.items() if isinstance(module, _Empty)]:
            del sys.modules[name]


class _Empty(ModuleType):
    """A module in which every name is a class that nobody uses."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class _Nothing(MetaPathFinder, Loader):
    """Finds empty modules below one package."""

    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return an empty module's spec for the package and all below it."""
        mine = name == self._package or name.startswith(self._package + ".")
        return ModuleSpec(name, self, is_package=True) if mine else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return an empty module."""
        return _Empty(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module empty."""
