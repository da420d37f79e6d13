"""Bulk indexing without an engine: one repository after the other, each with all cores, as `mom index` does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event

from mom_lsp.errors import MomError
from mom_lsp.fleet.jobs import Job, Outcome
from mom_lsp.fleet.publishing import publish_repository
from mom_lsp.process.worker_pool import workers

Done = Callable[[Outcome], None]
FAILURES = (MomError, OSError)  # of one repository, which do not stop the others


def index_here(jobs: Sequence[Job], done: Done, stop: Event) -> None:
    """Publish repositories, and report each; `stop` ends the run after the one that is being read."""
    for job in jobs:
        if stop.is_set():
            return
        try:
            outcome = publish_repository(job, workers)
        except FAILURES as error:
            outcome = Outcome.failure(job.name, job.location.root, error)
        done(outcome)
