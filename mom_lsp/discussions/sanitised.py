"""Discussions without secrets and control characters: what the archive may keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mom_lsp.discussions.serialised import from_json, to_json
from mom_lsp.discussions.values import Comment, Discussion, ReviewThread
from mom_lsp.redact import sanitize


def sanitised(discussion: Discussion) -> Discussion:
    """Return a discussion that is safe to keep, with every text in it sanitised."""
    return replace(
        discussion,
        title=sanitize(discussion.title),
        body=sanitize(discussion.body),
        author=sanitize(discussion.author),
        closed_by=sanitize(discussion.closed_by),
        labels=tuple(map(sanitize, discussion.labels)),
        comments=tuple(map(_comment, discussion.comments)),
        threads=tuple(map(_thread, discussion.threads)),
    )


def sanitised_batch(batch: Sequence[bytes]) -> list[bytes]:
    """Return discussions as JSON, sanitised; for worker processes."""
    return [to_json(sanitised(from_json(one))) for one in batch]


def _comment(comment: Comment) -> Comment:
    return replace(comment, author=sanitize(comment.author), body=sanitize(comment.body))


def _thread(thread: ReviewThread) -> ReviewThread:
    return replace(
        thread,
        path=sanitize(thread.path),
        hunk=sanitize(thread.hunk),
        comments=tuple(map(_comment, thread.comments)),
    )
