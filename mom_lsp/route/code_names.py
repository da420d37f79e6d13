"""Names in code, as opposed to plain words: by their form, or by what stands beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable

# `max_size` but not `_emphasis_`, `sha256`, `readLine`, `HTTPServer`.
_FORM = re.compile(r"(?!_[^_]*_\Z)\w*_|\w*\d|\w*(?:[a-z][A-Z]|[A-Z]{2}[a-z])")
# `self.restored`, `node->next`, `retry(`, `os.path`; neither "word(s)" nor the end of a sentence.
_BESIDE = re.compile(r"(?:(?<=[\w)\]]\.)|(?<=->)|(?<=::))[A-Za-z_]\w*|\b[A-Za-z_]\w*+(?=\((?!s\))|\.[A-Za-z_]|->|::)")


def code_names(names: Iterable[str], text: str) -> frozenset[str]:
    """Return those of some words of a text that look like names in code."""
    beside = set(_BESIDE.findall(text))
    return frozenset(name for name in names if name in beside or _FORM.match(name))
