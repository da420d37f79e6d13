"""The steps of one indexing pass, in order, under the writer lease."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from mom_lsp import datafolder
from mom_lsp.errors import EncoderError, RepositoryError
from mom_lsp.extract.noise import FORMATTING
from mom_lsp.git import Location, Repository
from mom_lsp.git.blame import write_revisions
from mom_lsp.indexing.domain_pass import save_meaning, sorted_into_domains
from mom_lsp.indexing.duplicates import DuplicateFilter
from mom_lsp.indexing.encoding import has_all_vectors
from mom_lsp.indexing.extraction import index_folder
from mom_lsp.indexing.forgetting import apply_forgets
from mom_lsp.indexing.head_extraction import HeadExtraction
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
from mom_lsp.workspace.library.catalog_arrays import catalog_arrays, catalog_key
from mom_lsp.workspace.library.notes import notes_of

log = logging.getLogger(__name__)


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
        store.drop_old_versions()
        marker = load_marker(data)
        self._reopen_files(store, marker)
        with Journal(data / datafolder.JOURNAL) as journal:
            events = list(journal.events())
        life = fold(events)
        seq, merger = erasure_seq(events), Merger(store, life.forgotten, life.usage)
        if seq != marker.journal:
            marker.files = ""  # what is restored has to be read again
        apply_forgets(store, self._location, self._rules, merger, self._control)
        notes = notes_of(life)
        self._extract(store, marker, merger, [note.body for note in notes.values()], rev)
        self._save_formatting(store)
        release_free_memory()  # what was extracted
        with ThreadPoolExecutor(1, "mom-graph") as beside:
            graph = beside.submit(self._save_for_questions, self._save_graph)  # git, on a core of its own
            if not store.searchable:  # many rows are new, or the previous run was stopped
                self._control.step("compaction", 0, 1)
                store.compact()
                release_free_memory()
            arrays = self._save_catalog(store, notes)
        graph.result()
        if marker.domains and marker.domains != checksum_of_domains(data):
            store.drop_domains()
        marker.encoded, marker.domains, marker.journal, marker.rules = "", "", seq, self._rules.fingerprint
        save_marker(data, marker)  # all of it can be searched from here on
        self._save_for_questions(partial(self._save_line_keys, arrays))
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
        if self._location.git:
            HeadExtraction(self._location, self._rules, self._control, self._summary).run(
                store, marker, merger, notes, rev, save=partial(save_marker, self._location.data, marker)
            )
            return
        duplicates = DuplicateFilter(store, notes, history=tuple)
        index_folder(store, self._location, self._rules, marker, merger, duplicates, self._control, self._summary)

    def _save_formatting(self, store: Store) -> None:
        """Write the list of formatting commits for blame, which runs before the store is open."""
        rows = store.columns(["commits"], f"noise = '{FORMATTING}'").to_pylist()
        shas = {sha for row in rows for sha in row["commits"]}
        write_revisions(self._location.data / datafolder.IGNORED_REVISIONS, shas)

    def _save_for_questions(self, save: Callable[[Repository, str], None]) -> None:
        """Keep up what questions read instead of computing it; it only saves time, so a failure is reported alone."""
        if not self._location.git:
            return
        repository = Repository(self._location)
        head = repository.resolve()
        if head is None:
            return
        try:
            save(repository, head)
        except (RepositoryError, OSError) as error:
            log.warning("queries will be slower: %s", error)

    @staticmethod
    def _save_graph(repository: Repository, head: str) -> None:
        repository.write_commit_graph([head])

    def _save_line_keys(self, arrays: Arrays, repository: Repository, head: str) -> None:
        save_line_keys(repository, head, RowGroups(arrays, "paths"), self._control)

    @staticmethod
    def _save_catalog(store: Store, notes: Mapping[str, Memory]) -> Arrays:
        """Return the catalog, built and saved if it is out of date, so that readers need not build it."""
        arrays = store.saved_catalog(catalog_key(notes))
        if arrays is None:
            arrays = catalog_arrays(store, notes)
            store.save_catalog(catalog_key(notes), arrays)
            release_free_memory()
        return arrays

    def _reopen_files(self, store: Store, marker: Marker) -> None:
        """Delete the memories of files if the settings for reading them changed, so that all are read again."""
        if marker.rules in ("", self._rules.fingerprint):
            return
        marker.trees, marker.files = [], ""
        save_marker(self._location.data, marker)  # first, so that after an interruption no file counts as read
        store.delete(store.columns(["id"], "source_type = 'file'")["id"].to_pylist())
