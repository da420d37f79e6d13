"""The language server: a thin layer over the engine. Only this package knows LSP.

Handlers are async, and their first parameter is named `ls` (pygls checks the name). Blocking calls run in threads.
"""

from mom_lsp.server.handlers import create_server
from mom_lsp.server.stdio import main

__all__ = ["create_server", "main"]
