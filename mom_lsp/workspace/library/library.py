"""What all worktrees of a data folder share: the memories, their vectors, and the feedback on them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from mom_lsp.errors import Damaged, EncoderError, NoIndex, Outdated
from mom_lsp.journal import Journal
from mom_lsp.memory import Encoder, Memory
from mom_lsp.process.free_memory import release_free_memory
from mom_lsp.route.catalog import Catalog
from mom_lsp.route.gate import Domains
from mom_lsp.route.vectors import Vectors
from mom_lsp.store.text import content_hash, embedding_text
from mom_lsp.tiers.lifecycle import Life, fold
from mom_lsp.workspace.library.catalog_arrays import StoreColumns, catalog_arrays, catalog_version
from mom_lsp.workspace.library.impressions import Impressions
from mom_lsp.workspace.library.meaning import Meaning, VectorReader, nothing, read_meaning
from mom_lsp.workspace.library.memory_rows import MemoryRows
from mom_lsp.workspace.library.notes import notes_of
from mom_lsp.workspace.library.recent import Recent

CACHED_QUESTIONS = 256
REWRITING = frozenset({"undo", "purge"})  # events that change what earlier ones led to


class StoreReader(StoreColumns, VectorReader, Protocol):
    """The part of the store that a library reads."""

    def refresh(self) -> int:
        """Switch to the newest version."""
        ...

    def pinned(self) -> StoreColumns:
        """Return a reader of this version, which raises Outdated once the version is removed."""
        ...

    def encoded(self, model: str) -> set[str]:
        """Return the content keys that have a vector of `model`."""
        ...

    def report_damage(self) -> Damaged:
        """Ask the next pass to check everything; return an error that says so."""
        ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One consistent state of store and journal; replaced as a whole."""

    catalog: Catalog
    vectors: Vectors
    slots: np.ndarray  # (n,) the vector of each row, -1 for none yet
    life: Life
    notes: dict[str, Memory] = field(default_factory=dict)
    key: tuple[int, tuple[int, int], int] = (0, (0, 0), 0)  # version, vectors and domains, journal
    domains: Domains = field(default_factory=Domains)
    rows: MemoryRows = field(
        default_factory=lambda: MemoryRows(None, {})
    )  # the texts, of the same version as the catalog

    @property
    def indexed(self) -> bool:
        """Whether there is an index; else the notes are all there is."""
        return self.key[0] >= 0


