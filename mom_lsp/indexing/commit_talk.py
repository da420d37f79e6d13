"""What the archive of discussions says about commits that give no reason themselves. Runs in worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from mom_lsp.discussions.archive import Archive
from mom_lsp.errors import ArchiveError
from mom_lsp.extract.pull_requests import closed_issues, repository_of, told_by
from mom_lsp.extract.references import own_numbers
from mom_lsp.extract.spoken import shared_lines

if TYPE_CHECKING:
    from mom_lsp.discussions.values import Discussion
    from mom_lsp.git import Commit, Location

SAMPLE = 1_000  # pull requests whose descriptions show what their template is
MAX_ISSUES = 5  # that one commit closes


About = Callable[["Commit"], tuple["Commit", tuple[int, ...]]]


def _nothing(commit: Commit) -> tuple[Commit, tuple[int, ...]]:
    return commit, ()


class CommitTalk:
    """The pull requests and issues of one data folder, asked by commit. An archive that cannot be read says nothing."""

    def __init__(self, location: Location) -> None:
        self._data = location.data
        self._template: tuple[int, frozenset[str]] = (-1, frozenset())

    @cached_property
    def archive(self) -> Archive:
        """The archive. Raises ArchiveError if it cannot be used."""
        return Archive(self._data)

    @property
    def template(self) -> frozenset[str]:
        """The lines that the descriptions of pull requests share."""
        revision = self.archive.revision
        if self._template[0] != revision:
            pulls = (one.body for one in self.archive.all() if one.type == "pull_request" and not one.bot)
            self._template = revision, shared_lines(islice(pulls, SAMPLE))
        return self._template[1]

    def for_batch(self) -> About:
        """Return `about` for a batch of commits, so that an archive without discussions is asked once."""
        try:
            return self.about if self.archive.revision else _nothing
        except ArchiveError:  # the pass reports it
            return _nothing

    def about(self, commit: Commit) -> tuple[Commit, tuple[int, ...]]:
        """Return a commit with what was said about it, and the number of its pull request, if it has one."""
        try:
            return self._about(commit)
        except ArchiveError:
            return _nothing(commit)

    def pull_request_of(self, sha: str, message: str) -> Discussion | None:
        """Return the pull request that a commit belongs to, None if there is none."""
        found = self.archive.of_commit(sha)
        if found is not None and found.type == "pull_request":
            return found
        named = self.archive.of_numbers(own_numbers(message)) if message else iter(())
        return next((one for one in named if one.type == "pull_request"), None)

    def _about(self, commit: Commit) -> tuple[Commit, tuple[int, ...]]:
        pull = self.pull_request_of(commit.sha, commit.message)
        issues = list(self._issues(commit.message, pull))
        if pull is None and not issues:
            return commit, ()
        merge = len(commit.parents) > 1
        whole = pull is not None and _is_whole(pull, commit)
        message = told_by(commit.message, pull if whole else None, issues, self.template, merge=merge)
        return replace(commit, message=message), (pull.number,) if pull is not None else ()

    def _issues(self, message: str, pull: Discussion | None) -> Iterator[Discussion]:
        for repository, number in closed_issues(message, pull)[:MAX_ISSUES]:
            issues = (one for one in self.archive.of_numbers([number]) if one.type == "issue")
            yield from (one for one in issues if not repository or repository_of(one.project) == repository)


def _is_whole(pull: Discussion, commit: Commit) -> bool:
    """Whether a commit is all of its pull request: squashed, merged, or its only one."""
    return commit.sha == pull.merge_commit or pull.commits == (commit.sha,) or commit.sha not in pull.commits


@lru_cache(maxsize=4)
def commit_talk(location: Location) -> CommitTalk:
    """Return what is known of a location, opened once in each process."""
    return CommitTalk(location)
