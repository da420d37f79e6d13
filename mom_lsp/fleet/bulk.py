"""Bulk indexing: what `mom fleet index` does, on whichever engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from mom_lsp.errors import MomError, UsageError
from mom_lsp.fleet.jobs import Job, Outcome
from mom_lsp.fleet.manifest import published
from mom_lsp.fleet.objects import Objects
from mom_lsp.fleet.publishing import LONG, erase
from mom_lsp.fleet.repositories import is_excluded, jobs_of
from mom_lsp.settings import parse_settings

Progress = Callable[[Outcome, int], None]  # an outcome, and how many there will be


@dataclass(frozen=True, slots=True)
class Target:
    """Where to publish, what never to publish, and what runs the work."""

    uri: str
    exclude: tuple[str, ...] = ()  # files
    exclude_repositories: tuple[str, ...] = ()
    engine: str = "local"  # or "dask"
    workers: int = 0
    scheduler: str = ""
    long: int = LONG  # commits from which on Dask splits a history


def index_repositories(listed: Path, target: Target, progress: Progress, stop: Event) -> list[Outcome]:
    """Bring repositories up to date in a fleet; return what became of each, those that failed last.

    Raises:
        UsageError: the list or the address is wrong, or the `fleet` extra is missing.
        StoreError: the store cannot be used at all.
        ChildError: the Dask scheduler was lost.
    """
    _, problems = parse_settings({"fleet.exclude": target.exclude})
    if problems:  # rather than publish what was to be excluded
        raise UsageError(problems[0])
    objects = Objects(target.uri)
    objects.folders()  # an address or a key that is wrong is said once, not for each repository
    jobs, failed, excluded = jobs_of(listed, target.uri, paths=target.exclude, repositories=target.exclude_repositories)
    known = [*failed, *_erased(objects, excluded, target.exclude_repositories)]
    total, outcomes = len(jobs) + len(known), list[Outcome]()

    def done(outcome: Outcome) -> None:
        outcomes.append(outcome)
        progress(outcome, total)

    for outcome in known:
        done(outcome)
    if target.engine == "dask":
        from mom_lsp.fleet.on_dask import index_on_dask

        index_on_dask(jobs, done, stop, workers=target.workers, scheduler=target.scheduler, long=target.long)
    else:
        from mom_lsp.fleet.on_local import index_here

        index_here(jobs, done, stop)
    return sorted(outcomes, key=lambda one: (one.state == "failed", one.name))


def _erased(objects: Objects, excluded: list[Job], names: Sequence[str]) -> Iterator[Outcome]:
    """Delete what was published of repositories before they were excluded, whether they are listed or not."""
    paths = {job.id: str(job.location.root) for job in excluded}
    for repository, manifest in published(objects) if names else ():
        if repository not in paths and not is_excluded(manifest.name, names):
            continue
        try:
            erase(objects, repository)
            yield Outcome(manifest.name, paths.get(repository, ""), "erased")
        except (MomError, OSError) as error:
            yield Outcome.failure(manifest.name, Path(paths.get(repository, "")), error)