class Library:
    """Follows the store and the journal of one data folder. Thread-safe."""

    def __init__(self, open_store: Callable[[], StoreReader], journal: Journal, encoder: Encoder | None = None) -> None:
        self.journal = journal
        self.encoder = encoder
        self.encoder_problem = ""
        self.damage = ""  # what to tell the user while the index is damaged; then answers come from the notes alone
        self._open_store = open_store
        self._store: StoreReader | None = None
        self._snapshot: Snapshot | None = None
        self._unread = False  # whether the journal has events that the snapshot lacks
        self.impressions = Impressions()
        self.settling = threading.RLock()  # held while changes of status are computed and written
        self._questions: Recent[tuple[str, str], np.ndarray] = Recent(CACHED_QUESTIONS)
        self._noted: dict[tuple[str, str], np.ndarray] = {}  # (d,) of each note, by encoder and content key
        self._has_vectors = False  # whether snapshots have vectors: only questions in words need them
        self._last_encoded = 0.0  # time.monotonic()
        self._lock, self._loading = threading.RLock(), threading.Lock()

    @property
    def store(self) -> StoreReader:
        """The store. Raises NoIndex if nothing was indexed yet."""
        with self._lock:
            if self._store is None:
                self._store = self._open_store()
            return self._store

    @property
    def indexed(self) -> bool:
        """Whether there was an index when the last question was answered."""
        return self._snapshot is not None and self._snapshot.indexed

    def snapshot(self) -> Snapshot:
        """Return the newest state, including feedback given a moment ago."""
        with self._lock:
            if self._snapshot is None:
                self.reload()
            elif self._unread or self.journal.changed():
                self._unread = True  # the journal reports a change only once, and reading it may fail
                try:
                    self._snapshot = self._with_journal(self._snapshot)
                except Damaged as damage:  # a note is read with the index
                    self.lose(str(damage))
                self._unread = False
            assert self._snapshot is not None
            return self._snapshot

    def snapshot_with_vectors(self) -> Snapshot:
        """Return the newest state with the vectors of memories and notes, which later snapshots then have, too."""
        if self.encoder is None:
            return self.snapshot()
        with self._loading:
            if not self._has_vectors:
                self._has_vectors = True
                threading.Thread(target=self._load_encoder, name="mom-encoder", daemon=True).start()
                self.snapshot()
                self._reload_vectors()
            self._last_encoded = time.monotonic()
        return self.snapshot()

    def _load_encoder(self) -> None:
        """Load the encoder while the vectors are read."""
        encoder = self.encoder
        with contextlib.suppress(EncoderError):  # raised again, and reported, when it is used
            if encoder is not None:
                encoder.load()

    def use(self, encoder: Encoder | None, problem: str = "") -> None:
        """Use another encoder, or none and say why."""
        with self._loading:
            self.encoder, self.encoder_problem, self._has_vectors = encoder, problem, False
            self._reload_vectors()

    def unload(self, unused: float) -> None:
        """Free the memory of the encoder and of the vectors if they have not been used for some seconds."""
        with self._loading:
            if self.encoder is None or not self._has_vectors or time.monotonic() - self._last_encoded < unused:
                return
            self._has_vectors = False
            self.encoder.unload()
            self._reload_vectors()

    def reload(self, *, force: bool = False) -> bool:
        """Read the store again if it has a new version, with `force` in any case; return whether it did.

        Readers keep the old state meanwhile; of a damaged index the notes are left.
        """
        try:
            version = self.store.refresh()
            if not force and self._snapshot is not None and self._snapshot.key[0] == version:
                return self._reload_vectors()
            self._install()
        except Damaged as damage:
            self.lose(str(damage))
            return False
        except NoIndex:
            if self._snapshot is None:
                self._install()
            return False
        self.damage = ""
        return True

    def lose(self, damage: str) -> None:
        """Go on with the notes alone until the index can be read again."""
        self.damage, known = damage, self._store is not None
        self._store = None
        if known or self._snapshot is None:
            self._install()

    def encode(self, text: str) -> np.ndarray | None:
        """Return the vector (d,) of a query, None where there is no encoder."""
        encoder = self.encoder
        if encoder is None:
            return None
        asked = (encoder.name, text)
        known = self._questions.get(asked)  # the same lines are asked about repeatedly
        if known is not None:
            return known
        try:
            return self._questions.put(asked, np.asarray(encoder.encode([text])[0]))
        except EncoderError as error:
            self.encoder, self.encoder_problem = None, str(error)
            return None

    def _install(self) -> None:
        """Build a state beside the old one, then swap."""
        before = self._snapshot
        life = fold(self.journal.events())
        notes = notes_of(life)
        version, catalog = self._version(notes)
        number = version.version if version else -1
        meaning = self._meaning(catalog, notes, number)
        key = (number, meaning.state, life.last_seq)
        rows = MemoryRows(version, notes)
        rows.hide(life.forgotten)
        snapshot = Snapshot(catalog, meaning.vectors, meaning.slots, life, notes, key, meaning.domains, rows)
        self._swap(snapshot, before)
        release_free_memory()  # what it was made from, and the state before

    def _version(self, notes: Mapping[str, Memory]) -> tuple[StoreColumns | None, Catalog]:
        """Return a reader of the newest version, None if there is none, and its catalog."""
        if self._store is None:
            return None, Catalog(catalog_arrays(None, notes))
        version = self._store.pinned()
        try:
            return version, Catalog(catalog_arrays(version, notes))
        except Outdated:  # the indexer removed it meanwhile
            self._store.refresh()
            version = self._store.pinned()
        try:
            return version, Catalog(catalog_arrays(version, notes))
        except Outdated as error:
            raise self._store.report_damage() from error

    def _swap(self, fresh: Snapshot, before: Snapshot | None) -> None:
        """Install a state; events that were recorded while it was built are added."""
        with self._lock:
            overtaken = self._snapshot is not before  # by feedback, which the journal reports only once
            self._snapshot = self._with_journal(fresh) if overtaken else fresh

    def _with_journal(self, old: Snapshot) -> Snapshot:
        new = list(self.journal.events(after=old.life.last_seq))
        refold = not new or any(event.type in REWRITING for event in new)  # no new event: something was erased
        life = fold(self.journal.events()) if refold else fold(new, old.life)
        if notes_of(life).keys() != old.notes.keys():
            self._install()
            assert self._snapshot is not None
            return self._snapshot
        old.rows.hide(life.forgotten)
        return replace(old, life=life, key=(*old.key[:2], life.last_seq))

    def forget(self) -> None:
        """Drop the texts of forgotten memories, and the questions that may quote them, from the caches."""
        self.snapshot()
        self._questions.clear()

    def _reload_vectors(self) -> bool:
        old = self._snapshot
        if old is None or self._store is None:
            return False
        if self._store.meaning_state(self._model) == old.key[1]:
            return False
        meaning = self._meaning(old.catalog, old.notes, old.key[0])
        key = (old.key[0], meaning.state, old.key[2])
        fresh = replace(old, vectors=meaning.vectors, slots=meaning.slots, domains=meaning.domains, key=key)
        with self._lock:
            if self._snapshot is None or self._snapshot.catalog is not old.catalog:
                return False  # newer memories came meanwhile
            self._swap(fresh, old)
        release_free_memory()  # the float vectors
        return True

    def _meaning(self, catalog: Catalog, notes: Mapping[str, Memory], version: int) -> Meaning:
        if self._store is None:
            return nothing(catalog)
        noted = self._note_vectors(notes)  # first: the encoder may turn out to be missing
        return read_meaning(self._store, self._model, catalog, noted, catalog_version(version, notes))

    def _note_vectors(self, notes: Mapping[str, Memory]) -> dict[str, np.ndarray]:
        """Return the vector (d,) of each note by content key, none without an encoder; only new notes are encoded."""
        encoder, model = self.encoder, self._model
        if encoder is None or not model:
            return {}
        texts = {content_hash(text): text for text in map(embedding_text, notes.values())}
        known = {content: self._noted[model, content] for content in texts if (model, content) in self._noted}
        fresh = [content for content in texts if content not in known]
        if fresh:
            try:
                known |= zip(fresh, encoder.encode([texts[content] for content in fresh]), strict=True)
            except EncoderError as error:
                self.encoder, self.encoder_problem = None, str(error)
                return {}
        self._noted = {(model, content): vector for content, vector in known.items()}
        return known

    @property
    def _model(self) -> str:
        """The name of the vectors that snapshots have, "" for none."""
        return self.encoder.name if self.encoder is not None and self._has_vectors else ""
