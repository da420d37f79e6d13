"""Several readings of one discussion as one: parts from different files of an export, or an older and a newer export.

Nothing is lost: what one reading lacks, such as the review comments in a list of pull requests, is taken from another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from mom_lsp.discussions.values import Comment, Discussion, ReviewThread

BODY = "body"  # the part that is the description of a discussion
_FIELDS = ("title", "body", "author", "created", "project", "merge_commit", "commits", "closes", "closed_by", "labels")


def comment_key(comment: Comment) -> str:
    """Return what identifies a comment in its discussion: its id, or a hash of author and time where it has none."""
    if comment.id:
        return comment.id
    text = f"{comment.author} {comment.time}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def thread_key(thread: ReviewThread) -> str:
    """Return what identifies a review thread in its discussion: its id, or the key of its first comment."""
    return thread.id or comment_key(thread.comments[0])


def merged(readings: Sequence[Discussion]) -> Discussion:
    """Return one discussion that has everything.

    Args:
        readings: of the same discussion, at least one. Where two differ, the one that was updated last counts, and of
            two that were updated at the same time the later in the sequence. A reading without a title is a part,
            such as a single comment, and counts least.
    """
    if len(readings) == 1:
        return readings[0]
    ordered = sorted(readings, key=lambda reading: (bool(reading.title), reading.updated))
    newest = ordered[-1]
    fields: dict[str, Any] = {
        name: next((value for one in reversed(ordered) if (value := getattr(one, name))), getattr(newest, name))
        for name in _FIELDS
    }
    final = next((one for one in reversed(ordered) if one.state == "merged"), newest)  # it is never taken back
    threads = [thread for reading in ordered for thread in reading.threads]
    return replace(
        newest,
        **fields,
        state=final.state,
        closed=final.closed,
        updated=max(one.updated for one in ordered),
        bot=any(one.bot for one in ordered),
        comments=combined_comments(comment for reading in ordered for comment in reading.comments),
        threads=combined_threads(threads),
    )


def without(discussion: Discussion, parts: Collection[str]) -> Discussion:
    """Return a discussion without some parts: `BODY`, or the keys of comments and review threads.

    A review thread goes as a whole if its first comment does, since the replies quote it.
    """
    if not parts:
        return discussion
    threads = []
    for thread in discussion.threads:
        if thread_key(thread) in parts or comment_key(thread.comments[0]) in parts:
            continue
        threads.append(replace(thread, comments=tuple(c for c in thread.comments if comment_key(c) not in parts)))
    return replace(
        discussion,
        body="" if BODY in parts else discussion.body,
        comments=tuple(comment for comment in discussion.comments if comment_key(comment) not in parts),
        threads=tuple(threads),
    )


def combined_comments(comments: Iterable[Comment]) -> tuple[Comment, ...]:
    """Return comments oldest first, each once, as the last one with its key has it."""
    found = {comment_key(comment): comment for comment in comments}
    return tuple(sorted(found.values(), key=lambda comment: (comment.time, len(comment.id), comment.id)))


def combined_threads(threads: Iterable[ReviewThread]) -> tuple[ReviewThread, ...]:
    """Return threads by time: those with one key are one, and a single comment that another one has is left out."""
    groups: dict[str, list[ReviewThread]] = {}
    for thread in threads:
        groups.setdefault(thread_key(thread), []).append(thread)
    found = [_thread(key, group) for key, group in groups.items()]
    replies = {comment_key(comment) for thread in found for comment in thread.comments[1:]}
    kept = [one for one in found if len(one.comments) > 1 or comment_key(one.comments[0]) not in replies]
    return tuple(sorted(kept, key=lambda thread: thread.comments[0].time))


def _thread(key: str, readings: list[ReviewThread]) -> ReviewThread:
    """Return one thread: its place is that of its first comment, which a reading of only a reply does not have."""
    if len(readings) == 1:
        return readings[0]
    complete = [one for one in readings if comment_key(one.comments[0]) == key]
    last = (complete or readings)[-1]
    resolved = next((one.resolved for one in reversed(readings) if one.resolved is not None), None)
    return replace(last, comments=combined_comments(c for one in readings for c in one.comments), resolved=resolved)
