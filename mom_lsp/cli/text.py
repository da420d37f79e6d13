"""What a terminal prints: text of a stranger made safe, and JSON."""

from __future__ import annotations

import json

import click


def one_line(text: str) -> str:
    """Return `text`, made safe, with all white space as single spaces."""
    from mom_lsp.redact import clean  # here: --json need not wait for its patterns

    return " ".join(clean(text).split())


def echo_json(document: object) -> None:
    """Print one JSON document on stdout, in ASCII so that no locale and no odd path can break it."""
    click.echo(json.dumps(document, indent=2))
