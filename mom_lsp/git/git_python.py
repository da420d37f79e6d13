"""GitPython's way of running git, imported alone: the rest of GitPython is never used."""

from mom_lsp.offline import alone

with alone("git"):
    from git.cmd import Git
    from git.exc import GitCommandNotFound

__all__ = ["Git", "GitCommandNotFound"]
