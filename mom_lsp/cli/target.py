"""Parsing of FILE[:LINE[-LINE]] arguments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mom_lsp.errors import UntrustedPath, UsageError
from mom_lsp.pathnames import expanded

_LINES = re.compile(r"(?P<file>.+):(?P<start>\d+)(?:-(?P<end>\d+))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Target:
    """A range of lines of a file in the worktree."""

    path: str  # relative to the worktree's root, with forward slashes
    start: int  # 1-based; 0 if no lines are given and the file is not read
    end: int  # inclusive
    whole: bool  # no lines were given


def split_target(text: str) -> tuple[str, int | None, int | None]:
    """Return (file, first line, last line) without reading the disk.

    The colon of a Windows drive is part of the file, since no digits end the text after it.
    """
    match = _LINES.fullmatch(text)
    if match is None:
        return text, None, None
    start = int(match["start"])
    return match["file"], start, int(match["end"] or start)


def parse_target(text: str, folder: Path, root: Path, *, on_disk: bool = True) -> Target:
    """Return the target that `text`, typed in `folder`, names in the worktree at `root`.

    With `on_disk` false the file may exist in another revision only, and its lines are not checked.

    Raises:
        UsageError: no such file, or no such lines in it.
        UntrustedPath: the file is outside the worktree, possibly through a symbolic link.
    """
    name, start, end = split_target(text)
    try:
        if (folder / text).is_file():  # a file name that itself ends in ":12"
            name, start, end = text, None, None
    except OSError as error:
        raise UsageError(f"{name[:80]!r} is not a valid path: {error.strerror}") from error
    file = (folder / expanded(name)).absolute()
    path = _relative(file, root)
    if start is not None and end is not None and not 0 < start <= end:
        raise UsageError(f"{start}-{end} is not a valid line range (lines start at 1)")
    whole = start is None
    if on_disk:
        count = _count_lines(file, name, path, root)
        if whole:
            start, end = 1, count
        elif end is not None and end > count:
            raise UsageError(f"{name} has only {count} line{'s' * (count != 1)}; there is no line {end}")
    return Target(path, start or 0, end or 0, whole)


def _relative(file: Path, root: Path) -> str:
    real, real_root = file.resolve(), root.resolve()
    if not real.is_relative_to(real_root):
        link = file.is_relative_to(root) and ".." not in file.parts
        reason = "is a symbolic link to a place outside" if link else "is outside"
        raise UntrustedPath(f"{file} {reason} {root}; use -C to work in another folder")
    return real.relative_to(real_root).as_posix()


def _count_lines(file: Path, name: str, path: str, root: Path) -> int:
    if file.is_dir():
        raise UsageError(f"{name} is a folder; name a file")
    if not file.is_file():
        raise UsageError(f"no such file: {name}; use FILE, FILE:LINE or FILE:LINE-LINE")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from error
    if b"\0" in content:  # UTF-16, perhaps
        content = _cleaned(content, path, root)
    return content.count(b"\n") + (not content.endswith(b"\n"))  # an empty file has one line, as in an editor


def _cleaned(content: bytes, path: str, root: Path) -> bytes:
    from mom_lsp.git import Repository, locate

    location = locate(root)
    return Repository(location).cleaned(path, content) if location.git else content
