"""The process behind every window and command: encoder, router and reader of one data folder."""

from mom_lsp.engine.main import main
from mom_lsp.engine.service import Service

__all__ = ["Service", "main"]
