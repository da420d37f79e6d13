"""The value types of discussions, the same for every code host and every format of export: frozen, without I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

DiscussionType = Literal["pull_request", "issue"]  # GitLab's merge requests are pull requests here
State = Literal["open", "closed", "merged"]  # only a pull request is ever merged
Side = Literal["old", "new"]  # of a diff


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment. The text is Markdown as it was written."""

    id: str  # as links name it: "discussion_r123", "issuecomment-123", "note_123"; "" where the export has none
    author: str  # login
    time: int  # seconds since 1970, UTC
    body: str
    bot: bool = False


@dataclass(frozen=True, slots=True)
class ReviewThread:
    """A comment on lines of a diff, with its replies."""

    path: str
    comments: tuple[Comment, ...]  # oldest first, at least one
    hunk: str = ""  # of the diff that the first comment was written on, as git prints it; it ends with its line
    commit: str = ""  # that the first comment was written on, full hash
    line: int = 0  # 1-based in that commit's file, 0 if it is unknown; of the side "old", before the change
    side: Side = "new"
    resolved: bool | None = None  # None where the export does not say
    id: str = ""  # of the thread: GitHub's is that of its first comment, even if that is missing here


@dataclass(frozen=True, slots=True)
class Discussion:
    """A pull request or an issue with all that was said in it."""

    type: DiscussionType
    number: int
    title: str
    body: str = ""  # Markdown as it was written
    author: str = ""  # login
    bot: bool = False
    state: State = "open"
    created: int = 0  # seconds since 1970, UTC
    updated: int = 0
    closed: int = 0  # also when it was merged; 0 while it is open
    project: str = ""  # "owner/name" (or "group/subgroup/name"), "" where the export does not say
    merge_commit: str = ""  # full hash; of the squashed commit where it was squashed
    commits: tuple[str, ...] = ()  # full hashes of the pull request's own commits; of those that closed an issue
    closes: tuple[int, ...] = ()  # issues that it closes, as the host has them
    closed_by: str = ""  # login of who closed it
    labels: tuple[str, ...] = ()
    comments: tuple[Comment, ...] = ()  # and the texts of reviews, oldest first
    threads: tuple[ReviewThread, ...] = field(default=())
