"""The import of an export: its files are read, its parts put together, its texts sanitised, and all of it kept.

The archive gets each batch as soon as it is ready, so an import that was stopped continues where it was: what the
source is known to have had with the same digest is not sanitised again, which is the expensive part.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Event

from mom_lsp.discussions.archive import Archive, Original, digest_of_json, key_of
from mom_lsp.discussions.export import Export
from mom_lsp.discussions.sanitised import sanitised_batch
from mom_lsp.discussions.serialised import from_json, to_json
from mom_lsp.discussions.staging import Staging
from mom_lsp.discussions.values import Discussion
from mom_lsp.process.worker_pool import worker_count, workers

BATCH = 32  # discussions
READ_AT_ONCE = 256  # readings

Report = Callable[[str, int, int], None]  # phase ("reading" or "keeping"), done, total


@dataclass(slots=True)
class Taken:
    """What an import took."""

    pull_requests: int = 0
    issues: int = 0
    review_comments: int = 0
    comments: int = 0
    changed: int = 0  # discussions that were new or edited
    broken: int = 0  # values or files that could not be read
    problems: list[str] = field(default_factory=list)  # what is broken, for people
    unknown: int = 0  # objects of no known shape
    stopped: bool = False

    def count(self, discussion: Discussion) -> None:
        """Count a discussion."""
        self.pull_requests += discussion.type == "pull_request"
        self.issues += discussion.type == "issue"
        self.review_comments += sum(len(thread.comments) for thread in discussion.threads)
        self.comments += len(discussion.comments)


def import_discussions(
    data: Path,
    paths: Sequence[Path],
    *,
    name: str,
    named: str,
    project: str = "",
    dry_run: bool = False,
    report: Report = lambda phase, done, total: None,
    stop: Event | None = None,
) -> Taken:
    """Import an export.

    Args:
        data: the data folder.
        paths: files, or folders of files.
        name: of the source in the archive; a source that is there is updated.
        named: the paths, as the user gave them.
        project: to which discussions belong that do not say their project.
        dry_run: only count.
        report: called with the progress.
        stop: ends the import early; what was kept until then stays.

    Raises:
        UsageError: there is nothing to read.
        ArchiveError: the archive cannot be written.
    """
    stop = stop or Event()
    taken, export = Taken(), Export(paths)
    with ExitStack() as stack:
        archive = None if dry_run else stack.enter_context(Archive(data, create=True))
        staging = stack.enter_context(Staging())
        readings = export.readings(lambda done, total: report("reading", done, total))
        while not stop.is_set() and (some := list(islice(readings, READ_AT_ONCE))):
            staging.add(some)
        taken.broken, taken.problems = export.broken, export.problems
        taken.unknown = export.unknown.total()
        if not stop.is_set():
            total = staging.settle(project)
            found = _counted(staging.discussions(), taken, total, report, stop)
            if archive is None:
                deque(found, maxlen=0)
            elif total:
                executor = stack.enter_context(workers(total))
                changed = archive.put_originals(name, _sanitised(found, archive, name, executor), path=named)
                taken.changed = changed
    taken.stopped = stop.is_set()
    return taken


def _counted(
    discussions: Iterator[Discussion], taken: Taken, total: int, report: Report, stop: Event
) -> Iterator[Discussion]:
    for done, discussion in enumerate(discussions, 1):
        if stop.is_set():
            return
        taken.count(discussion)
        yield discussion
        report("keeping", done, total)


def _sanitised(
    discussions: Iterator[Discussion], archive: Archive, name: str, executor: Executor
) -> Iterator[Original]:
    """Yield what the source has not had yet, sanitised by worker processes that are kept busy."""
    running: deque[tuple[list[bytes], Future[list[bytes]]]] = deque()
    while True:
        batch = [(key_of(one), to_json(one)) for one in islice(discussions, BATCH)]
        digests = {key: digest_of_json(text) for key, text in batch}
        known = archive.unchanged(name, digests.items())
        if new := [(digests[key], text) for key, text in batch if key not in known]:
            future = executor.submit(sanitised_batch, [text for _, text in new])
            running.append(([digest for digest, _ in new], future))
        while running and (len(running) > 2 * worker_count() or len(batch) < BATCH):
            expected, future = running.popleft()
            for digest, text in zip(expected, future.result(), strict=True):
                yield Original(from_json(text), digest)
        if len(batch) < BATCH:
            return
