"""Extracting what a table lacks of one HEAD: its commits, what was said about them, and its files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from mom_lsp import phrases
from mom_lsp.discussions.archive import Archive
from mom_lsp.errors import ArchiveError, RepositoryError
from mom_lsp.git import Location, Repository
from mom_lsp.git.runner import is_damage
from mom_lsp.indexing.annotations import Annotations
from mom_lsp.indexing.discussions import Changes, index_discussions
from mom_lsp.indexing.duplicates import DuplicateFilter
from mom_lsp.indexing.extraction import Pool, index_files, index_history
from mom_lsp.indexing.index_rules import IndexRules
from mom_lsp.indexing.marker import Marker
from mom_lsp.indexing.merge import Merger
from mom_lsp.indexing.progress import Control, Progress, Summary
from mom_lsp.process.worker_pool import workers
from mom_lsp.store.rows import Rows

DISCUSSIONS_LOST = "the imported discussions are gone: import the exports again to restore them"
SAMPLES = 8  # commits of a partial clone that are checked for missing objects


class HeadExtraction:
    """Brings the rows of one repository up to date with one HEAD, in whichever table they are."""

    def __init__(
        self, location: Location, rules: IndexRules, control: Control, summary: Summary, pool: Pool = workers
    ) -> None:
        """Take what to read, how, and what runs the extraction."""
        self._location, self._rules = location, rules
        self._control, self._summary, self._pool = control, summary, pool

    def run(
        self,
        rows: Rows,
        marker: Marker,
        merger: Merger,
        notes: Sequence[str] = (),
        rev: str | None = None,
        save: Callable[[], None] = lambda: None,
    ) -> None:
        """Write what is missing, and record in the marker what is complete. Without commits there is nothing to do.

        Args:
            rows: the table.
            marker: what it has.
            merger: of the table.
            notes: texts of the user's, which comments may repeat.
            rev: the revision, HEAD by default.
            save: saves the marker, where the rows stay after an interruption.
        """
        repository = Repository(self._location)
        head = repository.resolve(rev or "HEAD")
        if head is None:
            return
        reopen(rows, marker, repository, save)
        self._history(rows, repository, head, marker, merger)
        duplicates = DuplicateFilter(rows, notes, partial(repository.history, head))
        if missing := phrases.missing_commits(repository.missing_commits):
            self._control.report(Progress("history", 0, 0, missing))
        try:
            index_files(
                repository, head, self._rules, marker, merger, duplicates, self._control, self._summary, pool=self._pool
            )
        except RepositoryError as error:
            if not is_damage(error):
                raise
            self._control.step("files", 0, 0, str(error))  # the history can still be searched
        marker.add(head, repository.checked_out())
        marker.overrides = sorted(repository.overrides)  # of what was read: it may have turned out to be torn
        marker.lacking = next(filter(repository.lacks, _samples(repository, head)), "")

    def _history(self, store: Rows, repository: Repository, head: str, marker: Marker, merger: Merger) -> None:
        """Index the commits and what was said about them; without an archive that can be read, the commits alone."""
        rules, control, summary = self._rules, self._control, self._summary
        annotations = Annotations(repository, head, marker)
        again = set(annotations.again(store))
        read = partial(
            index_history,
            store,
            repository,
            head,
            rules,
            marker,
            merger,
            control,
            summary,
            annotations,
            pool=self._pool,
        )
        try:
            with Archive(self._location.data) as archive:
                if problem := archive.problem or (DISCUSSIONS_LOST if archive.is_lost(marker.discussions) else ""):
                    control.step("discussions", 0, 0, problem)
                changes = Changes(archive, marker)
                again |= changes.commits(store, marker)
                index_discussions(store, repository, head, changes, read(again), rules, merger, control, summary)
                marker.discussions = changes.revision
        except ArchiveError as error:
            control.step("discussions", 0, 0, str(error))
            read(again)
        marker.annotations, marker.silent = annotations.refs, annotations.silent


def reopen(store: Rows, marker: Marker, repository: Repository, save: Callable[[], None]) -> None:
    """Delete the memories of commits that have a diff now that they had not, or another one, to read them again.

    Shallow clones lack the diffs of their boundary commits, partial clones those with missing objects. Replaced and
    grafted commits get other parents.
    """
    if marker.lacking and not repository.lacks(marker.lacking):
        rows = store.columns(["id", "added_lines", "removed_lines"], "source_type = 'commit'").to_pylist()
        store.delete(row["id"] for row in rows if not row["added_lines"] and not row["removed_lines"])
        marker.trees, marker.heads = [], []
    before, now = set(marker.overrides), repository.overrides
    if before == now:
        return
    marker.heads = []  # there is more history below what was complete
    save()  # first, so that after an interruption no history counts as read, even if it is as it was before
    reopened = {one.split(" ")[0] for one in (*(before - now), *(new for new in now - before if " " in new))}
    if reopened:
        rows = store.columns(["id", "commits"], "source_type = 'commit'").to_pylist()
        store.delete(row["id"] for row in rows if reopened & set(row["commits"]))
    marker.overrides = sorted(now)
    save()  # before commits are read as they are now


def _samples(repository: Repository, head: str) -> Sequence[str]:
    """Return commits of all ages of a partial clone, none of a full one; the first commit may be just a licence."""
    history = repository.history(head)[::-1] if repository.partial else []
    return history[:: max(1, len(history) // SAMPLES)]
