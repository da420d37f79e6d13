"""Encoders of sentence-transformers: any model folder, and the reference for the default encoder."""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mom_lsp.encode.minilm import MAX_TOKENS
from mom_lsp.errors import EncoderError
from mom_lsp.offline import no_probe, without

if TYPE_CHECKING:
    import numpy as np

BATCH = 32
INSTALL = "pip install 'mom-lsp[encode]'"


def find(folder: Path) -> Path:
    """Return the folder of a model. Raises EncoderError if it is none, or if sentence-transformers is missing."""
    if not (folder / "modules.json").is_file():
        raise EncoderError(f"mom.encoder.model: {folder} is not a sentence-transformers model folder")
    if importlib.util.find_spec("sentence_transformers") is None:
        raise EncoderError(f"mom.encoder.model needs sentence-transformers: install it with `{INSTALL}`")
    return folder


def name_of(folder: Path) -> str:
    """Return a name that changes with the weights of a model."""
    weights = sorted(file for kind in ("safetensors", "bin") for file in folder.rglob(f"*.{kind}"))
    sizes = (f"{file.stat().st_size:x}{file.stat().st_mtime_ns:x}" for file in weights)
    return "-".join([folder.name, *sizes]) + f"/{MAX_TOKENS}"


def load(folder: Path) -> Callable[[Sequence[str]], np.ndarray]:
    """Return the function that encodes to float32 (n, d), rows of unit length. Raises EncoderError."""
    model = _model(folder)

    def encode(texts: Sequence[str]) -> np.ndarray:
        vectors: np.ndarray = model.encode(
            list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return vectors.astype("float32", copy=False)

    return encode


def _model(folder: Path) -> Any:
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    with no_probe(), without("sklearn", "scipy"):
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]  # it would show on stderr while weights are loaded
        try:
            model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        except Exception as error:  # a broken folder makes the library raise nearly anything
            raise EncoderError(f"the encoder in {folder} cannot be loaded: {error}") from error
    limit = getattr(model[0], "max_seq_length", math.inf)
    if limit is None or MAX_TOKENS < limit < math.inf:  # static embeddings have no limit, and accept none
        model.max_seq_length = MAX_TOKENS
    return model
