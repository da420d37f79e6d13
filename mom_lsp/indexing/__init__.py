"""Indexing: one writer, one streamed pass over history newest first, interruptible and resumable at any instant."""

from mom_lsp.indexing.progress import Progress, Report, Summary
from mom_lsp.indexing.run import index, serve_requests
from mom_lsp.indexing.watch import watch

__all__ = ["Progress", "Report", "Summary", "index", "serve_requests", "watch"]
