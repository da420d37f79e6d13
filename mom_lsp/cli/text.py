"""Safe text and JSON for the terminal."""

from __future__ import annotations

import json
import re
from typing import Any

import click

from mom_lsp.pathnames import quoted

LONE = re.compile("[\ud800-\udfff]")

UNINDEXED = "Nothing is indexed yet: run `mom index`."


def one_line(text: str) -> str:
    """Return `text` without control characters, with all whitespace collapsed to single spaces."""
    from mom_lsp.redact import clean  # imported here, so that --json does not compile its patterns

    return " ".join(clean(text).split())


def echo_json(document: object) -> None:
    """Print one JSON document on stdout, in ASCII, which is valid in every locale; odd paths as git quotes them."""
    text = json.dumps(document, indent=2)
    click.echo(json.dumps(_without_surrogates(document), indent=2) if "\\ud" in text else text)


def _without_surrogates(value: Any) -> Any:
    """Return a JSON value without lone surrogates, which many readers of JSON refuse."""
    if isinstance(value, dict):
        return {key: _without_surrogates(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(one) for one in value]
    return quoted(value) if isinstance(value, str) and LONE.search(value) else value
