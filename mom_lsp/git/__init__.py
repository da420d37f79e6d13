"""The only caller of git, through GitPython, hardened against the repository it reads."""

from mom_lsp.git.location import Location, locate, operation_in_progress
from mom_lsp.git.repository import BlameGroup, Repository, TreeEntry
from mom_lsp.git.values import Commit, FileChange, Hunk

__all__ = [
    "BlameGroup",
    "Commit",
    "FileChange",
    "Hunk",
    "Location",
    "Repository",
    "TreeEntry",
    "locate",
    "operation_in_progress",
]
