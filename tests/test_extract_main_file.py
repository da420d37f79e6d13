"""Which file of a change is named."""

from __future__ import annotations

import pytest

from mom_lsp.extract.main_file import main_file


@pytest.mark.parametrize(
    ("paths", "named"),
    [
        (["CHANGES.md", "src/black/linegen.py", "tests/test_black.py"], "src/black/linegen.py"),
        ([".github/workflows/ci.yml", "AUTHORS", "tests/test_a.py", "lib/a.c"], "lib/a.c"),
        (["README.md", "testing/test_a.py"], "testing/test_a.py"),
        (["doc/en/changelog.rst", "pyproject.toml"], "doc/en/changelog.rst"),
        (["src/b.rs", "src/a.rs"], "src/b.rs"),
        (["Makefile", "src/attestation.c"], "Makefile"),
        ([], None),
    ],
)
def test_code_is_named_before_tests_and_tests_before_everything_else(paths: list[str], named: str | None) -> None:
    assert main_file(paths) == named
