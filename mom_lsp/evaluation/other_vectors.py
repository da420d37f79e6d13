"""An index with the vectors of any encoder: those that it lacks are cached outside of it, and it stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from mom_lsp.git import Repository, locate
from mom_lsp.memory import Encoder
from mom_lsp.store import Store, content_hash, embedding_text
from mom_lsp.tuning.cache import Step
from mom_lsp.tuning.gather import open_cache

BATCH = 1_000  # memories read at once


class OtherVectors(Store):
    """A store for reading, whose memories have the given vectors, and no domains."""

    def __init__(self, data: Path, contents: list[str], vectors: np.ndarray) -> None:
        """Open the tables.

        Args:
            data: the data folder.
            contents: the content keys (n,).
            vectors: (n, d) of unit length.
        """
        super().__init__(data)
        self._found = contents, vectors

    def vectors(self, model: str, contents: Sequence[str] | None = None) -> tuple[list[str], np.ndarray]:
        """Return the given vectors, whatever the model."""
        return self._found

    def saved_meaning(self, model: str) -> dict[str, np.ndarray] | None:
        """Return None: what is saved is of the vectors of the index."""
        return None

    def meaning_state(self, model: str) -> tuple[int, int]:
        """Return the number of vectors, which never changes."""
        return len(self._found[0]), 0

    def saved_domains(self) -> dict[str, np.ndarray] | None:
        """Return None: domains belong to the vectors of the index, so every vector is compared."""
        return None


def open_encoded(root: Path, encoder: Encoder | None, step: Step) -> Callable[[Path], Store]:
    """Return what opens the store of an indexed worktree with a vector by the encoder for every memory."""
    if encoder is None:
        return Store
    location = locate(root)
    store = Store(location.data)
    contents, stored = store.vectors(encoder.name)
    missing = _texts(store, set(contents))
    if not missing:
        return lambda data: OtherVectors(data, contents, stored)
    with closing(open_cache(Repository(location))) as cache:
        found = cache.vectors(list(missing.values()), encoder, step)
    added = np.array([found[text] for text in missing.values()], np.float16)
    vectors = np.vstack([stored, added]) if len(stored) else added
    return lambda data: OtherVectors(data, [*contents, *missing], vectors)


def _texts(store: Store, known: set[str]) -> dict[str, str]:
    """Return the texts of suggestible memories without a vector, by content key."""
    table = store.columns(["id", "content"], "noise = ''")
    pairs = zip(table["id"].to_pylist(), table["content"].to_pylist(), strict=True)
    first = {content: memory for memory, content in pairs if content and content not in known}
    ids, texts = list(first.values()), dict[str, str]()
    for start in range(0, len(ids), BATCH):
        for memory in store.get(ids[start : start + BATCH]).values():
            text = embedding_text(memory)
            texts[content_hash(text)] = text
    return texts
