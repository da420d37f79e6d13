"""A commit with its ancestors and their parents, in flat arrays: a quarter of the memory that texts take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np

NOWHERE = -1


class Ancestors(Mapping[str, tuple[str, ...]]):
    """The parents of each commit, by its hash, newest first. Commits are also numbered in that order, from 0."""

    def __init__(self, commits: np.ndarray, counts: np.ndarray, parents: np.ndarray) -> None:
        """Take a history.

        Args:
            commits: (n,) bytes, the hashes, newest first.
            counts: (n,) how many parents each has.
            parents: (p,) bytes, the parents of all commits, in their order.
        """
        self.commits, self._order = commits, np.argsort(commits).astype(np.int32)
        self.ends = np.cumsum(counts, dtype=np.int32)  # (n,) where the parents of each commit end in `parents`
        self.parents = self._numbers(parents)  # (p,) the number of each, NOWHERE if it is not in this history
        self._others = {int(at): parents[at] for at in np.flatnonzero(self.parents == NOWHERE)}

    @classmethod
    def of_listing(cls, listing: bytes) -> Ancestors:
        """Return the history that `git rev-list --parents` has listed."""
        width = listing.partition(b"\n")[0].find(b" ")
        width = width if width >= 0 else max(listing.find(b"\n"), 1)  # without parents, a line is one hash
        cells = np.frombuffer(listing, np.uint8).reshape(-1, width + 1)
        hashes = np.ascontiguousarray(cells[:, :width]).view(f"S{width}").ravel()
        last = cells[:, width] == ord("\n")
        first = np.append(True, last[:-1]) if len(last) else last
        counts = np.diff(np.append(np.flatnonzero(first), len(first))) - 1
        return cls(hashes[first], counts, hashes[~first])

    def with_older(self, older: Ancestors) -> Ancestors:
        """Return this history, which ends where another one begins, with that one."""
        return Ancestors(
            np.concatenate([self.commits, older.commits]),
            np.concatenate([np.diff(one.ends, prepend=0) for one in (self, older)]),
            np.concatenate([self._named_parents, older._named_parents]),
        )

    def number(self, commit: str) -> int:
        """Return the number of a commit, NOWHERE if it is not in this history."""
        return int(self._numbers(np.array([commit.encode("ascii", "replace")]))[0])

    @cached_property
    def merge_of(self) -> np.ndarray:
        """(n,) the number of the merge that brought each commit to the main line, NOWHERE for none."""
        parents, ends = self.parents.tolist(), [*self.ends.tolist(), 0]
        line, at = list[int](), 0 if len(self) else NOWHERE
        while at != NOWHERE:
            line.append(at)
            first, end = ends[at - 1], ends[at]
            at = parents[first] if first < end else NOWHERE
        found, seen = np.full(len(self), NOWHERE, np.int32), {NOWHERE, *line}
        for merge in reversed(line):
            todo = parents[ends[merge - 1] + 1 : ends[merge]]
            while todo:
                if (commit := todo.pop()) not in seen:
                    seen.add(commit)
                    found[commit] = merge
                    todo += parents[ends[commit - 1] : ends[commit]]
        return found

    def brought_by(self, merge: str) -> list[str]:
        """Return the commits that a merge brought to the main line, newest first."""
        found = self.commits[self.merge_of == number] if (number := self.number(merge)) != NOWHERE else []
        return [commit.decode("ascii") for commit in found]

    def __len__(self) -> int:
        return len(self.commits)

    def __iter__(self) -> Iterator[str]:
        return (commit.decode("ascii") for commit in self.commits.tolist())

    def __contains__(self, commit: object) -> bool:
        return isinstance(commit, str) and self.number(commit) != NOWHERE

    def __getitem__(self, commit: str) -> tuple[str, ...]:
        if (number := self.number(commit)) == NOWHERE:
            raise KeyError(commit)
        first, end = int(self.ends[number - 1]) if number else 0, int(self.ends[number])
        return tuple(self._parent(at).decode("ascii") for at in range(first, end))

    def _parent(self, at: int) -> bytes:
        number = int(self.parents[at])
        return bytes(self.commits[number] if number != NOWHERE else self._others[at])

    @property
    def _named_parents(self) -> np.ndarray:
        found = self.commits[self.parents] if len(self) else np.zeros(0, self.commits.dtype)
        for at, name in self._others.items():
            found[at] = name
        return found

    def _numbers(self, commits: np.ndarray) -> np.ndarray:
        if not len(self.commits):
            return np.full(len(commits), NOWHERE, np.int32)
        at = self._order[np.minimum(np.searchsorted(self.commits, commits, sorter=self._order), len(self) - 1)]
        return np.where(self.commits[at] == commits, at, NOWHERE).astype(np.int32)


NO_ANCESTORS = Ancestors.of_listing(b"")
