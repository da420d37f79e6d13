"""The ancestors of any commit, from one reading of the commit graph."""

from __future__ import annotations

from collections.abc import Sequence


class History:
    """All commits that HEAD reaches, by position, newest first."""

    def __init__(self, graph: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        """Take (sha, parents) of each commit, children before parents."""
        self.shas = [sha for sha, _ in graph]
        self.position = {sha: at for at, sha in enumerate(self.shas)}
        self._parents = [[self.position[p] for p in parents if p in self.position] for _, parents in graph]
        self._merge = [len(parents) > 1 for _, parents in graph]

    def before(self, sha: str) -> list[str]:
        """Return the ancestors of a commit without itself and without merges, newest first."""
        seen = bytearray(len(self.shas))
        todo = list(self._parents[self.position[sha]])
        while todo:
            at = todo.pop()
            if not seen[at]:
                seen[at] = 1
                todo += self._parents[at]
        return [self.shas[at] for at in range(len(seen)) if seen[at] and not self._merge[at]]
