"""The formats of exports, told apart by the shape of each object: files may be mixed, and have any name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mom_lsp.discussions import backup, github_cli, github_rest, gitlab
from mom_lsp.discussions.reading import Reading

_READERS = (backup.read, gitlab.read, github_rest.read, github_cli.read)  # the first that knows an object reads it
FORMATS = (
    "the output of `gh pr list --json …` and `gh issue list --json …`",
    "dumps of GitHub's REST API (pulls, pulls/comments, pulls/N/reviews, pulls/N/commits, issues, issues/comments)",
    "folders of python-github-backup and github-metadata-backup",
    "dumps of GitLab's REST API (merge_requests, issues, their discussions and notes), and its project exports",
)


def read(value: Mapping[str, Any], place: str) -> list[Reading] | None:
    """Return what an object says about discussions.

    Args:
        value: any JSON object.
        place: the end of the path of its file.

    Returns:
        None if the object is of no known shape; an empty list if it is, and says nothing, as an approval without a
        word.
    """
    for reader in _READERS:
        if (found := reader(value, place)) is not None:
            return [one for one in found if one.discussion.number]
    return None


def is_feedback(value: Mapping[str, Any]) -> bool:
    """Whether an object is an event that `mom export` wrote."""
    return {"seq", "time", "type", "data"} <= value.keys()
