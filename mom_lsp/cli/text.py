"""Safe text and JSON for the terminal."""

from __future__ import annotations

import json

import click


def one_line(text: str) -> str:
    """Return `text` without control characters, with all whitespace collapsed to single spaces."""
    from mom_lsp.redact import clean  # imported here, so that --json does not compile its patterns

    return " ".join(clean(text).split())


def echo_json(document: object) -> None:
    """Print one JSON document on stdout, in ASCII, which is valid in every locale."""
    click.echo(json.dumps(document, indent=2))
