"""mom-lsp: the Mixture of Memories language server."""

__version__ = "0.1.0"
