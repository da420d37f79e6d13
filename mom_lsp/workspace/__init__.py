"""The one object for a repository: suggest, search, show, and take the user's word."""

from mom_lsp.workspace.library.library import Library
from mom_lsp.workspace.workspace import Workspace

__all__ = ["Library", "Workspace"]
