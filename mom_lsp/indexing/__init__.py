"""Indexing: one writer, one streamed pass over the history, newest first, that can be interrupted and resumed."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mom_lsp.indexing.background import Background
    from mom_lsp.indexing.index_rules import index_settings
    from mom_lsp.indexing.progress import Progress, Report, Summary
    from mom_lsp.indexing.scheduler import index, serve_requests
    from mom_lsp.indexing.watcher import watch

__all__ = ["Background", "Progress", "Report", "Summary", "index", "index_settings", "serve_requests", "watch"]

HOMES = {
    "Background": "background",
    "index": "scheduler",
    "index_settings": "index_rules",
    "serve_requests": "scheduler",
    "watch": "watcher",
}


def __getattr__(name: str) -> Any:
    """Import a name on first use: readers of the index need none of them."""
    if name not in __all__:
        raise AttributeError(name)
    return getattr(import_module(f"mom_lsp.indexing.{HOMES.get(name, 'progress')}"), name)
