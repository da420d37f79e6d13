"""`mom eval --model`: the effect of attention bias on the language model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mom_lsp.cli.text import echo_json

LIMIT = 40  # labels by default, which takes some minutes


def run(repository: Path, labels: Path | None, limit: int | None, out: Path | None, as_json: bool) -> None:
    """Evaluate, and print one table."""
    from mom_lsp.cli.progress import bars
    from mom_lsp.evaluation.attention_eval import evaluate_model
    from mom_lsp.settings import resolve

    with bars() as bar:
        document = evaluate_model(repository, labels, limit or LIMIT, resolve(None).settings.model.path, bar, out)
    if as_json:
        echo_json(document)
    else:
        print_table(document)


def print_table(document: dict[str, Any]) -> None:
    """Print what was measured."""
    from mom_lsp.cli.console import stdout, table

    click.echo(
        f"{document['asked']} texts that follow up on a memory, read by {document['model']}; nats per token, 95% CI;\n"
        f"the router ranks the correct one of three memories first in {document['router']:.0%}\n"
    )
    head = ("", "loss", "change", "cites the correct one", "biased", "change where biased", "improved")
    rows = [
        (
            name,
            f"{row['nll'][0]:.3f}",
            _interval(row["change"]),
            f"{row['cited'][0]:.0%} [{row['cited'][1]:.0%}, {row['cited'][2]:.0%}]",
            str(row["moved"]),
            _interval(row["change_moved"]),
            "" if row["better"] is None else f"{row['better']:.0%}",
        )
        for name, row in document["methods"].items()
    ]
    stdout().print(table(rows, head))
    compared = document["against_rule"]
    click.echo(
        f"\nlearned traces against the plain rule (the router's first, chosen layers), each with the strength that\n"
        f"was best on the texts before: {_interval(compared['difference'])}, {compared['verdict']}"
    )


def _interval(interval: tuple[float, float, float] | None) -> str:
    return "" if interval is None else f"{interval[0]:+.3f} [{interval[1]:+.3f}, {interval[2]:+.3f}]"
