"""`mom`, with a record of every setting that is read outside `mom_lsp.settings`: python recording.py LOG ARGS…

Each line of the log is [name of the setting, value, module that read it]. The children that it starts record too.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import fields, is_dataclass
from typing import Any

from mom_lsp import server
from mom_lsp.process import engine_client, spawn
from mom_lsp.settings.fields import PREFIX, Settings, camel

LOG, *ARGUMENTS = sys.argv[1:]
WRITTEN: set[str] = set()
FILE = os.open(LOG, os.O_APPEND | os.O_CREAT | os.O_WRONLY)


def record(cls: type, prefix: str) -> None:
    """Make a class of settings, and those nested in it, log which module reads which setting."""
    leaves = {}
    for item in fields(cls):
        name = f"{prefix}.{camel(item.name)}"
        if is_dataclass(item.default):
            record(type(item.default), name)
        else:
            leaves[item.name] = name

    def read(self: Any, attribute: str) -> Any:
        value = object.__getattribute__(self, attribute)
        module = sys._getframe(1).f_globals.get("__name__", "")
        if attribute in leaves and module.startswith("mom_lsp.") and not module.startswith("mom_lsp.settings"):
            line = json.dumps([leaves[attribute], value, module]) + "\n"
            if line not in WRITTEN:
                WRITTEN.add(line)
                os.write(FILE, line.encode())
        return value

    cls.__getattribute__ = read  # type: ignore[method-assign, assignment]


record(Settings, PREFIX)
COMMAND = (__file__, LOG)
for function in (spawn.spawn, engine_client.ensure_engine, engine_client.start_early):
    function.__kwdefaults__["command"] = COMMAND
server.create_server.__defaults__ = (COMMAND,)
sys.argv[1:] = ARGUMENTS

if __name__ == "__main__":
    from mom_lsp.cli import main

    main()
