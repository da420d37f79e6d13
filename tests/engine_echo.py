"""A tiny engine for tests: each answer is a function of the request. `python engine_echo.py engine --data DIR`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from mom_lsp.errors import NoIndex
from mom_lsp.process import EngineServer, announce_ready

gates: dict[str, threading.Event] = {}
released = threading.Event()
calls: list[str] = []


def handle(method: str, params: dict[str, Any]) -> Any:
    """Echo, fail, wait for another request, or die, as asked."""
    calls.append(f"{method} {params.get('name', '')}".strip())
    match method:
        case "echo":
            return params
        case "calls":
            return calls
        case "pid":
            return {"pid": os.getpid(), "cwd": str(Path.cwd()), "env": dict(os.environ), "path": sys.path}
        case "no-index":
            raise NoIndex("nothing has been indexed yet; run `mom index`")
        case "bug":
            raise KeyError("/home/somebody/secret/path")
        case "no-json":
            return {1, 2}
        case "wait":
            gate = gates.setdefault(params["name"], threading.Event())
            return released.is_set() or gate.wait(30)
        case "open":
            gates.setdefault(params["name"], threading.Event()).set()
            return None
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "notify":
            server.notify_all("progress", params)
            return None
    return None


def release(*_: object) -> None:
    """Release all waiting requests, even if no thread is left to take another one."""
    released.set()
    for gate in tuple(gates.values()):
        gate.set()


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, release)
    server = EngineServer(Path(sys.argv[sys.argv.index("--data") + 1]), handle, "1")
    if not server.start():
        sys.exit(0)
    announce_ready()
    while not server.wait(0.2):
        pass
    os._exit(0)
