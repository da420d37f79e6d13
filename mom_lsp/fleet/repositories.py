"""The repositories that a list names: clones, bare repositories, and folders full of them. Nothing is fetched."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch, fnmatchcase
from pathlib import Path

from mom_lsp.errors import MomError, RepositoryError, UsageError
from mom_lsp.fleet.jobs import Job, Outcome
from mom_lsp.git import Location, Repository, locate
from mom_lsp.gitdirs import git_dir_of
from mom_lsp.indexing.index_rules import IndexRules, index_settings
from mom_lsp.pathnames import expanded

DEPTH = 4  # levels of folders between the one that is named and a repository
MAX_SLUG = 40
HOST = re.compile(r"(?:[a-z+]+://(?:[^/@]*@)?|[\w.-]+@)(?P<host>[\w.-]+)(?::\d+)?[:/]/?(?P<name>\S+?)(?:\.git)?/?$")


def jobs_of(
    listed: Path, uri: str, *, paths: Sequence[str] = (), repositories: Sequence[str] = ()
) -> tuple[list[Job], list[Outcome], list[Job]]:
    """Return what is to be done, what cannot be, and the excluded repositories. Large repositories come first.

    Args:
        listed: a repository, a folder full of them, or a file with one path a line, relative to the file.
        uri: of the fleet.
        paths: patterns as in `.gitignore` of files that are never published.
        repositories: names with wildcards, such as `acme/secret-*`, of repositories that are never published.

    Raises:
        UsageError: the list cannot be read.
    """
    jobs: dict[str, Job] = {}
    failed: list[Outcome] = []
    excluded: list[Job] = []
    seen: set[Path] = set()
    for folder in _folders(listed):
        try:
            location = locate(folder) if git_dir_of(str(folder)) else None
            if location is None or location.common_dir is None:
                raise RepositoryError("this is not a git repository")
            if location.common_dir in seen:
                continue  # another worktree of the same repository
            seen.add(location.common_dir)
            job = _job(location, uri, paths)
            if is_excluded(job.name, repositories) or any(fnmatch(str(location.root), one) for one in repositories):
                excluded.append(job)
            elif (other := jobs.get(job.id)) is not None:
                raise RepositoryError(f"{other.location.root} is {job.name} too: list only one of them")
            else:
                jobs[job.id] = job
        except (MomError, OSError) as error:
            failed.append(Outcome.failure(folder.name, folder, error))
    return sorted(jobs.values(), key=lambda job: -_size(job.location)), failed, excluded


def is_excluded(name: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern matches the name of a repository, in any case, as on a host."""
    return any(fnmatchcase(name.casefold(), one.casefold()) for one in patterns)


def _job(location: Location, uri: str, exclude: Sequence[str]) -> Job:
    identity, name = identity_of(Repository(location))
    rules = IndexRules.of(index_settings(location))
    own = tuple(dict.fromkeys((*rules.exclude, *exclude)))
    rules = IndexRules(own, rules.comments, rules.documents, rules.max_file_size)
    return Job(uri, identity, name, location, rules)


def own_id(location: Location) -> str:
    """Return the id of a repository in any fleet, "" for a plain folder and a repository without commits."""
    try:
        return identity_of(Repository(location))[0]
    except RepositoryError:
        return ""


def identity_of(repository: Repository) -> tuple[str, str]:
    """Return the id and the name of a repository: the same for all clones of one origin.

    Without an origin on a host it goes by the name of its folder and its oldest commit.
    """
    origin = HOST.match(repository.remote_url() or "")
    if origin:
        name, whole = origin["name"], f"{origin['host']}/{origin['name']}".lower()
    else:
        head = repository.resolve()
        if head is None:
            raise RepositoryError("it has no commits yet")
        root = repository.location.root
        name = (root.parent if root.name == ".git" else root).name.removesuffix(".git")
        whole = f"{name} {repository.history(head)[-1]}"
    slug = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")[:MAX_SLUG]
    return f"{slug}-{hashlib.blake2b(whole.encode(), digest_size=5).hexdigest()}", name


def _folders(listed: Path) -> Iterator[Path]:
    if listed.is_dir():
        yield from _repositories_in(listed, DEPTH)
        return
    try:
        lines = listed.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{listed} is neither a folder nor a list of paths: {error}") from error
    for line in map(str.strip, lines):
        if line and not line.startswith("#"):
            folder = listed.parent / expanded(line)
            found = list(_repositories_in(folder, DEPTH))
            yield from found or [folder]


def _repositories_in(folder: Path, depth: int) -> Iterator[Path]:
    if git_dir_of(str(folder)):
        yield folder
    elif depth and folder.is_dir():
        for inner in sorted(Path(one.path) for one in os.scandir(folder) if one.is_dir(follow_symlinks=False)):
            yield from _repositories_in(inner, depth - 1)


def _size(location: Location) -> int:
    """Return the bytes of a repository's packs, by which the work is estimated."""
    packs = (location.common_dir or location.root) / "objects" / "pack"
    return sum(file.stat().st_size for file in packs.glob("*.pack")) if packs.is_dir() else 0
