"""Encoding in the background: between passes, newest memories first, with the model in a child process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mom_lsp.errors import EncoderError
from mom_lsp.indexing.encoding_worker import EncodingWorker, encode_texts
from mom_lsp.indexing.index_rules import usable_encoder
from mom_lsp.indexing.marker import checksum_of_domains, load_marker, save_marker
from mom_lsp.indexing.progress import Control, Progress, Summary
from mom_lsp.process.free_memory import collect_garbage, release_free_memory
from mom_lsp.settings import Settings
from mom_lsp.store import embedding_text, encoding_lease, writer_lease

if TYPE_CHECKING:
    import numpy as np

    from mom_lsp.route.text_index import Arrays
    from mom_lsp.store import Store

FIRST_BATCH, MIN_BATCH, MAX_BATCH = 32, 16, 4_096  # texts encoded between two writes
BATCH_SECONDS = 2.0  # of encoding: a batch is as large as fits
STALE = 0.5  # vectors of no memory, to those of memories
COMPACT_EVERY = 50  # writes, each of which makes a file
LOOSE = 1 / 3  # of the vectors, while more are written: a compaction writes all of them again
POLL = 0.1  # seconds within which a request or a stop interrupts the wait for a batch
WAIT = 0.25  # seconds between two attempts to get the writer lease
RETRY = 600.0  # seconds after which an encoder that could not be used is tried again


def has_all_vectors(store: Store, model: str) -> bool:
    """Whether no vector by a model is missing."""
    return not _missing(store, model)


@dataclass(slots=True)
class _Batch:
    """Texts in the child, and their vectors once it returned them."""

    model: str
    texts: Mapping[str, str]  # by content key
    began: float  # seconds of the monotonic clock
    vectors: np.ndarray | None = None


class Encoding:
    """Brings the vectors of a data folder up to date; a context manager, whose end ends the child.

    The child lives while there is something to encode. The writer lease is held only to write, so that passes of any
    process come between two batches.
    """

    def __init__(self, data: Path, settings: Callable[[], Settings], summary: Summary) -> None:
        """Take the data folder, a function that returns the settings of today, and the summary to count in."""
        self._data, self._settings, self._summary = data, settings, summary
        self._worker: EncodingWorker | None = None
        self._batch: _Batch | None = None  # outlives an interruption
        self._size = FIRST_BATCH
        self._failed = ("", -RETRY)  # the encoder that cannot be used, and when that was found

    def __enter__(self) -> Encoding:
        """Start nothing yet: there may be nothing to encode."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the child."""
        self._end_child()

    def complete(self, control: Control) -> bool:
        """Encode what has no vector yet, then sort the memories into domains; False if another process does it.

        Raises:
            Interrupted: a pass is wanted first; another call continues.
            Stopped: the user wants to stop.
            Paused: the battery is low.
        """
        try:
            while self._lacks_vectors():
                with encoding_lease(self._data) as acquired:
                    if not acquired:
                        return False
                    self._encode(control)
        except EncoderError as error:
            self._failed = (self._settings().encoder.model, time.monotonic())
            control.report(Progress("encoding", 0, 0, str(error)))
        self._end_child()
        return True

    def _lacks_vectors(self) -> bool:
        settings, (failed, at) = self._settings(), self._failed
        tried = settings.encoder.model == failed and time.monotonic() < at + RETRY
        return not tried and load_marker(self._data).lacks_vectors(usable_encoder(settings))

    def _encode(self, control: Control) -> None:
        """Encode until the newest version lacks no vector of the model; give up if another model is configured."""
        from mom_lsp.store import Store  # imports lancedb, which is not needed if all is encoded

        store, model = Store(self._data), usable_encoder(self._settings())
        todo, version, done = (_missing(store, model) if model else {}), store.version, 0
        collect_garbage()  # of the pass before
        while todo:
            control.step("encoding", done, done + len(todo))
            batch = self._batch or self._send(store, model, todo)
            vectors = self._received(batch, control)
            if usable_encoder(self._settings()) != model:
                return
            if batch.model != model:
                self._batch = None
                continue
            done += self._write(store, batch, vectors, todo, control)
            self._batch = None
            release_free_memory()  # what this write took: else it adds up
            if store.version != version:
                todo, version = _missing(store, model), store.version
            else:
                todo = {content: memory for content, memory in todo.items() if content not in batch.texts}
        if done:
            control.step("encoding", done, done)
        self._sort(store, version, model, control)

    def _send(self, store: Store, model: str, todo: Mapping[str, str]) -> _Batch:
        """Hand the newest of the missing texts to the child."""
        contents = list(todo)[: self._size]
        memories = store.get([todo[content] for content in contents])
        texts = {content: embedding_text(memories[todo[content]]) for content in contents}
        self._worker = self._worker or EncodingWorker(encode_texts)
        self._worker.send(self._settings().encoder.model, list(texts.values()))
        self._batch = _Batch(model, texts, time.monotonic())
        return self._batch

    def _received(self, batch: _Batch, control: Control) -> np.ndarray:
        """Return the vectors of a batch, and fit the size of the next one. Raises as `complete`, and EncoderError."""
        assert self._worker is not None
        if batch.vectors is not None:
            return batch.vectors
        while (vectors := self._worker.receive(POLL)) is None:
            control.check()
        fitting = len(batch.texts) * BATCH_SECONDS / max(time.monotonic() - batch.began, 1e-3)
        self._size = max(MIN_BATCH, self._size // 2, min(MAX_BATCH, self._size * 2, int(fitting)))
        batch.vectors = vectors
        return vectors

    def _write(
        self, store: Store, batch: _Batch, vectors: np.ndarray, todo: Mapping[str, str], control: Control
    ) -> int:
        """Save the missing vectors whose memories are there in the newest version; return how many."""
        with self._writing(control):
            store.refresh()
            present = store.present([content for content in batch.texts if content in todo])
            rows = [row for row, content in enumerate(batch.texts) if content in present]
            if rows:
                store.put_vectors(batch.model, [one for one in batch.texts if one in present], vectors[rows])
            if store.vectors_scattered(COMPACT_EVERY, LOOSE):
                store.compact_vectors()
        self._summary.encoded += len(rows)
        return len(rows)

    def _sort(self, store: Store, version: int, model: str, control: Control) -> None:
        """Sort the memories into domains, and record that all are encoded, unless there is a newer version."""
        from mom_lsp.indexing.domain_pass import save_meaning, sorted_into_domains
        from mom_lsp.workspace.library.catalog_arrays import catalog_of

        arrays, notes = catalog_of(store, self._data)
        domains = sorted_into_domains(store, arrays, model, control)
        with self._writing(control):
            marker = load_marker(self._data)
            if store.refresh() == version and marker.domains:
                store.save_domains(domains)
                marker.encoded, marker.domains = model, checksum_of_domains(self._data)
                save_marker(self._data, marker)
                _tidy(store, model, arrays)
                save_meaning(store, arrays, notes, model)

    @contextmanager
    def _writing(self, control: Control) -> Iterator[None]:
        """Hold the writer lease; wait for it as long as nothing else is wanted."""
        while True:
            with writer_lease(self._data, timeout=WAIT) as acquired:
                if acquired:
                    yield
                    return
            control.check()

    def _end_child(self) -> None:
        if self._worker is not None:
            self._worker.end()
        self._worker, self._batch = None, None


def _tidy(store: Store, model: str, arrays: Arrays) -> None:
    """Remove the vectors of texts that no memory has any more, once they are many: a new version may encode others.

    Vectors that are in many files are merged.
    """
    from mom_lsp.route.text_index import unpacked  # numpy, which a check for new commits does not need

    wanted = set(unpacked(arrays["content"]))
    stale = store.encoded(model) - wanted
    many = len(stale) > STALE * len(wanted)
    if many:
        store.keep_vectors(wanted)
    if many or store.vectors_scattered(COMPACT_EVERY, 0.0):
        store.compact_vectors()


def _missing(store: Store, model: str) -> dict[str, str]:
    """Return the contents without a vector by `model`, newest first, each with the id of one of its memories."""
    known = store.encoded(model)
    table = store.columns(["id", "content", "time"], "noise = ''").sort_by([("time", "descending")])
    first: dict[str, str] = {}
    for memory, content in zip(table["id"].to_pylist(), table["content"].to_pylist(), strict=True):
        if content and content not in known:
            first.setdefault(content, memory)
    return first
