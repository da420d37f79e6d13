"""`mom eval --model`: what a bias on attention does to the language model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mom_lsp.cli.text import echo_json

LIMIT = 40  # labels, if none is named: some minutes


def run(repository: Path, labels: Path | None, limit: int | None, as_json: bool) -> None:
    """Measure, and print one table."""
    from mom_lsp.cli.progress import bars
    from mom_lsp.evaluation.attention_eval import evaluate_model
    from mom_lsp.settings import resolve

    with bars() as bar:
        document = evaluate_model(repository, labels, limit or LIMIT, resolve(None).settings.model.path, bar)
    if as_json:
        echo_json(document)
    else:
        _print(document)


def _print(document: dict[str, Any]) -> None:
    from mom_lsp.cli.console import stdout, table

    click.echo(
        f"{document['asked']} texts that came after a memory, read by {document['model']}; nats a token, 95%;\n"
        f"the router puts the right memory of three first in {document['router']:.0%}\n"
    )
    head = ("", "likelihood", "change", "cites the right one", "biased", "change where biased", "better in")
    rows = [
        (
            name,
            f"{row['nll'][0]:.3f}",
            _shown(row["change"]),
            f"{row['cited'][0]:.0%} [{row['cited'][1]:.0%}, {row['cited'][2]:.0%}]",
            str(row["moved"]),
            _shown(row["change_moved"]),
            "" if row["better"] is None else f"{row['better']:.0%}",
        )
        for name, row in document["methods"].items()
    ]
    stdout().print(table(rows, head))


def _shown(interval: tuple[float, float, float] | None) -> str:
    return "" if interval is None else f"{interval[0]:+.3f} [{interval[1]:+.3f}, {interval[2]:+.3f}]"
