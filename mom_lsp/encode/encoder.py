"""The encoder that is configured."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from mom_lsp.encode import minilm, sentence_transformer
from mom_lsp.pathnames import expanded
from mom_lsp.process.free_memory import release_free_memory

if TYPE_CHECKING:
    import numpy as np

Encode = Callable[[Sequence[str]], "np.ndarray"]


class LocalEncoder:
    """A local embedding model, loaded when it is first used; nothing is ever downloaded. Thread-safe."""

    def __init__(self, name: str, load: Callable[[], Encode]) -> None:
        """Take the name of its vectors and a function that loads it, which may raise EncoderError."""
        self.name = name
        self._load = load
        self._loaded: Encode | None = None
        self._is_fresh = False  # loaded and not used yet
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return float32 (len(texts), dimensions), rows of unit length. Raises EncoderError if it cannot be loaded."""
        encode = self.load()
        vectors = encode(texts)
        if self._is_fresh:
            self._is_fresh = False
            release_free_memory()  # some 10 MB that loading took
        return vectors

    def load(self) -> Encode:
        """Return the function that encodes, loaded unless it is. Raises EncoderError."""
        with self._lock:
            if self._loaded is None:
                self._loaded, self._is_fresh = self._load(), True
            return self._loaded

    def unload(self) -> None:
        """Free its memory; the next use loads it again."""
        with self._lock:
            self._loaded = None
        release_free_memory()


def choose(model: str = "", *, bulk: bool = False) -> LocalEncoder:
    """Return the encoder that `mom.encoder.model` names: "" for the default one.

    Args:
        model: the folder of a sentence-transformers model.
        bulk: whether there are many texts to encode, for which the default encoder takes more memory and less time.

    Raises:
        EncoderError: it is not installed, or there is no such folder.
    """
    if not model:
        minilm.check_installed()
        return LocalEncoder(minilm.NAME, partial(minilm.load, unpack=bulk))
    folder = sentence_transformer.find(expanded(model))
    return LocalEncoder(sentence_transformer.name_of(folder), lambda: sentence_transformer.load(folder))
