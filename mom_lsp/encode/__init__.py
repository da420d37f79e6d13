"""Encoding texts to vectors: all-MiniLM-L6-v2 by default, or any sentence-transformers model."""

from mom_lsp.encode.encoder import LocalEncoder, choose

__all__ = ["LocalEncoder", "choose"]
