"""Names of discussions and links to a code host. Links are built from the remote; nothing is fetched."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote

from mom_lsp.memory import DiscussionPart

_HOSTS = r"(?:[\w-]+\.)*(?P<kind>github|gitlab|codeberg|bitbucket|gitea|forgejo)(?:\.[\w-]+)+"
_REMOTE = re.compile(rf"^(?:https?://|ssh://git@|git@)(?P<host>{_HOSTS})(?::\d+(?=/))?[:/](?P<name>.+?)(?:\.git)?/?$")
_PATHS = {  # of a pull request and of an issue
    "github": ("pull", "issues"),
    "gitlab": ("-/merge_requests", "-/issues"),
    "bitbucket": ("pull-requests", "issues"),
}
_GITEA = ("pulls", "issues")
_COMMITS = {"gitlab": "-/commit", "bitbucket": "commits"}


class CodeHost(NamedTuple):
    """Where a repository is hosted."""

    address: str  # "https://host/owner/name"
    kind: str  # "github", "gitlab", …

    def commit(self, sha: str) -> str:
        """Return the link to a commit."""
        return f"{self.address}/{_COMMITS.get(self.kind, 'commit')}/{sha}"

    def discussion(self, part: DiscussionPart) -> str:
        """Return the link to a part of a discussion."""
        pulls, issues = _PATHS.get(self.kind, _GITEA)
        anchor = f"#{quote(part.anchor, safe='')}" if part.anchor else ""
        return f"{self.address}/{pulls if part.type == 'pull_request' else issues}/{part.number}{anchor}"

    def issue(self, number: int) -> str:
        """Return the link to an issue; most hosts redirect to the pull request if the number is that of one."""
        return f"{self.address}/{_PATHS.get(self.kind, _GITEA)[1]}/{number}"


def code_host_of(remote: str | None) -> CodeHost | None:
    """Return the host of a remote, None if it is none that is known."""
    match = _REMOTE.match(remote or "")
    return CodeHost(f"https://{match['host']}/{match['name']}", match["kind"]) if match else None


def discussion_name(part: DiscussionPart, host: CodeHost | None) -> str:
    """Return "review of #1129", "pull request #982 (closed)", "merge request !12 (closed)"."""
    gitlab = host is not None and host.kind == "gitlab" and part.type == "pull_request"
    number = f"{'!' if gitlab else '#'}{part.number}"
    if part.part:
        return f"review of {number}"
    noun = "issue" if part.type == "issue" else "merge request" if gitlab else "pull request"
    return f"{noun} {number}" + (f" ({part.state})" if part.state == "closed" else "")
