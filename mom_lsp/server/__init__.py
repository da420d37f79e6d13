"""The language server: a light front over the engine. Only this package knows LSP.

Handlers are async and named `ls` first (pygls looks at the name); what may block runs in a thread.
"""

from mom_lsp.server.handlers import create_server
from mom_lsp.server.stdio import main

__all__ = ["create_server", "main"]
