"""The facade of a repository: suggest, search, show, and record feedback."""

from mom_lsp.workspace.library.library import Library
from mom_lsp.workspace.workspace import Workspace

__all__ = ["Library", "Workspace"]
