"""`mom tune`: weights learned from the repository's own history and from what the user said of suggestions."""

from __future__ import annotations

import time
from typing import Any

import click

from mom_lsp import datafolder
from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.text import echo_json

SOURCES = {"history": "commits that name earlier ones", "verdicts": "suggestions you judged"}


@click.command()
@click.option("--limit", type=click.IntRange(min=40), default=400, show_default=True, metavar="N", help="How many.")
@click.option("--reset", is_flag=True, help="Go back to the weights that mom came with.")
@AS_JSON
def tune(limit: int, reset: bool, as_json: bool) -> None:
    """Learn what matters from the newest commits here that name earlier ones, and from what you said of suggestions.

    The weights are fitted on the older part of both, and kept only if they find what the newer part says better than
    the weights that mom came with. Of a suggestion that you accepted or dismissed, the others shown beside it count.
    """
    from mom_lsp.cli.progress import bars
    from mom_lsp.git import locate
    from mom_lsp.journal import Journal
    from mom_lsp.tuning.tune import event_of
    from mom_lsp.tuning.tune import tune as learn

    here = folder()
    document: dict[str, Any] = {"kept": False, "reset": True}
    model = None
    if not reset:
        with bars() as bar:
            document, model = learn(here, limit, bar)
    if reset or model:
        data = locate(here).data
        datafolder.make(data)
        with Journal(data / datafolder.JOURNAL) as journal:
            journal.append("tune", data=event_of(model), now=time.time())
    if as_json:
        echo_json(document)
    elif reset:
        click.echo("The weights are those that mom came with.")
    else:
        _print(document)


def _print(document: dict[str, Any]) -> None:
    """Tell where the weights were learned, how they did later, and what they changed, term by term."""
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
    stdout().print(table(rows, ("source", "learned from", "judged on", "Recall@3", "MRR@10")))
    click.echo()
    changed = [
        (name, f"{term['shipped']:.2f}", f"{term['own']:.2f}" + (", the other way round" if term["own"] < 0 else ""))
        for name, term in terms.items()
    ]
    stdout().print(table(changed, ("term tells apart by", "as mom came", "learned here")))
    click.echo()
    if document["kept"]:
        click.echo(
            "They are better and are used from now on; `mom tune --reset` goes back to those that mom came with."
        )
    else:
        click.echo("They are not surely better on what came later: nothing changes.")


def _before_and_after(source: dict[str, Any], metric: str) -> str:
    return f"{source['shipped'][metric]:.3f} → {source['own'][metric]:.3f}" if "own" in source else ""
