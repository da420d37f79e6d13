"""The commands that export the discussions of a repository, by its remote. mom prints them and runs none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from shlex import quote
from typing import Literal, NamedTuple
from urllib.parse import quote as url_quote

Host = Literal["github", "gitlab", ""]
_URL = re.compile(
    r"(?:[a-z+]+://(?:[^/@\s]*@)?(?P<host>[\w.-]+)(?::\d+)?/|(?:[\w.-]+@)?(?P<scp>[\w.-]+\.[\w.-]+):/?)"
    r"(?P<project>[\w.~-]+(?:/[\w.-]+)+)/?",
    re.ASCII,
)
MAX_URL = 1_000  # characters
_GITLABS = frozenset(
    {"code.videolan.org", "framagit.org", "invent.kde.org", "salsa.debian.org", "source.puri.sm", "0xacab.org"}
)  # well-known ones whose names do not say it
_OTHERS = ("bitbucket", "codeberg", "gitea", "forgejo", "sr.ht", "gerrit", "googlesource", "sourceforge", "savannah")
_NESTED = ("git.kernel.org", "dev.azure.com", "visualstudio.com", "amazonaws.com")  # others that have groups in groups
_PREFERRED = ("upstream", "origin")  # of a fork, the discussions are in the project that it was forked from
_PULL_FIELDS = "number,title,body,author,state,createdAt,updatedAt,closedAt,mergedAt,mergeCommit,labels,url"
_ISSUE_FIELDS = "number,title,body,author,state,createdAt,updatedAt,closedAt,labels,url,comments"


class Remote(NamedTuple):
    """Where a project is hosted."""

    host: str  # its name
    project: str  # "owner/name"
    kind: Host  # "" of a host whose exports mom does not read


def remote_of(remotes: Iterable[tuple[str, str]]) -> Remote | None:
    """Return where a project is discussed, None if no remote is on a host.

    Args:
        remotes: names and URLs.
    """
    found: dict[str, Remote] = {}
    for name, url in remotes:
        if (match := _URL.fullmatch(url[:MAX_URL])) is not None and match["host"] != "localhost":
            host = (match["host"] or match["scp"]).lower().removeprefix("ssh.")
            project = match["project"].removesuffix(".git")
            found.setdefault(name, Remote(host, project, _kind(host, project)))
    return next((found[name] for name in (*_PREFERRED, *found) if name in found), None)


def export_commands(remote: Remote) -> list[str]:
    """Return the shell commands that export the discussions of a project; none for an unknown host."""
    if remote.kind == "github":
        return _github(remote)
    return _gitlab(remote) if remote.kind == "gitlab" else []


def _kind(host: str, project: str) -> Host:
    if "github" in host:
        return "github"
    if "gitlab" in host or host in _GITLABS:
        return "gitlab"
    if any(name in host for name in (*_OTHERS, *_NESTED)):
        return ""
    return "gitlab" if project.count("/") > 1 else ""  # no other usual host has groups in groups


def _github(remote: Remote) -> list[str]:
    """Ask for no commits: a list with them exceeds what GitHub answers at once."""
    there = remote.host != "github.com"
    repo = quote(f"{remote.host}/{remote.project}" if there else remote.project)
    host = f"--hostname {quote(remote.host)} " if there else ""
    comments = quote(f"repos/{remote.project}/pulls/comments?per_page=100")
    return [
        f"gh pr list --repo {repo} --state all --limit 100000 --json {_PULL_FIELDS},comments,reviews > pulls.json",
        f"gh issue list --repo {repo} --state all --limit 100000 --json {_ISSUE_FIELDS} > issues.json",
        f"gh api {host}--paginate {comments} > review-comments.json",
    ]


def _gitlab(remote: Remote) -> list[str]:
    """Ask for the discussions of each merge request: GitLab has no list of all."""
    host = f"--hostname {quote(remote.host)} " if remote.host != "gitlab.com" else ""
    base = f"projects/{url_quote(remote.project, safe='')}"
    requests = quote(f"{base}/merge_requests?state=all&scope=all&per_page=100")
    issues = quote(f"{base}/issues?scope=all&per_page=100")
    discussions = f'"{base}/merge_requests/$n/discussions?per_page=100"'
    return [
        f"glab api {host}--paginate {requests} > merge-requests.json",
        f"glab api {host}--paginate {issues} > issues.json",
        "for n in $(jq -r '.[].iid' merge-requests.json); do "
        f"glab api {host}--paginate {discussions}; done > discussions.json",
    ]
