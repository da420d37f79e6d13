"""Tokenises messages with the model's chat template, and records the span of tokens of every memory.

The text of a memory is tokenised as plain text: nothing in it can become a control token of the template.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from mom_lsp.errors import ModelError
from mom_lsp.memory import ChatMessage

MARK = (
    "\ue000{}\ue001"  # stands for a message's content while the template is applied; private use, never in a template
)
TEMPLATES = {  # for a model without one: llama.cpp's own -> the token that marks a turn
    b"chatml": "<|im_start|>",
    b"gemma": "<start_of_turn>",
    b"llama3": "<|start_header_id|>",
}


@dataclass(frozen=True, slots=True)
class Prompt:
    """Tokens, and the span of each memory."""

    tokens: tuple[int, ...]
    spans: tuple[tuple[str, int, int], ...]  # (memory id, first token, token after the last)

    @property
    def task(self) -> int:
        """The first token after all memories, where the rows of the task begin."""
        return max((end for _, _, end in self.spans), default=0)


class Tokenizer:
    """Converts text to tokens and back."""

    def __init__(self, llama: ModuleType, model: Any) -> None:
        self._llama, self._model = llama, model
        self._vocab = llama.llama_model_get_vocab(model)
        template = llama.llama_model_chat_template(model, None)
        known = template and self._apply(template, []) is not None
        self.template: bytes = template if known else self._likely_template()

    def encode(self, text: str, *, special: bool = False, first: bool = False) -> list[int]:
        """Return the tokens of a text; `special` parses control tokens, `first` adds the start token of the model."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        tokens = (self._llama.llama_token * room)()
        count = self._llama.llama_tokenize(self._vocab, data, len(data), tokens, room, first, special)
        if count < 0:
            raise ModelError(f"the model cannot tokenise a text of {len(data)} bytes")
        return list(tokens[:count])

    def piece(self, token: int) -> bytes:
        """Return the bytes of a token; none for a control token."""
        buffer = ctypes.create_string_buffer(256)
        count = self._llama.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(0, count)]

    def is_end(self, token: int) -> bool:
        """Whether a token ends the answer."""
        return bool(self._llama.llama_vocab_is_eog(self._vocab, token))

    def prompt(self, messages: Sequence[ChatMessage]) -> Prompt:
        """Return the tokens of a conversation up to the assistant's turn, or the end of an answer already begun."""
        tokens: list[int] = []
        spans: list[tuple[str, int, int]] = []
        *messages, last = messages
        begun = "".join(part.text for part in last.parts) if last.role == "assistant" else ""
        messages += [] if begun else [last]
        formatted = self._formatted([(message.role, MARK.format(at)) for at, message in enumerate(messages)])
        for at, message in enumerate(messages):
            before, mark, formatted = formatted.partition(MARK.format(at))
            if not mark:
                raise ModelError(f"the model's chat template does not support the role {message.role!r}")
            tokens += self.encode(before, special=True, first=at == 0)
            for part in message.parts:
                start = len(tokens)
                tokens += self.encode(part.text)
                if part.memory is not None:
                    spans.append((part.memory, start, len(tokens)))
        tokens += self.encode(formatted, special=True) + self.encode(begun)
        return Prompt(tuple(tokens), tuple(spans))

    def _likely_template(self) -> bytes:
        """Return the template whose turn mark is one token of this model: other marks would be plain letters to it."""
        known = (name for name, mark in TEMPLATES.items() if len(self.encode(mark, special=True)) == 1)
        return next(known, next(iter(TEMPLATES)))

    def _formatted(self, turns: Sequence[tuple[str, str]]) -> str:
        formatted = self._apply(self.template, turns)
        if formatted is None:
            raise ModelError("the model's chat template cannot be applied")
        return formatted

    def _apply(self, template: bytes, turns: Sequence[tuple[str, str]]) -> str | None:
        """Return the conversation formatted by the template; None if llama.cpp does not support it."""
        pairs = [(role.encode(), content.encode()) for role, content in turns or [("user", "")]]
        chat = (self._llama.llama_chat_message * len(pairs))(
            *(self._llama.llama_chat_message(role=role, content=content) for role, content in pairs)
        )
        room = 4096 + 64 * len(pairs)
        buffer = ctypes.create_string_buffer(room)
        count = self._llama.llama_chat_apply_template(template, chat, len(pairs), True, buffer, room)
        return buffer.raw[:count].decode("utf-8", "replace") if 0 <= count <= room else None
