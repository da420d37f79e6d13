"""The labels of hints, whatever a repository contains."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.server.labels import LABEL_LENGTH, lsp_label


def make_suggestion(title: str = "Title", source: str = "commit", pinned: bool = False) -> dict[str, Any]:
    return {"title": title, "source": {"type": source}, "pinned": pinned, "phrases": {"hint": title}}


@given(st.text())
def test_a_label_is_one_short_visible_line(title: str) -> None:
    label = lsp_label(make_suggestion(title))
    assert len(label) <= LABEL_LENGTH
    assert not {unicodedata.category(character) for character in label} & {"Cc", "Zl", "Zp"}
    assert not set(label) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize(
    ("title", "label"),
    [
        ("count the attempts of each server " * 2, "count the attempts of each server count the attempts of…"),
        (
            "wrap functions only where the extension asks for that - it would block",
            "wrap functions only where the extension asks for that…",
        ),
        (
            "it helped with the memory usage in wide directories. Surprisingly",
            "it helped with the memory usage in wide directories…",
        ),
        ("supercalifragilistic: " + "x" * 70, "supercalifragilistic: " + "x" * 35 + "…"),
        ("修" * 70, "修" * 57 + "…"),
    ],
)
def test_a_long_label_ends_at_a_word(title: str, label: str) -> None:
    assert lsp_label(make_suggestion(title)) == f"← {label}"


@pytest.mark.parametrize(
    ("changes", "mark"),
    [({}, "←"), ({"pinned": True}, "★"), ({"source": "user"}, "✎"), ({"source": "user", "pinned": True}, "★")],
)
def test_a_label_distinguishes_feedback_from_history(changes: dict[str, Any], mark: str) -> None:
    assert lsp_label(make_suggestion(**changes)) == f"{mark} Title"
