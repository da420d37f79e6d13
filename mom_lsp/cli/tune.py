"""`mom tune`: ranking weights learned from the repository's history and the user's feedback."""

from __future__ import annotations

import time
from typing import Any

import click

from mom_lsp import datafolder
from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.text import echo_json

SOURCES = {"history": "commits that name earlier ones", "verdicts": "rated suggestions"}


@click.command()
@click.option(
    "--limit",
    type=click.IntRange(min=40),
    default=400,
    show_default=True,
    metavar="N",
    help="Use the N newest of each source.",
)
@click.option("--reset", is_flag=True, help="Restore the default weights.")
@AS_JSON
def tune(limit: int, reset: bool, as_json: bool) -> None:
    """Tune the ranking weights on this repository.

    mom learns from commits that reference earlier ones, and from suggestions that you accepted or dismissed, each
    compared with the others shown with it. The weights are fitted on the older part of both sources, and replace the
    default weights only if they rank significantly better on the newer part.
    """
    from mom_lsp.cli.progress import bars
    from mom_lsp.git import locate
    from mom_lsp.journal import Journal
    from mom_lsp.tuning.tune import event_of
    from mom_lsp.tuning.tune import tune as learn

    root = folder()
    document: dict[str, Any] = {"kept": False, "reset": True}
    model = None
    if not reset:
        with bars() as bar:
            document, model = learn(root, limit, bar)
    if reset or model:
        data = locate(root).data
        datafolder.make(data)
        with Journal(data / datafolder.JOURNAL) as journal:
            journal.append("tune", data=event_of(model), now=time.time())
    if as_json:
        echo_json(document)
    elif reset:
        click.echo("Default weights restored.")
    else:
        _print(document)


def _print(document: dict[str, Any]) -> None:
    """Print what the weights were learned from, how they rank held-out data, and the spread of each term."""
    from mom_lsp.cli.console import stdout, table

    sources, terms = document["sources"], document["terms"]
    rows = [
        (
            SOURCES[name],
            str(source["learned_from"]),
            str(source["judged_on"]),
            *(_before_and_after(source, metric) for metric in ("R@3", "MRR@10")),
        )
        for name, source in sources.items()
    ]
    stdout().print(table(rows, ("source", "training", "held out", "Recall@3", "MRR@10")))
    click.echo()
    changed = [
        (name, f"{term['shipped']:.2f}", f"{term['own']:.2f}" + (", reversed" if term["own"] < 0 else ""))
        for name, term in terms.items()
    ]
    stdout().print(table(changed, ("term spread", "default", "tuned")))
    click.echo()
    if document["kept"]:
        click.echo("The tuned weights rank held-out data better and are now in use. Undo with `mom tune --reset`.")
    else:
        click.echo("No significant improvement on held-out data; weights unchanged.")


def _before_and_after(source: dict[str, Any], metric: str) -> str:
    return f"{source['shipped'][metric]:.3f} → {source['own'][metric]:.3f}" if "own" in source else ""
