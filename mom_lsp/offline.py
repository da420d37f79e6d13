"""Importing libraries without sockets, without the parts that are never used here, and without garbage collection."""

from __future__ import annotations

import gc
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any


@contextmanager
def without_collection() -> Iterator[None]:
    """Import without garbage collection: modules are no garbage, and searching them again and again takes a fifth."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # nor do later collections search them
        gc.enable()


def collect_frozen() -> None:
    """Free the garbage among what `without_collection` froze: classes that attrs has replaced, 3 MB in the server."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@contextmanager
def no_probe() -> Iterator[None]:
    """Prevent urllib3, which many libraries import, from binding a socket to detect IPv6."""
    before, socket.has_ipv6 = socket.has_ipv6, False
    try:
        yield
    finally:
        socket.has_ipv6 = before


@contextmanager
def without(*packages: str) -> Iterator[None]:
    """Replace packages by empty modules while a library is imported that never uses them here.

    lancedb imports the client of its web service, 366 models and urllib3 with it: more than half of its import time.
    Of what is left, functions, rerankers and datasets are a quarter, and 8 MB.
    sentence-transformers and transformers import scikit-learn and scipy for metrics and losses: 80 MB.
    """
    finder = _EmptyFinder([package for package in packages if package not in sys.modules])
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name, module in sys.modules.items() if isinstance(module, _EmptyModule)]:
            del sys.modules[name]


@contextmanager
def deferred(*modules: str) -> Iterator[None]:
    """Import a library without some modules, which it then imports when it first uses one."""
    wanted = {name: _DeferredModule(name) for name in modules if name not in sys.modules}
    sys.modules |= wanted
    try:
        yield
    finally:
        for name in wanted:
            del sys.modules[name]


@contextmanager
def alone(package: str) -> Iterator[None]:
    """Import modules of a package without the package itself, which imports all that it has.

    GitPython's own modules, of which one is used here, take twice the time without that one.
    """
    spec = find_spec(package) if package not in sys.modules else None
    if spec is None:
        yield
        return
    sys.modules[package] = shell = ModuleType(package)
    shell.__path__ = list(spec.submodule_search_locations or ())
    try:
        yield
    finally:
        del sys.modules[package]


@contextmanager
def without_override_checks() -> Iterator[None]:
    """Import lancedb without the package `overrides`, which it does not use from Python 3.12 on.

    The package compares signatures and disassembles callers for every method: a third of lancedb's import time.
    """
    if "overrides" in sys.modules:
        yield
        return
    stub = ModuleType("overrides")
    stub.override = lambda method: method  # type: ignore[attr-defined]
    stub.EnforceOverrides = object  # type: ignore[attr-defined]
    sys.modules["overrides"] = stub
    try:
        yield
    finally:
        del sys.modules["overrides"]


class _DeferredModule(ModuleType):
    """Stands in for a module until one of its names is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(import_module(self.__name__), name)


class _EmptyModule(ModuleType):
    """A module in which every name is an unused class."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class _EmptyFinder:
    """Finds and loads empty modules for some packages and all below them."""

    def __init__(self, packages: Sequence[str]) -> None:
        self._packages = packages

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return the spec of an empty module for the packages and all below them."""
        matches = any(name == package or name.startswith(package + ".") for package in self._packages)
        # It is a loader by its methods: importing importlib.abc would take as long as all that starts a server.
        return ModuleSpec(name, self, is_package=True) if matches else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return an empty module."""
        return _EmptyModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module empty."""
