"""The list of strings for a review of the wording has a string of each kind, and no comment or docstring."""

from __future__ import annotations

import pytest
from user_facing_strings import ROOT, python_strings, strings


@pytest.fixture(scope="module")
def found() -> dict[str, set[str]]:
    """Return the strings by file, setting or command."""
    by_source: dict[str, set[str]] = {}
    for where, text in strings():
        by_source.setdefault(where.partition(":")[0], set()).add(text)
    return by_source


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("mom suggest --help", "Suggest memories for lines, a file or a task."),
        ("mom.enable", "Enable mom in this folder."),
        ("mom_lsp/phrases.py", "needed a fix"),
        ("mom_lsp/phrases.py", "{shown} {word}"),
        ("mom_lsp/cli/suggest.py", "This memory is not part of an episode."),
    ],
)
def test_a_string_of_each_kind_is_listed(found: dict[str, set[str]], source: str, text: str) -> None:
    assert text in found[source]


def test_the_strings_of_vs_code_are_listed(found: dict[str, set[str]]) -> None:
    assert any(source.startswith("package.json") for source in found)
    assert any(source.startswith("vscode-client/src/") for source in found)


def test_docstrings_are_not_listed(found: dict[str, set[str]]) -> None:
    assert not any("User-facing phrases about memories" in text for text in found["mom_lsp/phrases.py"])
    assert list(python_strings(ROOT / "mom_lsp/errors.py")) == []
