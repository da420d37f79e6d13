"""Our processes: how a child is started, and how everybody talks to the engine.

alive.py     whether another process is there
spawn.py     start a child, end with a parent, wait before a restart
runtime.py   where everything lies that names a process: never in the data folder, which may be a copy
address.py   the record of an engine, by which its clients find it
peer.py      one end of a connection: JSON messages, a thread that reads and one that writes
server.py    the engine's end: requests in threads, cancelling, notifications
spare.py     memory that was freed goes back to the system
client.py    the other end: calls and futures; `ensure_engine` starts an engine where none listens

Nothing heavy is imported, and nothing before it is used: every `mom` command comes through here. (`spawn` itself is
imported from spawn.py: a module would hide a function of its name here.)
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the 4 ms that importing typing takes
if TYPE_CHECKING:
    from typing import Any

    from mom_lsp.process.alive import is_alive
    from mom_lsp.process.client import EngineClient, ensure_engine
    from mom_lsp.process.server import EngineServer
    from mom_lsp.process.spawn import Restarts, announce_ready, end_with_parent

__all__ = ["EngineClient", "EngineServer", "Restarts", "announce_ready", "end_with_parent", "ensure_engine", "is_alive"]

HOMES = {"EngineClient": "client", "ensure_engine": "client", "EngineServer": "server", "is_alive": "alive"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(name)
    return getattr(import_module(f"mom_lsp.process.{HOMES.get(name, 'spawn')}"), name)
