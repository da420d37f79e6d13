"""A real model, where one is available. Tests that use it are slow, and are skipped elsewhere with the reason."""

from __future__ import annotations

import pytest

from mom_lsp.errors import ModelError
from mom_lsp.lm import gguf
from mom_lsp.lm.installed import is_installed
from mom_lsp.memory import ChatMessage, Part


def missing() -> str:
    """Return why no model is available, "" if one is."""
    if not is_installed():
        return "llama.cpp is not installed: `make setup-model`"
    try:
        gguf.find_model("")
    except ModelError as error:
        return str(error)
    return ""


needs_model = pytest.mark.skipif(bool(missing()), reason=missing() or "there is a model")

CACHE, RETRY, PORT = "cache", "retry", "port"
NOTES = {
    CACHE: "The cache expires after 17 minutes.\n",
    RETRY: "The retry limit is 42 attempts.\n",
    PORT: "The database port is 6543.\n",
}


def make_messages(question: str = "What is the limit?") -> list[ChatMessage]:
    """Return a prompt with three memories, then a question."""
    notes = tuple(Part(text, memory) for memory, text in NOTES.items())
    return [
        ChatMessage("system", (Part("Answer from the notes, in one sentence."),)),
        ChatMessage("user", (Part("Notes:\n"), *notes, Part(question))),
    ]
