"""The GitHub CLI: what `gh pr list --json …` and `gh issue list --json …` print (also `view`), with any fields."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mom_lsp.discussions.accounts import account
from mom_lsp.discussions.json_values import mapping, mappings, names, number, seconds, sha, text, word
from mom_lsp.discussions.links import github_link
from mom_lsp.discussions.merging import combined_comments
from mom_lsp.discussions.reading import Reading
from mom_lsp.discussions.values import Comment, Discussion, DiscussionType, State

Json = Mapping[str, Any]
_STATES: dict[str, State] = {"MERGED": "merged", "CLOSED": "closed"}
_PULL = frozenset(
    [
        "additions",
        "autoMergeRequest",
        "baseRefName",
        "baseRefOid",
        "changedFiles",
        "closingIssuesReferences",
        "commits",
        "deletions",
        "files",
        "headRefName",
        "headRefOid",
        "headRepository",
        "headRepositoryOwner",
        "isCrossRepository",
        "isDraft",
        "latestReviews",
        "maintainerCanModify",
        "mergeCommit",
        "mergeStateStatus",
        "mergeable",
        "mergedAt",
        "mergedBy",
        "potentialMergeCommit",
        "reviewDecision",
        "reviewRequests",
        "reviews",
        "statusCheckRollup",
    ]
)  # fields that only a pull request has
_OLD_NODE = re.compile(rb"\d+:PullRequestReview(\d{1,19})")
_ISSUE = frozenset({"closedByPullRequestsReferences", "isPinned", "stateReason"})
_OURS = _PULL | _ISSUE | {"author", "createdAt", "updatedAt", "closedAt", "url"}  # spelled differently elsewhere
_TOLD = frozenset(
    {"body", "comments", "labels", "state"}
)  # one of them, with a title, is enough where no format is left


def read(value: Json, place: str) -> list[Reading] | None:
    """Return what an object says, None if the GitHub CLI did not print it."""
    if "number" not in value or "user" in value or "iid" in value:
        return None
    if not (_OURS & value.keys() or ("title" in value and _TOLD & value.keys())):
        return None
    if (url := text(value, "url")) and not github_link(url).number:
        return []  # a milestone, or one of GitHub's discussions
    return [Reading(_discussion(value, place))]


def _discussion(value: Json, place: str) -> Discussion:
    link = github_link(text(value, "url"))
    merged_at, author = seconds(value, "mergedAt"), account(value, "author")
    merge_commit = sha(mapping(value, "mergeCommit"), "oid")
    state: State = "merged" if merged_at else _STATES.get(text(value, "state"), "open")
    closed = merged_at or seconds(value, "closedAt")
    return Discussion(
        type=link.type or _type(value, place),
        number=number(value, "number"),
        title=text(value, "title"),
        body=text(value, "body"),
        author=author.login,
        bot=author.bot,
        state="closed" if state == "open" and (closed or value.get("closed") is True) else state,
        created=seconds(value, "createdAt"),
        updated=seconds(value, "updatedAt"),
        closed=closed,
        project=link.project,
        merge_commit=merge_commit if state == "merged" else "",
        commits=tuple(found for one in mappings(value, "commits") if (found := sha(one, "oid"))),
        closes=tuple(_closes(value, link.project)),
        closed_by=account(value, "mergedBy").login,
        labels=names(value, "labels"),
        comments=combined_comments(_comments(value)),
    )


def _type(value: Json, place: str) -> DiscussionType:
    """Return the type of an object without its URL, by its fields, else by the name of its file."""
    if _PULL & value.keys():
        return "pull_request"
    named = place.lower()
    return "issue" if _ISSUE & value.keys() or named.rfind("issue") > named.rfind("pull") else "pull_request"


def _comments(value: Json) -> Iterator[Comment]:
    for field in ("comments", "latestReviews", "reviews"):
        for one in mappings(value, field):
            body, author = text(one, "body"), account(one, "author")
            if body.strip():
                identity = github_link(text(one, "url")).id or _review_id(word(one, "id"))
                yield Comment(identity, author.login, seconds(one, "submittedAt", "createdAt"), body, author.bot)


def _closes(value: Json, project: str) -> Iterator[int]:
    """Yield the issues of the same project that a pull request closes."""
    for one in mappings(value, "closingIssuesReferences"):
        if (found := number(one, "number")) and github_link(text(one, "url")).project in ("", project):
            yield found


def _review_id(node: str) -> str:
    """Return the id of a review as its link has it, from its node id.

    That is MessagePack of [0, repository, review], or of an older review "017:PullRequestReview123" in Base64.
    """
    encoded = node.removeprefix("PRR_")
    try:
        packed = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except (ValueError, binascii.Error):
        return ""
    if old := _OLD_NODE.fullmatch(packed):
        return f"pullrequestreview-{int(old[1])}"
    if encoded == node:
        return ""
    wide = len(packed) >= 9 and packed[-9] == 0xCF  # a 64-bit integer follows
    narrow = len(packed) >= 5 and packed[-5] == 0xCE  # a 32-bit one
    size = 8 if wide else 4 if narrow else 0
    return f"pullrequestreview-{int.from_bytes(packed[-size:])}" if size else ""
