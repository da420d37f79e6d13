"""What the addresses of code hosts, and the paths of exported files, say about the discussion that they belong to."""

from __future__ import annotations

import re
from typing import NamedTuple

from mom_lsp.discussions.values import DiscussionType

# https://github.com/o/n/pull/1#issuecomment-2, https://api.github.com/repos/o/n/pulls/1, https://host/api/v3/repos/…
_GITHUB = re.compile(
    r"https?://[^/\s]+/(?:api/v3/)?(?P<api>repos/)?(?P<project>[\w.-]+/[\w.-]+)/(?P<kind>pulls?|issues)/"
    r"(?P<number>\d{1,12})(?:[/?][^#\s]*)?(?:#(?P<id>[\w-]{1,60}))?",
    re.ASCII,
)
# https://host/group/sub/name/-/merge_requests/1#note_2; without "-/" until 2019
_GITLAB = re.compile(
    r"https?://[^/\s]+/(?P<project>[\w.-]+(?:/[\w.-]+)+?)(?:/-)?/"
    r"(?P<kind>merge_requests|issues(?:/incident)?|work_items|incidents)/(?P<number>\d{1,12})",
    re.ASCII,
)
_REFERENCE = re.compile(r"([\w.-]+(?:/[\w.-]+)+)[!#]\d{1,12}", re.ASCII)
_FILE_NUMBER = {
    "pull_request": re.compile(
        r"(?:pulls?|pull[-_]?requests?|prs?|merge[-_]?requests?|mrs?)[^0-9a-z]{1,3}(\d{1,12})\b"
    ),
    "issue": re.compile(r"issues?[^0-9a-z]{1,3}(\d{1,12})\b"),
}


class Link(NamedTuple):
    """What an address says."""

    project: str = ""
    type: DiscussionType | None = None
    number: int = 0
    id: str = ""  # of a comment


NOWHERE = Link()


def github_link(url: str) -> Link:
    """Return what an address of GitHub says; the API has pull requests among the issues, so that is no type."""
    if (found := _GITHUB.fullmatch(url)) is None:
        return NOWHERE
    kind: DiscussionType | None = "pull_request" if found["kind"] != "issues" else None if found["api"] else "issue"
    return Link(found["project"], kind, int(found["number"]), found["id"] or "")


def gitlab_link(url: str) -> Link:
    """Return what an address of GitLab says."""
    if (found := _GITLAB.match(url)) is None:
        return NOWHERE
    kind: DiscussionType = "pull_request" if found["kind"] == "merge_requests" else "issue"
    return Link(found["project"], kind, int(found["number"]))


def gitlab_project(reference: str) -> str:
    """Return the project of "group/name!12", "" if it says none."""
    found = _REFERENCE.fullmatch(reference)
    return found[1] if found else ""


def number_of_file(path: str, type: DiscussionType) -> int:
    """Return the number in a path such as "pulls/12/commits.json" or "merge-request-12.json", 0 if there is none."""
    found = _FILE_NUMBER[type].findall(path.lower())
    return int(found[-1]) if found else 0
