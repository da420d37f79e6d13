"""Names of discussions and links to them, built from the remote alone."""

import pytest

from mom_lsp.memory import DiscussionPart
from mom_lsp.workspace.answers.code_host import code_host_of, discussion_name

THREAD = DiscussionPart("pull_request", 12, "merged", "k", "discussion_r5")
CLOSED = DiscussionPart("pull_request", 12, "closed")
ISSUE = DiscussionPart("issue", 3, "open")


@pytest.mark.parametrize(
    ("remote", "link"),
    [
        ("git@github.com:o/n.git", "https://github.com/o/n/pull/12#discussion_r5"),
        ("https://github.com/o/n", "https://github.com/o/n/pull/12#discussion_r5"),
        ("ssh://git@gitlab.com/g/sub/n.git", "https://gitlab.com/g/sub/n/-/merge_requests/12#discussion_r5"),
        ("https://gitlab.gnome.org/g/n.git", "https://gitlab.gnome.org/g/n/-/merge_requests/12#discussion_r5"),
        ("git@bitbucket.org:o/n.git", "https://bitbucket.org/o/n/pull-requests/12#discussion_r5"),
        ("https://codeberg.org/o/n.git", "https://codeberg.org/o/n/pulls/12#discussion_r5"),
        ("ssh://git@forgejo.example.org:2222/o/n.git", "https://forgejo.example.org/o/n/pulls/12#discussion_r5"),
    ],
)
def test_a_thread_has_a_link_on_every_known_host(remote: str, link: str) -> None:
    host = code_host_of(remote)
    assert host is not None
    assert host.discussion(THREAD) == link


@pytest.mark.parametrize("remote", [None, "", "/srv/git/n.git", "https://example.org/o/n.git", "javascript:github.com"])
def test_other_remotes_have_no_links(remote: str | None) -> None:
    assert code_host_of(remote) is None


def test_an_anchor_cannot_leave_the_link() -> None:
    host = code_host_of("git@github.com:o/n.git")
    assert host is not None
    hostile = DiscussionPart("pull_request", 12, "merged", "k", 'x) [y](javascript:alert(1)) "')
    assert "(" not in host.discussion(hostile)
    assert " " not in host.discussion(hostile)


def test_a_discussion_is_called_as_its_host_calls_it() -> None:
    gitlab = code_host_of("git@gitlab.com:o/n.git")
    assert discussion_name(THREAD, None) == "review of #12"
    assert discussion_name(CLOSED, None) == "pull request #12 (closed)"
    assert discussion_name(CLOSED, gitlab) == "merge request !12 (closed)"
    assert discussion_name(ISSUE, gitlab) == "issue #3"


def test_links_to_commits_follow_the_host_too() -> None:
    for remote, path in (("github.com", "commit"), ("gitlab.com", "-/commit"), ("bitbucket.org", "commits")):
        host = code_host_of(f"git@{remote}:o/n.git")
        assert host is not None
        assert host.commit("abc") == f"https://{remote}/o/n/{path}/abc"
