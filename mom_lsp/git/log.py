"""Reading commits from one streamed `git log`."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from functools import partial
from typing import IO, Literal

from mom_lsp.errors import RepositoryError
from mom_lsp.git.decode import decode
from mom_lsp.git.hunk_headers import header_options
from mom_lsp.git.runner import Runner, is_damage
from mom_lsp.git.values import Commit, FileChange, Hunk
from mom_lsp.pathnames import decoded, unquoted

Detail = Literal["patch", "names", "message"]
# A partial clone lacks blobs, then trees: each level needs fewer objects than the one before.
DETAILS: tuple[Detail, ...] = ("patch", "names", "message")
DETAIL_OPTIONS: dict[Detail, tuple[str, ...]] = {
    "patch": ("--raw", "--patch", "--unified=0", "--inter-hunk-context=0", "--find-renames"),
    "names": ("--raw", "--no-renames"),
    "message": ("--no-patch",),
}
FORMAT = "%H%x00%P%x00%aN%x00%aE%x00%ae%x00%at%x00%ct%x00%B"
FIELDS = 8
MAX_DIFF = 1_000_000  # bytes of a commit's diff that are read
MAX_RECORD = 32_000_000  # bytes of a commit with its message and diff that are kept in memory
MAX_FILES = 500  # besides renamed ones
HUNK = re.compile(r"-(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)")  # after "@@ "
NO_NEWLINE = re.compile(r"\n\\[^\n]*")  # "\ No newline at end of file"
DIFF = b"\ndiff --git "  # before each file of a patch
MOST_DAMAGED = 3  # commits with damaged objects; with more it is a partial clone, which is read with less detail


def read_commits(
    runner: Runner,
    shas: Sequence[str],
    *,
    details: Sequence[Detail] = DETAILS,
    merges: bool = False,
    attributes: str = "",
    paths: Sequence[str] = (),
) -> Iterator[Commit]:
    """Yield the commits in the given order, each with as much of its diff as this clone can show.

    Args:
        runner: of the repository.
        shas: full names.
        details: levels of detail to try, the next one where an object is missing.
        merges: diff merges against their first parent; otherwise they have no files.
        attributes: path of a gitattributes file with the hunk-header rules by language.
        paths: the only files to diff, all by default; commits that changed none of them may be missing.
    """
    read = partial(read_commits, runner, merges=merges, attributes=attributes, paths=paths)
    done = failures = 0
    while done < len(shas):
        try:
            for commit in _log(runner, shas[done:], details[0], merges, attributes, paths):
                done += 1
                yield commit
            return
        except RepositoryError as error:
            if len(details) == 1 or not is_damage(error):
                raise
        failures += 1
        if paths or len(shas) == 1 or failures > MOST_DAMAGED:
            yield from read(shas[done:], details=details[1:])
            return
        for sha in shas[done : done + 2]:  # git had not yet printed the end of the one before the damaged one
            yield from read([sha], details=details)
        done += 2


def _log(
    runner: Runner, shas: Sequence[str], detail: Detail, merges: bool, attributes: str, paths: Sequence[str]
) -> Iterator[Commit]:
    if not shas:
        return
    mark = secrets.token_hex(16)  # no text in a patch can contain it
    options = [
        *header_options(attributes),
        *(("--literal-pathspecs",) if paths else ()),
        "log",
        "--no-walk=unsorted",
        "--stdin",
        f"--format=%x00{mark}%x00{FORMAT}%x00",
        *DETAIL_OPTIONS[detail],
        *("--no-ext-diff", "--no-textconv", "--no-show-signature", "--no-color", "--no-relative", "--submodule=short"),
        *("--src-prefix=a/", "--dst-prefix=b/", "--diff-merges=" + ("first-parent" if merges else "off")),
        *(("--", *paths) if paths else ()),
    ]
    last = b""  # complete only if git succeeded
    with runner.stream(*options, stdin=shas) as stream:
        for record in records(stream, b"\0" + mark.encode() + b"\0"):
            if last:
                yield _commit(last)
            last = record
    if last:
        yield _commit(last)


def records(stream: IO[bytes], mark: bytes, most: int = MAX_RECORD) -> Iterator[bytes]:
    """Split the stream at each mark, in blocks, so that memory stays bounded; of a record, the first `most` bytes."""
    pending = b""
    while block := stream.read(1 << 20):
        parts = (pending + block).split(mark)
        yield from (part[:most] for part in parts[:-1] if part.strip())
        pending = parts[-1]
        if len(pending) > most + len(mark):
            pending = pending[:most] + pending[-len(mark) :]  # which may be the beginning of a mark
    if pending.strip():
        yield pending[:most]


def fields_of(record: bytes) -> list[bytes]:
    """Return the fields of FORMAT and the diff; the last are empty in a record that was cut before them."""
    fields = record.split(b"\0", FIELDS)
    return fields + [b""] * (FIELDS + 1 - len(fields))


def _commit(record: bytes) -> Commit:
    *fields, diff = fields_of(record)
    sha, parents, author, email, recorded_email, author_time, commit_time, message = (
        field.decode("utf-8", "replace") for field in fields
    )
    truncated = len(diff) > MAX_DIFF or len(record) == MAX_RECORD
    files = _files(diff, truncated)
    return Commit(
        sha=sha,
        parents=tuple(parents.split()),
        author=author,
        email=email,
        author_time=parse_time(author_time),
        commit_time=parse_time(commit_time),
        message=message,
        files=(*files[:MAX_FILES], *(file for file in files[MAX_FILES:] if file.status == "R")),
        truncated=truncated or len(files) > MAX_FILES,
        recorded_email=recorded_email,
    )


def parse_time(text: str) -> int:
    """Return the seconds, 0 for an invalid time in a broken commit object."""
    seconds = int(text) if len(text) < 20 and text.strip().lstrip("-").isdigit() else 0
    return seconds if abs(seconds) < 2**63 else 0


def _files(diff: bytes, truncated: bool) -> tuple[FileChange, ...]:
    raw, _, patch = diff.lstrip(b"\n").partition(DIFF)
    entries = [entry for line in raw_lines(raw) if (entry := _raw_entry(line))]
    if truncated or not patch or len(entries) > MAX_FILES:
        return tuple(entries)
    of_path = sections(patch)
    return tuple(entry._replace(hunks=tuple(_hunks(of_path.get(entry.path, "")))) for entry in entries)


def raw_lines(raw: bytes) -> list[str]:
    """Return the lines of `git log --raw`."""
    return [line for line in decoded(raw).split("\n") if line.startswith(":")]


def sections(patch: bytes) -> dict[str, str]:
    """Return the section of each file by its path; the bytes of a path are kept, those of lines are made text."""
    found = {}
    for section in patch.split(DIFF):
        if path := section_path(decoded(section.partition(b"\n@@ ")[0])):
            found[path] = decode(section)
    return found


def _raw_entry(line: str) -> FileChange | None:
    """Parse one line of `git log --raw`, e.g. ':100644 100644 1a2b 3c4d R096<TAB>old<TAB>new'."""
    meta, *paths = line.split("\t")
    status = meta.rsplit(" ", 1)[-1][:1]
    if not paths or meta.split(" ")[1] == "160000":  # a submodule
        return None
    names = [unquoted(path) for path in paths]
    return FileChange(path=names[-1], old_path=names[0] if len(names) > 1 else None, status=status)


def section_path(head: str) -> str:
    """Return the new path in the head of a patch section, the old one of a deleted file, "" if there is neither."""
    for prefix, side in (("\n+++ ", "b/"), ("\n--- ", "a/")):
        at = head.find(prefix)
        if at >= 0:
            name = unquoted(head[at + len(prefix) :].split("\n", 1)[0].rstrip("\t"))
            if name.startswith(side):
                return name[2:]
    return ""


def _hunks(section: str) -> Iterator[Hunk]:
    for part in section.split("\n@@ ")[1:]:
        match = HUNK.match(part)
        if match is None:
            continue
        old, old_count, new, new_count, header = match.groups()
        removed, added = _sides(part[match.end() :])
        yield Hunk(header.strip(), int(old), int(old_count or 1), int(new), int(new_count or 1), removed, added)


def _sides(body: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the removed and the added lines of a hunk without context, in which the removed ones come first."""
    if "\n\\" in body:
        body = NO_NEWLINE.sub("", body)
    body = body.rstrip("\n")
    at = body.find("\n+")
    old, new = (body[:at], body[at:]) if at >= 0 else (body, "")
    return tuple(old.split("\n-")[1:]), tuple(new.split("\n+")[1:])
