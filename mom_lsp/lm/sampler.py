"""Samples the next token: llama.cpp's sampler chain, seeded, constrained by a grammar if there is one."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from mom_lsp.errors import ModelError

REPEATED, WINDOW = 1.1, 64  # penalty on the last tokens, and their number: without it small models repeat themselves
TOP_K, TOP_P, TEMPERATURE = 40, 0.9, 0.4  # conservative: answers come from given text


class Sampler:
    """A chain for one answer.

    Raises:
        ModelError: the grammar is not valid GBNF.
    """

    def __init__(self, llama: ModuleType, model: Any, seed: int, grammar: str | None) -> None:
        self._llama = llama
        self._chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        if grammar is not None:
            vocab = llama.llama_model_get_vocab(model)
            rules = llama.llama_sampler_init_grammar(vocab, grammar.encode(), b"root")
            if not rules:
                self.close()
                raise ModelError("invalid grammar: it must be GBNF with a rule `root`")
            self._add(rules)
        size = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))
        self._add(llama.llama_sampler_init_penalties(size, WINDOW, REPEATED, 0.0, 0.0))
        if seed:
            self._add(llama.llama_sampler_init_top_k(TOP_K))
            self._add(llama.llama_sampler_init_top_p(TOP_P, 1))
            self._add(llama.llama_sampler_init_temp(TEMPERATURE))
            self._add(llama.llama_sampler_init_dist(seed & 0xFFFFFFFF))
        else:
            self._add(llama.llama_sampler_init_greedy())

    def next(self, context: Any) -> int:
        """Sample the token after the last decoded one, and add it to the penalty window."""
        return int(self._llama.llama_sampler_sample(self._chain, context, -1))

    def close(self) -> None:
        """Free the chain."""
        if self._chain:
            self._llama.llama_sampler_free(self._chain)
            self._chain = None

    def _add(self, sampler: Any) -> None:
        self._llama.llama_sampler_chain_add(self._chain, sampler)
