"""The child process that encodes: texts to vectors, so that the indexer itself never loads a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from mom_lsp.encode import choose
from mom_lsp.errors import EncoderError
from mom_lsp.memory import Encoder
from mom_lsp.process.free_memory import hold_little
from mom_lsp.process.priority import let_others_go_first
from mom_lsp.process.worker_pool import end_with_parent

if TYPE_CHECKING:
    import numpy as np

Encode = Callable[[str, Sequence[str]], "np.ndarray"]
ENDED = "the encoding process exited unexpectedly: there may be too little memory"


def encode_texts(model: str, texts: Sequence[str]) -> np.ndarray:
    """Return float32 (len(texts), d), unit rows, by the model of that setting. Raises EncoderError."""
    return _encoder(model).encode(texts)


@lru_cache(maxsize=1)
def _encoder(model: str) -> Encoder:
    return choose(model, bulk=True)


class EncodingWorker:
    """A child process that encodes one batch after the other, and ends with its parent."""

    def __init__(self, encode: Encode) -> None:
        """Start it; it loads the model with the first batch."""
        spawning = get_context("spawn")
        self._pipe, theirs = spawning.Pipe()
        self._process = spawning.Process(target=_serve, args=(theirs, encode), name="mom-encoding", daemon=True)
        self._process.start()
        theirs.close()

    def send(self, model: str, texts: Sequence[str]) -> None:
        """Hand over a batch. Raises EncoderError if the child is gone."""
        try:
            self._pipe.send((model, list(texts)))
        except OSError as error:
            raise EncoderError(ENDED) from error

    def receive(self, timeout: float) -> np.ndarray | None:
        """Return the vectors of the batch, None if they are not ready after some seconds. Raises EncoderError."""
        try:
            answer = self._pipe.recv() if self._pipe.poll(timeout) else None
        except (EOFError, OSError) as error:
            raise EncoderError(ENDED) from error
        if isinstance(answer, EncoderError):
            raise answer
        return answer

    def end(self) -> None:
        """End the child, whatever it is doing."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection, encode: Encode) -> None:
    end_with_parent()
    let_others_go_first()  # an indexing pass, while a batch is encoded on the same core
    hold_little()
    while True:
        model, texts = pipe.recv()
        try:
            answer: np.ndarray | EncoderError = encode(model, texts)
        except EncoderError as error:
            answer = error
        pipe.send(answer)
