"""GitHub's REST API: the objects that `gh api` prints, each told apart by its fields.

Read are those of the endpoints `pulls`, `pulls/comments`, `pulls/N/reviews`, `pulls/N/commits`, `issues` (which has
pull requests, too) and `issues/comments`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mom_lsp.discussions.accounts import account
from mom_lsp.discussions.json_values import integer, mapping, names, number, seconds, sha, text, word
from mom_lsp.discussions.links import Link, github_link, number_of_file
from mom_lsp.discussions.merging import combined_comments, combined_threads
from mom_lsp.discussions.reading import Reading
from mom_lsp.discussions.values import Comment, Discussion, DiscussionType, ReviewThread, State

Json = Mapping[str, Any]


def read(value: Json, place: str) -> list[Reading] | None:
    """Return what an object says, None if it is not of GitHub's REST API."""
    if "diff_hunk" in value or ("pull_request_review_id" in value and "path" in value):
        return _review_comment(value)
    if ("pull_request_url" in value and "number" not in value) or "submitted_at" in value:
        return _review(value)
    if "issue_url" in value and "number" not in value:
        return _comment(value)
    if "sha" in value and isinstance(value.get("commit"), dict):
        return _commit(value, place)
    if "number" in value and "title" in value and ("user" in value or "html_url" in value):
        return [Reading(head(value))] if _is_discussion(value) else []
    return None


def _is_discussion(value: Json) -> bool:
    """Whether an object is a pull request or an issue: milestones and GitHub's discussions have such fields, too."""
    url = text(value, "html_url")
    return bool(github_link(url).number) if url else "user" in value


def head(value: Json) -> Discussion:
    """Return a pull request or an issue without its comments."""
    link = github_link(text(value, "html_url"))
    is_pull = link.type == "pull_request" or any(name in value for name in ("pull_request", "merged_at", "diff_url"))
    merged_at = seconds(value, "merged_at") or seconds(mapping(value, "pull_request"), "merged_at")
    state: State = "merged" if merged_at else "closed" if value.get("state") == "closed" else "open"
    author = account(value, "user")
    return Discussion(
        type="pull_request" if is_pull else "issue",
        number=number(value, "number"),
        title=text(value, "title"),
        body=text(value, "body"),
        author=author.login,
        bot=author.bot,
        state=state,
        created=seconds(value, "created_at"),
        updated=seconds(value, "updated_at"),
        closed=merged_at or seconds(value, "closed_at"),
        project=link.project or _base(value) or github_link(text(value, "url")).project,
        merge_commit=sha(value, "merge_commit_sha") if merged_at else "",  # before that, of a trial merge
        closed_by=(account(value, "merged_by") if merged_at else account(value, "closed_by")).login,
        labels=names(value, "labels"),
    )


def part(link: Link, fallback: DiscussionType = "pull_request", **fields: Any) -> Discussion:
    """Return a part of the discussion that a link is of."""
    return Discussion(link.type or fallback, link.number, "", project=link.project, **fields)


def comments(values: Iterable[Json]) -> tuple[Comment, ...]:
    """Return the comments and the texts of reviews among some objects, oldest first."""
    return combined_comments(found for value in values if (found := comment(value)) is not None)


def comment(value: Json) -> Comment | None:
    """Return a comment or the text of a review, None if it is empty: most approvals are."""
    body = text(value, "body")
    if not body.strip():
        return None
    author = account(value, "user", "actor")
    time = seconds(value, "submitted_at", "created_at", "updated_at")
    return Comment(_id(value), author.login, time, body, author.bot)


def threads(values: Iterable[Json]) -> tuple[ReviewThread, ...]:
    """Return the threads of some review comments."""
    return combined_threads(found for value in values if (found := _thread(value)) is not None)


def _id(value: Json) -> str:
    """Return the id of a comment as its link has it."""
    if found := github_link(text(value, "html_url")).id:
        return found
    identity = integer(value, "id")
    if not identity:
        return ""
    if "pull_request_review_id" in value or "diff_hunk" in value:
        return f"discussion_r{identity}"
    return f"pullrequestreview-{identity}" if "submitted_at" in value else f"issuecomment-{identity}"


def _thread(value: Json) -> ReviewThread | None:
    """Return a review comment as a thread of one, which `combined_threads` puts together."""
    body, path = text(value, "body"), word(value, "path")
    if not body.strip() or not path:
        return None
    author, identity = account(value, "user"), _id(value)
    comment = Comment(identity, author.login, seconds(value, "created_at", "updated_at"), body, author.bot)
    first = integer(value, "in_reply_to_id")
    return ReviewThread(
        path,
        (comment,),
        hunk=text(value, "diff_hunk"),
        commit=sha(value, "original_commit_id") or sha(value, "commit_id"),
        line=number(value, "original_line"),
        side="old" if "LEFT" in (value.get("side"), value.get("start_side")) else "new",
        id=f"discussion_r{first}" if first else identity,
    )


def _review_comment(value: Json) -> list[Reading]:
    link = github_link(text(value, "pull_request_url"))
    if not link.number:
        link = github_link(text(value, "html_url"))
    return [Reading(part(link, threads=(found,)))] if link.number and (found := _thread(value)) else []


def _review(value: Json) -> list[Reading]:
    link = github_link(text(value, "html_url"))
    if not link.number:
        link = github_link(text(value, "pull_request_url"))
    found = comment({"submitted_at": None, **value})
    return [Reading(part(link, comments=(found,)))] if link.number and found else []


def _comment(value: Json) -> list[Reading]:
    link = github_link(text(value, "html_url"))
    if not link.number:
        link = github_link(text(value, "issue_url"))
    if not link.number or (found := comment(value)) is None:
        return []
    return [Reading(part(link, "issue", comments=(found,)), typed=link.type is not None)]


def _commit(value: Json, place: str) -> list[Reading]:
    """Read a commit of a pull request: only the name of the file says of which."""
    found = number_of_file(place, "pull_request")
    project = github_link(text(value, "comments_url")).project
    sha_ = sha(value, "sha")
    return [Reading(Discussion("pull_request", found, "", project=project, commits=(sha_,)))] if found and sha_ else []


def _base(value: Json) -> str:
    """Return the project that a pull request was made to."""
    return word(mapping(mapping(value, "base"), "repo"), "full_name")
