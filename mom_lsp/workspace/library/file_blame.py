"""What is known about who wrote the lines of one file in one commit, while git finds out more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mom_lsp.git import BlameGroup

Lines = Mapping[int, str]  # committed line -> commit that wrote it
Range = tuple[int, int]  # lines, 1-based and inclusive
Ignored = tuple[int, int, str | None]  # time and size of our list of ignored revisions, and the blob of the project's


@dataclass(frozen=True, slots=True)
class Writers:
    """The commits that wrote the lines of a file, as far as they are known."""

    lines: Lines
    complete: bool  # whether all lines have been blamed


@dataclass(slots=True, eq=False)
class FileBlame:
    """The blame of one file: first plain, range by range, then deep, all at once. Not thread-safe."""

    path: str
    blob: str
    commit: str  # that is blamed
    overrides: frozenset[str]  # of the history; see `Repository.overrides`
    ignored: Ignored
    left: list[Range] = field(default_factory=list)  # not blamed yet
    lines: dict[int, str] = field(default_factory=dict)  # the best answer so far
    final: bool = False  # whether `lines` is the deep blame
    groups: list[BlameGroup] = field(default_factory=list)  # the plain blame so far
    earlier: Lines = field(default_factory=dict)  # the deep blame of the same lines in an earlier version of the file
    meanwhile: Lines | None = None  # the deep blame with other ignored revisions: the answer until there is a new one
    given: dict[int, str] = field(default_factory=dict)  # what was answered before the deep blame was there
    partly_given: bool = False  # whether an answer lacked lines that it should have
    waiting: list[Range | None] = field(default_factory=list)  # the lines that requests wait for, None for all
    running: bool = False  # whether git is blaming some of `left` for a request
    dropped: bool = False  # whether nobody needs more of it

    @property
    def known(self) -> Writers:
        """What is known."""
        if self.meanwhile is not None and not self.final:
            return Writers(self.meanwhile, complete=True)
        return Writers(self.lines, complete=not self.left)

    def missing(self, lines: Range | None) -> list[Range]:
        """Return what has to be blamed for an answer about some lines, None for all."""
        if self.meanwhile is not None or self.final:
            return []
        return list(self.left) if lines is None else _overlap(self.left, lines)

    def wanted_by_others(self, lines: Range | None) -> bool:
        """Whether other requests than the one for these lines wait for some of them."""
        others = list(self.waiting)
        others.remove(lines)
        return any(lines is None or one is None or _overlap([one], lines) for one in others)

    def add(self, ranges: Sequence[Range], groups: Sequence[BlameGroup]) -> None:
        """Add the plain blame of some ranges, as far as it is not known yet."""
        unknown = [part for blamed in ranges for part in _overlap(self.left, blamed)]
        found = [group for part in unknown for group in _cut(groups, part)]
        self.groups = sorted([*self.groups, *found], key=lambda group: group.line)
        self.lines |= {line: self.earlier.get(line, sha) for line, sha in by_line(found).items()}
        for blamed in ranges:
            self.left = _without(self.left, blamed)

    def plain(self, lines: Range | None) -> list[BlameGroup]:
        """Return the plain blame of some lines, None for all."""
        return list(self.groups) if lines is None else _cut(self.groups, lines)

    def finish(self, lines: dict[int, str]) -> bool:
        """Set the final answer; return whether an earlier one was wrong."""
        wrong = any(lines.get(line) != sha for line, sha in self.given.items())
        self.lines, self.final, self.left, self.given, self.groups = lines, True, [], {}, []
        return wrong


def by_line(groups: Iterable[BlameGroup]) -> dict[int, str]:
    """Return the commit of each line, without the commits at which a shallow clone's history ends."""
    return {line: group.commit for group in groups if not group.boundary for line in group.lines}


def _cut(groups: Iterable[BlameGroup], lines: Range) -> list[BlameGroup]:
    """Return what groups say about some lines."""
    cut = ((group, max(group.line, lines[0]), min(group.line + group.count - 1, lines[1])) for group in groups)
    return [replace(group, line=start, count=end - start + 1) for group, start, end in cut if start <= end]


def _overlap(ranges: Iterable[Range], lines: Range) -> list[Range]:
    both = ((max(first, lines[0]), min(last, lines[1])) for first, last in ranges)
    return [(first, last) for first, last in both if first <= last]


def _without(ranges: Iterable[Range], lines: Range) -> list[Range]:
    parts = (
        part for first, last in ranges for part in ((first, min(last, lines[0] - 1)), (max(first, lines[1] + 1), last))
    )
    return [(first, last) for first, last in parts if first <= last]
