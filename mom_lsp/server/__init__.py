"""The language server: a thin layer over the engine. Only this package knows LSP.

Handlers are async, and their first parameter is named `ls` (pygls checks the name). Blocking calls run in threads.
Importing pygls takes longer than anything else here, so the package imports its modules on first use.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mom_lsp.server.handlers import create_server
    from mom_lsp.server.stdio import main

__all__ = ["create_server", "main"]

HOMES = {"create_server": "handlers", "main": "stdio"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(name)
    return getattr(import_module(f"mom_lsp.server.{HOMES[name]}"), name)
