"""What a developer knows before making a change: the old side of its diff, never an added line or the message."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mom_lsp.git.preimage import OldHunk, PreImage

MAX_LINES, MAX_CHARACTERS = 60, 4_000  # of the text that is shown
LEAST_SHARE = 5  # lines of each hunk, however many hunks there are
REFERENCE = re.compile(r"(?<![0-9A-Za-z])(?=[a-f]*[0-9])[0-9a-f]{7,40}(?![0-9A-Za-z])|#\d+\b")
REVERTING = re.compile(r"(Partial(ly)? )?(Revert|Reapply|Back out)\b", re.IGNORECASE)
OWN_NUMBER = re.compile(r"\s*\(#\d+\)$")


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One hunk of a file that is about to be changed."""

    path: str
    header: str
    lines: tuple[str, ...]  # those that are shown, including context
    ranges: tuple[tuple[int, int], ...]  # (first line, number of lines) in the old file
    changing: tuple[str, ...]  # the lines about to be changed


@dataclass(frozen=True, slots=True)
class Situation:
    """A change about to be made."""

    query: str
    parent: str  # "" of a root commit
    now: int  # seconds since 1970
    paths: tuple[str, ...]
    changes: tuple[PlannedChange, ...]
    text: str  # the query of the benchmark, with references to other commits masked
    intent: str | None  # the subject; None if it quotes the commit that it reverts


def situation(image: PreImage) -> Situation:
    """Return the situation before a commit was made."""
    hunks = [(file.path, hunk) for file in image.files for hunk in file.hunks]
    share, left = max(LEAST_SHARE, MAX_LINES // max(1, len(hunks))), MAX_LINES
    changes: list[PlannedChange] = []
    for path, hunk in hunks:
        lines = [line for line in hunk.lines if line.strip()][: min(share, left)]
        left -= len(lines)
        changes.append(
            PlannedChange(
                path,
                hunk.header,
                tuple(map(_masked, lines)),
                hunk.ranges,
                tuple(map(_masked, hunk.removed[:MAX_LINES])),
            )
        )
    return Situation(
        query=image.sha,
        parent=image.parents[0] if image.parents else "",
        now=image.commit_time,
        paths=tuple(file.path for file in image.files),
        changes=tuple(changes),
        text=_text(image, changes),
        intent=intent(image.subject),
    )


def intent(subject: str) -> str | None:
    """Return the subject as a statement of intent, references masked; None if it quotes the answer."""
    if REVERTING.match(subject):
        return None
    return _masked(OWN_NUMBER.sub("", subject)).strip() or None


def _text(image: PreImage, changes: list[PlannedChange]) -> str:
    """Return the paths, each followed by the function and the lines of its hunks."""
    shown: list[str] = []
    for file in image.files:
        if file.hunks:
            shown.append(file.path)
        for change in changes if file.hunks else ():
            if change.path == file.path and change.lines:
                shown += [change.header] * bool(change.header) + list(change.lines)
    shown += [file.path for file in image.files if file.path not in shown]
    return _masked("\n".join(shown))[:MAX_CHARACTERS]


def changed_ranges(hunk: OldHunk | PlannedChange, margin: int) -> list[tuple[int, int]]:
    """Return the changed lines and their neighbours as (first, last), 1-based and inclusive."""
    return [
        (max(1, start - margin + (count == 0)), max(1, start + max(count, 1) - 1 + margin))
        for start, count in hunk.ranges
    ]


def _masked(text: str) -> str:
    return REFERENCE.sub("<ref>", text)
