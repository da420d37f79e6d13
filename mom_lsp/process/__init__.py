"""Processes: starting children, and the connections to the engine.

Every `mom` command imports this package, so its modules are light and imported on first use. (`spawn` is imported
from spawn.py: the module would hide a function of the same name here.)
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the 4 ms that importing typing takes
if TYPE_CHECKING:
    from typing import Any

    from mom_lsp.process.alive import is_alive
    from mom_lsp.process.engine_client import EngineClient, ensure_engine
    from mom_lsp.process.engine_server import EngineServer
    from mom_lsp.process.spawn import Restarts, announce_ready, end_with_parent

__all__ = ["EngineClient", "EngineServer", "Restarts", "announce_ready", "end_with_parent", "ensure_engine", "is_alive"]

HOMES = {
    "EngineClient": "engine_client",
    "ensure_engine": "engine_client",
    "EngineServer": "engine_server",
    "is_alive": "alive",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(name)
    return getattr(import_module(f"mom_lsp.process.{HOMES.get(name, 'spawn')}"), name)
