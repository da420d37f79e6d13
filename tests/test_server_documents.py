"""Documents that the server makes."""

from __future__ import annotations

from typing import cast

import pytest

from mom_lsp.server.background import BackgroundServer
from mom_lsp.server.documents import Documents


@pytest.mark.parametrize("name", ["why a b.py 1.md", "why " + 84 * "\u754c" + ".py 12.md", 300 * "x" + ".diff"])
def test_a_document_has_a_name_that_a_file_can_have(name: str) -> None:
    documents = Documents(cast("BackgroundServer", None))  # which only showing needs
    try:
        file = documents.write(name, "text", [])
        assert (file.read_text(), file.suffix, file.name[:8]) == ("text", name[name.rindex(".") :], name[:8])
    finally:
        documents.remove()
