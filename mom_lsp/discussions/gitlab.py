"""GitLab's REST API: merge requests and issues, their discussions with positions in the diff, and their notes.

The files `tree/project/*.ndjson` of a project export have the same objects, with the notes in them. GitLab gives no
hunk, but the line and the commit. A line that the change removes is one of the file before it, so such a thread is on
the commit that the diff is from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mom_lsp.discussions.accounts import account
from mom_lsp.discussions.json_values import integer, mapping, mappings, names, number, seconds, sha, text, word
from mom_lsp.discussions.links import gitlab_link, gitlab_project, number_of_file
from mom_lsp.discussions.merging import combined_comments, combined_threads
from mom_lsp.discussions.reading import Reading
from mom_lsp.discussions.values import Comment, Discussion, DiscussionType, ReviewThread, State

Json = Mapping[str, Any]
_STATES: dict[str, State] = {"merged": "merged", "closed": "closed", "locked": "closed"}
_TYPES: dict[str, DiscussionType] = {"MergeRequest": "pull_request", "Issue": "issue", "WorkItem": "issue"}
_REQUEST = ("source_branch", "merge_commit_sha", "squash_commit_sha", "merged_at")  # fields of a merge request


def read(value: Json, place: str) -> list[Reading] | None:
    """Return what an object says, None if it is not of GitLab."""
    if "iid" in value and "title" in value:
        return [Reading(_discussion(value))] if _is_discussion(value) else []
    if isinstance(value.get("notes"), list) and ("individual_note" in value or "id" in value):
        return _of_notes([value], place)
    if "noteable_type" in value:
        return _of_notes([{"notes": [value]}], place)
    if "short_id" in value and "parent_ids" in value:
        return _commit(value, place)
    return None


def _is_discussion(value: Json) -> bool:
    """Whether an object is a merge request or an issue: milestones, iterations and epics have numbers of their own."""
    if url := text(value, "web_url"):
        return bool(gitlab_link(url).number)
    dated = "start_date" in value or "due_date" in value
    return text(value, "state") != "active" and (not dated or "author" in value or "author_id" in value)


def _discussion(value: Json) -> Discussion:
    link = gitlab_link(text(value, "web_url"))
    is_request = link.type == "pull_request" or any(name in value for name in _REQUEST)
    author, state = account(value, "author"), _STATES.get(text(value, "state"), "open")
    state = state if is_request or state != "merged" else "closed"
    return _with_notes(
        Discussion(
            type="pull_request" if is_request else "issue",
            number=number(value, "iid"),
            title=text(value, "title"),
            body=text(value, "description"),
            author=author.login,
            bot=author.bot,
            state=state,
            created=seconds(value, "created_at"),
            updated=seconds(value, "updated_at"),
            closed=seconds(value, "merged_at", "closed_at"),
            project=link.project or gitlab_project(word(mapping(value, "references"), "full")),
            closed_by=account(value, "merge_user", "merged_by", "closed_by").login,
            labels=names(value, "labels"),
            **_commits(value, merged=state == "merged"),
        ),
        [*mappings(value, "discussions"), *_grouped(mappings(value, "notes"))],
    )


def _grouped(notes: Iterator[Json]) -> list[Json]:
    """Return notes as discussions, as far as they say to which they belong."""
    groups: dict[str, list[Json]] = {}
    for index, note in enumerate(notes):
        groups.setdefault(word(note, "discussion_id") or f"note {index}", []).append(note)
    return [{"notes": group} for group in groups.values()]


def _commits(value: Json, *, merged: bool) -> dict[str, Any]:
    """Return the commits of a merge request: where it was squashed, that commit, rather than the merge of it."""
    if not merged:
        return {}
    found = [sha(value, name) for name in ("squash_commit_sha", "merge_commit_sha", "sha")]
    squashed, merge, tip = found
    own = [merge, tip] if squashed else [tip]
    own += (sha(one, "sha") for one in mappings(mapping(value, "merge_request_diff"), "merge_request_diff_commits"))
    return {"merge_commit": squashed or merge, "commits": tuple(dict.fromkeys(commit for commit in own if commit))}


def _with_notes(discussion: Discussion, found: list[Json]) -> Discussion:
    threads = [thread for one in found if (thread := _thread(one)) is not None]
    loose = [comment for one in found if _thread(one) is None for comment in _comments(one)]
    return replace(discussion, comments=combined_comments(loose), threads=combined_threads(threads))


def _of_notes(found: list[Json], place: str) -> list[Reading]:
    """Return the part of a discussion that some notes are; those on commits and snippets belong to none."""
    first: Json = next((note for one in found for note in mappings(one, "notes")), {})
    kind = _TYPES.get(text(first, "noteable_type"))
    if kind is None:
        return []
    of = number(first, "noteable_iid") or number_of_file(place, kind)
    part = _with_notes(Discussion(kind, of, ""), found)
    return [Reading(part)] if of and (part.comments or part.threads) else []


def _body(note: Json) -> str:
    return text(note, "body") or text(note, "note")


def _comments(value: Json) -> Iterator[Comment]:
    """Yield what people wrote in a discussion, not what GitLab noted ("changed the title")."""
    for note in mappings(value, "notes"):
        body, author, identity = _body(note), account(note, "author"), integer(note, "id")
        if body.strip() and note.get("system") is not True:
            time = seconds(note, "created_at", "updated_at")
            yield Comment(f"note_{identity}" if identity else "", author.login, time, body, author.bot)


def _thread(value: Json) -> ReviewThread | None:
    """Return a discussion on lines of a diff, None if it is on none."""
    notes = [note for note in mappings(value, "notes") if note.get("system") is not True]
    position = mapping(notes[0], "original_position") or mapping(notes[0], "position") if notes else {}
    comments = tuple(_comments(value))
    old = not number(position, "new_line") and bool(number(position, "old_line"))
    path = word(position, "old_path" if old else "new_path")
    if not path or not comments or not _body(notes[0]).strip():
        return None
    resolved = [note.get("resolved") for note in notes if note.get("resolvable") is True]
    return ReviewThread(
        path,
        comments,
        commit=sha(position, "base_sha" if old else "head_sha"),
        line=number(position, "old_line" if old else "new_line"),
        side="old" if old else "new",
        resolved=all(one is True for one in resolved) if resolved else None,
        id=comments[0].id,
    )


def _commit(value: Json, place: str) -> list[Reading]:
    """Read a commit of a merge request: only the name of the file says of which."""
    of, commit = number_of_file(place, "pull_request"), sha(value, "id")
    return [Reading(Discussion("pull_request", of, "", commits=(commit,)))] if of and commit else []
