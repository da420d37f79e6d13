"""Backups that have one file for each discussion, with all that belongs to it.

- github-metadata-backup: `pulls/N.json` has "pull", "events" and "comments", `issues/N.json` has "issue" and "events".
- python-github-backup: `pulls/N.json` and `issues/N.json` have the fields of the REST API, and "comment_data",
  "comment_regular_data", "review_data", "commit_data", "event_data".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mom_lsp.discussions.accounts import account
from mom_lsp.discussions.github_rest import comments, head, threads
from mom_lsp.discussions.json_values import mapping, mappings, seconds, sha, text
from mom_lsp.discussions.reading import Reading
from mom_lsp.discussions.values import Discussion

Json = Mapping[str, Any]
_DATA = ("comment_data", "comment_regular_data", "review_data", "commit_data", "event_data")


def read(value: Json, place: str) -> list[Reading] | None:
    """Return what an object says, None if it is not of such a backup."""
    inner = value.get("type")
    if inner in ("pull", "issue") and isinstance(value.get(inner), dict):
        return [Reading(_metadata_backup(value, mapping(value, inner)))]
    if "number" in value and any(name in value for name in _DATA):
        return [Reading(_github_backup(value))]
    return None


def _metadata_backup(value: Json, inner: Json) -> Discussion:
    found, events = head(inner), list(mappings(value, "events"))
    spoken = [event for event in events if event.get("event") in ("commented", "reviewed")]
    return _with_events(
        replace(
            found,
            type="pull_request" if value["type"] == "pull" else found.type,
            comments=comments(_named(event) for event in spoken),
            threads=threads(mappings(value, "comments")),
            commits=tuple(sha(event, "sha") for event in events if event.get("event") == "committed"),
        ),
        events,
    )


def _named(event: Json) -> Json:
    """Return an event as the object of the REST API that it is: the fields of a review tell it from a comment."""
    return {"submitted_at": None, **event} if event.get("event") == "reviewed" else event


def _github_backup(value: Json) -> Discussion:
    found = head(value)
    spoken = [*mappings(value, "comment_regular_data")]
    if found.type == "issue":
        spoken += mappings(value, "comment_data")
    spoken += ({"submitted_at": None, **review} for review in mappings(value, "review_data"))
    return _with_events(
        replace(
            found,
            comments=comments(spoken),
            threads=threads(mappings(value, "comment_data")) if found.type == "pull_request" else (),
            commits=tuple(sha(commit, "sha") for commit in mappings(value, "commit_data")),
        ),
        list(mappings(value, "event_data")),
    )


def _with_events(found: Discussion, events: list[Json]) -> Discussion:
    """Add who closed it, by which commit, and what was merged."""
    last = {text(event, "event"): event for event in events}  # it may have been closed before
    closed, merged = last.get("closed", {}), last.get("merged", {})
    commits = found.commits
    if found.type == "issue" and found.state == "closed":
        commits += (sha(closed, "commit_id"),)
    state = "merged" if merged and found.type == "pull_request" else found.state
    return replace(
        found,
        state=state,
        closed=found.closed or (seconds(merged, "created_at") if state == "merged" else 0),
        merge_commit=found.merge_commit or (sha(merged, "commit_id") if state == "merged" else ""),
        closed_by=found.closed_by or (account(merged or closed, "actor").login if state != "open" else ""),
        commits=tuple(dict.fromkeys(commit for commit in commits if commit)),
    )
