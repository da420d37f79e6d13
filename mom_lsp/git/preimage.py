"""The old side of a commit: the code as it was when somebody was about to make the change."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mom_lsp.errors import RepositoryError
from mom_lsp.git.hunk_headers import header_options
from mom_lsp.git.log import DIFF, FORMAT, HUNK, fields_of, parse_time, raw_lines, records, sections
from mom_lsp.git.runner import Runner, is_damage
from mom_lsp.pathnames import unquoted

CONTEXT = 3  # unchanged lines around a change
MOST_DAMAGED = 100  # commits; with more, what is left says little about the repository

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OldHunk:
    """The old side of one hunk."""

    header: str  # what git prints after @@
    lines: tuple[str, ...]  # context and removed lines
    ranges: tuple[tuple[int, int], ...]  # (first old line, number of old lines); an insertion is (line before it, 0)
    removed: tuple[str, ...] = ()  # the removed ones among the lines


@dataclass(frozen=True, slots=True)
class OldFile:
    """The old side of one file in a commit; no hunks if it is binary or missing here."""

    path: str
    hunks: tuple[OldHunk, ...] = ()


@dataclass(frozen=True, slots=True)
class PreImage:
    """The old side of a commit; renames are a removed and an added file."""

    sha: str
    parents: tuple[str, ...]
    author_time: int
    commit_time: int
    subject: str
    files: tuple[OldFile, ...]


def read_preimages(runner: Runner, shas: Sequence[str], attributes: str = "") -> Iterator[PreImage]:
    """Yield the old sides of commits, in the given order, without those whose objects are missing or damaged."""
    done = failures = 0
    while done < len(shas):
        try:
            for image in _read(runner, shas[done:], attributes):
                done += 1
                yield image
            return
        except RepositoryError as error:
            failures += 1
            if not is_damage(error) or failures > MOST_DAMAGED:
                raise
            log.warning("left out %s or the one before it: %s", shas[min(done + 1, len(shas) - 1)], error)
        for sha in shas[done : done + 2]:  # git had not yet printed the end of the one before the damaged one
            yield from _alone(runner, sha, attributes)
        done += 2


def _alone(runner: Runner, sha: str, attributes: str) -> Iterator[PreImage]:
    try:
        yield from list(_read(runner, [sha], attributes))
    except RepositoryError as error:
        if not is_damage(error):
            raise


def _read(runner: Runner, shas: Sequence[str], attributes: str) -> Iterator[PreImage]:
    mark = "0b1d6e9a54f1c3c7a2e8"  # after a NUL, which no patch of a text file contains
    options = [
        *header_options(attributes),
        *("log", "--no-walk=unsorted", "--stdin", f"--format=%x00{mark}%x00{FORMAT}%x00"),
        *("--raw", "--patch", f"--unified={CONTEXT}", "--inter-hunk-context=0", "--no-renames"),
        *("--no-ext-diff", "--no-textconv", "--no-show-signature", "--no-color", "--no-relative"),
        *("--submodule=short", "--src-prefix=a/", "--dst-prefix=b/", "--diff-merges=off"),
    ]
    last = b""  # complete only if git succeeded
    with runner.stream(*options, stdin=shas) as stream:
        for record in records(stream, b"\0" + mark.encode() + b"\0"):
            if last:
                yield _preimage(last)
            last = record
    if last:
        yield _preimage(last)


def _preimage(record: bytes) -> PreImage:
    *fields, diff = fields_of(record)
    sha, parents, _, _, _, author_time, commit_time, message = (field.decode("utf-8", "replace") for field in fields)
    raw, _, patch = diff.lstrip(b"\n").partition(DIFF)
    of_path = sections(patch)
    paths = [unquoted(line.partition("\t")[2]) for line in raw_lines(raw)]
    return PreImage(
        sha=sha,
        parents=tuple(parents.split()),
        author_time=parse_time(author_time),
        commit_time=parse_time(commit_time),
        subject=message.lstrip("\n").partition("\n")[0],
        files=tuple(OldFile(path, tuple(_old_hunks(of_path.get(path, "")))) for path in paths),
    )


def _old_hunks(section: str) -> Iterator[OldHunk]:
    for part in section.split("\n@@ ")[1:]:
        if match := HUNK.match(part):
            yield _old_hunk(match[5].strip(), int(match[1]), part[match.end() :].split("\n")[1:])


def _old_hunk(header: str, line: int, body: Sequence[str]) -> OldHunk:
    old: list[str] = []
    removed: list[str] = []
    ranges: list[tuple[int, int]] = []
    changing = False  # whether the line before belongs to the same change
    for text in body:
        sign = text[:1]
        if sign == "-":
            removed.append(text[1:])
            start, count = ranges.pop() if changing else (line, 0)
            ranges.append((start, count + 1))
        elif sign == "+" and not changing:
            ranges.append((max(line - 1, 0), 0))
        if sign in ("-", " "):
            old.append(text[1:])
            line += 1
        if sign in ("-", "+", " "):
            changing = sign != " "
    return OldHunk(header, tuple(old), tuple(ranges), tuple(removed))
