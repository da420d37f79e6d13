"""The steps of one indexing pass, in order, under the writer lease."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial

from mom_lsp import datafolder
from mom_lsp.errors import EncoderError, RepositoryError
from mom_lsp.extract.noise import FORMATTING
from mom_lsp.git import Location, Repository
from mom_lsp.git.blame import write_revisions
from mom_lsp.indexing.domain_pass import save_meaning, sorted_into_domains
from mom_lsp.indexing.duplicates import DuplicateFilter
from mom_lsp.indexing.encoding import has_all_vectors
from mom_lsp.indexing.extraction import index_files, index_folder, index_history
from mom_lsp.indexing.forgetting import apply_forgets
from mom_lsp.indexing.index_rules import IndexRules, encoder_name
from mom_lsp.indexing.line_keys import save_line_keys
from mom_lsp.indexing.marker import Marker, checksum_of_domains, load_marker, save_marker
from mom_lsp.indexing.merge import Merger
from mom_lsp.indexing.progress import Control, Progress, Summary
from mom_lsp.journal import Journal
from mom_lsp.memory import Memory
from mom_lsp.process.free_memory import release_free_memory
from mom_lsp.route.text_index import Arrays, RowGroups
from mom_lsp.settings import Settings
from mom_lsp.store import Store
from mom_lsp.tiers.lifecycle import erasure_seq, fold
from mom_lsp.workspace.library.library import catalog_arrays, catalog_key
from mom_lsp.workspace.library.notes import notes_of

log = logging.getLogger(__name__)

SAMPLES = 8  # commits of a partial clone that are checked for missing objects


class IndexPass:
    """Indexes one HEAD."""

    def __init__(self, location: Location, settings: Settings, control: Control, summary: Summary) -> None:
        self._location, self._settings = location, settings
        self._control, self._summary = control, summary
        self._rules = IndexRules.of(settings)

    def run(self, rev: str | None) -> None:
        """Bring the store up to date; if interrupted, the next run resumes."""
        data = self._location.data
        store = Store(data, create=True, rules=self._rules.of_commits)
        marker = load_marker(data)
        self._reopen_files(store, marker)
        with Journal(data / datafolder.JOURNAL) as journal:
            events = list(journal.events())
        life = fold(events)
        seq, forgotten = erasure_seq(events), set(life.forgotten)
        apply_forgets(store, self._location, self._rules, forgotten, self._control)
        notes = notes_of(life)
        self._extract(store, marker, Merger(store, forgotten), [note.body for note in notes.values()], rev)
        self._save_formatting(store)
        release_free_memory()  # what was extracted
        if not store.searchable:  # many rows are new, or the previous run was stopped
            self._control.step("compaction", 0, 1)
            store.compact()
            release_free_memory()
        arrays = self._save_catalog(store, notes)
        if marker.domains and marker.domains != checksum_of_domains(data):
            store.drop_domains()
        marker.encoded, marker.domains, marker.journal, marker.rules = "", "", seq, self._rules.fingerprint
        save_marker(data, marker)  # all of it can be searched from here on
        self._save_for_questions(arrays)
        self._sort(store, marker, arrays)
        if store.scattered:
            self._control.step("compaction", 0, 1)
            store.compact()
            arrays = self._save_catalog(store, notes)
        if marker.encoded:
            save_meaning(store, arrays, notes, marker.encoded)
            release_free_memory()

    def _sort(self, store: Store, marker: Marker, arrays: Arrays) -> None:
        """Sort the memories into domains; those without a vector again once they have one."""
        try:
            model = encoder_name(self._settings)
        except EncoderError as error:
            self._control.report(Progress("encoding", 0, 0, str(error)))
            model = ""
        complete = not model or has_all_vectors(store, model)
        store.save_domains(sorted_into_domains(store, arrays, model, self._control, encoding=not complete))
        marker.encoded, marker.domains = model if complete else "", checksum_of_domains(self._location.data)
        save_marker(self._location.data, marker)

    def _extract(self, store: Store, marker: Marker, merger: Merger, notes: Sequence[str], rev: str | None) -> None:
        rules, control, summary = self._rules, self._control, self._summary
        if not self._location.git:
            duplicates = DuplicateFilter(store, notes, history=tuple)
            index_folder(store, self._location, rules, merger, duplicates, control, summary)
            return
        repository = Repository(self._location)
        head = repository.resolve(rev or "HEAD")
        if head is not None:
            self._reopen(store, marker, repository)
            index_history(store, repository, head, rules, marker, merger, control, summary)
            duplicates = DuplicateFilter(store, notes, partial(repository.history, head))
            index_files(repository, head, rules, marker, merger, duplicates, control, summary)
            marker.add(head)
            marker.lacking = next(filter(repository.lacks, _samples(repository, head)), "")

    def _save_formatting(self, store: Store) -> None:
        """Write the list of formatting commits for blame, which runs before the store is open."""
        rows = store.columns(["commits"], f"noise = '{FORMATTING}'").to_pylist()
        shas = {sha for row in rows for sha in row["commits"]}
        write_revisions(self._location.data / datafolder.IGNORED_REVISIONS, shas)

    def _save_for_questions(self, arrays: Arrays) -> None:
        """Keep up what questions read instead of computing it; it only saves time, so a failure is reported alone."""
        if not self._location.git:
            return
        repository = Repository(self._location)
        head = repository.resolve()
        try:
            repository.write_commit_graph([head] if head else [])
            if head:
                save_line_keys(repository, head, RowGroups(arrays, "paths"), self._control)
        except (RepositoryError, OSError) as error:
            log.warning("questions will take longer: %s", error)

    @staticmethod
    def _save_catalog(store: Store, notes: Mapping[str, Memory]) -> Arrays:
        """Return the catalog, built and saved if it is out of date, so that readers need not build it."""
        arrays = store.saved_catalog(catalog_key(notes))
        if arrays is None:
            arrays = catalog_arrays(store, notes)
            store.save_catalog(catalog_key(notes), arrays)
            release_free_memory()
        return arrays

    @staticmethod
    def _reopen(store: Store, marker: Marker, repository: Repository) -> None:
        """Delete the memories of commits that had no diff but have one now, so that they are read again.

        Shallow clones lack the diffs of their boundary commits, partial clones those with missing objects.
        """
        if marker.lacking and not repository.lacks(marker.lacking):
            rows = store.columns(["id", "added_lines", "removed_lines"], "source_type = 'commit'").to_pylist()
            store.delete(row["id"] for row in rows if not row["added_lines"] and not row["removed_lines"])
            marker.trees, marker.heads = [], []
        reopened = set(marker.shallow) - repository.shallow
        if reopened:
            rows = store.columns(["id", "commits"]).to_pylist()
            store.delete(row["id"] for row in rows if reopened & set(row["commits"]))
        if marker.shallow != sorted(repository.shallow):  # there is more history below what was complete
            marker.shallow, marker.heads = sorted(repository.shallow), []

    def _reopen_files(self, store: Store, marker: Marker) -> None:
        """Delete the memories of files if the settings for reading them changed, so that all are read again."""
        if marker.rules in ("", self._rules.fingerprint):
            return
        marker.trees = []
        save_marker(self._location.data, marker)  # first, so that after an interruption no file counts as read
        store.delete(store.columns(["id"], "source_type = 'file'")["id"].to_pylist())


def _samples(repository: Repository, head: str) -> Sequence[str]:
    """Return commits of all ages of a partial clone, none of a full one; the first commit may be just a licence."""
    history = repository.history(head)[::-1] if repository.partial else []
    return history[:: max(1, len(history) // SAMPLES)]
