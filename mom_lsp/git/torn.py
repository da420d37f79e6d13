"""A history with commits that are missing or damaged: it is read as if it began after them.

Git lists nothing beyond the first such commit and blames nothing. A file of grafts in the data folder takes it out of
the parents of the others; it is checked again when objects arrive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mom_lsp import datafolder
from mom_lsp.errors import RepositoryError
from mom_lsp.git.runner import Runner
from mom_lsp.git.small_files import lines_of, signature

NAME = "grafts"  # of the file, in the empty git directory
COMMENT = "# missing: "
ROUNDS = 50  # each finds all commits at which one walk ends
WIDEST = 500  # commits that one walk may have been about to read
NO_GRAPH = ("-c", "core.commitGraph=false")  # which knows commits that are missing
WALK = (*NO_GRAPH, "rev-list", "--parents", "--stdin")


class TornHistory:
    """What is missing from the history of one repository."""

    def __init__(self, git_dir: Path, common_dir: Path, data: Path) -> None:
        self._run, self._objects = Runner(git_dir), common_dir / "objects"
        self._theirs, self.file = common_dir / "info" / "grafts", data / datafolder.BLANK_GIT / NAME
        self._known: tuple[object, dict[str, list[str]], list[str]] = ((), {}, [])

    @property
    def environment(self) -> Mapping[str, str]:
        """With this git passes over what is missing."""
        return {"GIT_GRAFT_FILE": str(self.file)} if self.ends else {}

    @property
    def ends(self) -> Mapping[str, Sequence[str]]:
        """The commits with a parent that is missing, each with the parents that are not."""
        return self._read()[1]

    @property
    def missing(self) -> Sequence[str]:
        """The commits that are missing or damaged."""
        return self._read()[2]

    def mend(self, tips: Sequence[str]) -> bool:
        """Find what is missing from the history of some commits; return whether all the rest can be read now."""
        ends, missing = {commit: list(parents) for commit, parents in self.ends.items()}, set(self.missing)
        for _ in range(ROUNDS):
            self._write(ends, missing)
            frontier, whole = self._walk(tips)
            if whole:
                return True
            found = {commit: parents for commit in frontier if (parents := self._parents(commit))}
            lost = {parent for parents in found.values() for parent in parents if not self._is_readable(parent)}
            torn = {commit: [one for one in parents if one not in lost] for commit, parents in found.items()}
            new = {commit: parents for commit, parents in torn.items() if len(parents) < len(found[commit])}
            if not lost or not new.keys() - ends.keys():
                break
            ends, missing = ends | new, missing | lost
        self.file.unlink(missing_ok=True)
        return False

    def _read(self) -> tuple[object, dict[str, list[str]], list[str]]:
        stamp = self._stamp()
        if self._known[0] == stamp:
            return self._known
        lines = self.file.read_text("ascii", "replace").splitlines() if self.file.is_file() else []
        missing = [line.removeprefix(COMMENT) for line in lines if line.startswith(COMMENT)]
        if any(map(self._is_readable, missing)):  # a fetch has brought it
            self.file.unlink(missing_ok=True)
            missing, lines = [], []
        theirs = set(lines_of(self._theirs))
        rows = [line.split() for line in lines if not line.startswith("#") and line not in theirs]
        self._known = self._stamp(missing), {row[0]: row[1:] for row in rows}, missing
        return self._known

    def _stamp(self, missing: Iterable[str] | None = None) -> object:
        """Return a value that changes with the file, and when objects arrive that could be those that are missing."""
        if not self.file.is_file():
            return ()
        places = {self._objects / name[:2] for name in (self._known[2] if missing is None else missing)}
        return tuple(map(signature, [self.file, self._objects / "pack", *sorted(places)]))

    def _write(self, ends: Mapping[str, Sequence[str]], missing: Iterable[str]) -> None:
        lines = [*(COMMENT + name for name in sorted(missing)), *lines_of(self._theirs)]
        lines += [" ".join((commit, *parents)) for commit, parents in sorted(ends.items())]
        datafolder.make(self.file.parents[1])
        self.file.parent.mkdir(exist_ok=True)
        fresh = self.file.with_suffix(".new")
        fresh.write_text("".join(f"{line}\n" for line in lines), "ascii")
        fresh.replace(self.file)

    def _walk(self, tips: Sequence[str]) -> tuple[set[str], bool]:
        """Return the commits that git was about to list when it ended, and whether it has listed all."""
        runner, listing = Runner(self._run.git_dir, {"GIT_GRAFT_FILE": str(self.file)}), b""
        try:
            with runner.stream(*WALK, stdin=tips) as stream:
                listing = stream.read()
        except RepositoryError:
            rows = [line.split() for line in listing.decode("ascii", "replace").splitlines()]
            seen = {row[0] for row in rows}
            frontier = {*tips, *(parent for row in rows for parent in row[1:])} - seen
            return frontier if len(frontier) <= WIDEST else set(), False
        return set(), True

    def _parents(self, commit: str) -> list[str]:
        """Return the parents that a commit names, [] if it cannot be read."""
        try:
            lines = self._run.lines("cat-file", "commit", commit)
        except RepositoryError:
            return []
        header = lines[: lines.index("")] if "" in lines else lines
        return [line.removeprefix("parent ") for line in header if line.startswith("parent ")]

    def _is_readable(self, commit: str) -> bool:
        try:
            self._run.output("cat-file", "commit", commit)
        except RepositoryError:
            return False
        return True
