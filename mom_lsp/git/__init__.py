"""The only caller of git, through GitPython, hardened against the repository it reads.

The modules that run git are imported on first use, so that commands that only locate the repository start faster.
"""

from typing import TYPE_CHECKING, Any

from mom_lsp.git.location import Location, locate, operation_in_progress
from mom_lsp.git.values import Commit, FileChange, Hunk

if TYPE_CHECKING:
    from mom_lsp.git.blame import BlameGroup
    from mom_lsp.git.repository import Repository, TreeEntry

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


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    from mom_lsp.git import repository

    return getattr(repository, name)
