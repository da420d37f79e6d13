"""A language model that is a function of what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mom_lsp.memory import ChatMessage, never_cancelled


class Parrot:
    """A model that repeats a given text, a few characters at a time, and records how far it got."""

    name, context = "parrot", 2048

    def __init__(self, answer: str, size: int = 3) -> None:
        self.answer, self.size, self.generated = answer, size, ""
        self.last_prompt: Sequence[ChatMessage] = ()

    def count(self, text: str) -> int:
        return len(text)

    def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        limit: int,
        grammar: str | None = None,
        seed: int = 0,
        bias: Mapping[str, Any] | None = None,
        cancelled: Callable[[], bool] = never_cancelled,
    ) -> Iterator[str]:
        self.last_prompt = messages
        for at in range(0, len(self.answer), self.size):
            if cancelled():
                return
            piece = self.answer[at : at + self.size]
            self.generated += piece
            yield piece
