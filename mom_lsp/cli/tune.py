"""`mom tune`: weights learned from the repository's own history."""

from __future__ import annotations

import time
from typing import Any

import click

from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.words import echo_json


@click.command()
@click.option("--limit", type=click.IntRange(min=40), default=400, show_default=True, metavar="N", help="How many.")
@click.option("--reset", is_flag=True, help="Go back to the weights that mom came with.")
@AS_JSON
def tune(limit: int, reset: bool, as_json: bool) -> None:
    """Learn what matters from the newest commits here that name earlier ones.

    The weights are fitted on the older of these commits, and kept only if they find what the newer ones name
    better than the weights that mom came with.
    """
    from mom_lsp.cli.eval import bars
    from mom_lsp.evaluation.tune import event_of
    from mom_lsp.evaluation.tune import tune as learn
    from mom_lsp.git import locate
    from mom_lsp.journal import Journal

    here = folder()
    document: dict[str, Any] = {"kept": False, "reset": True}
    model = None
    if not reset:
        with bars() as bar:
            document, model = learn(here, limit, bar)
    if reset or model:
        data = locate(here).data
        data.mkdir(parents=True, exist_ok=True)
        with Journal(data / "journal.sqlite") as journal:
            journal.append("tune", data=event_of(model), now=time.time())
    if as_json:
        echo_json(document)
    elif reset:
        click.echo("The weights are those that mom came with.")
    else:
        click.echo(
            f"Learned from {document['learned_from']} commits that name earlier ones, judged on the"
            f" {document['judged_on']} that followed:\n"
            f"  as mom came   Recall@3 {document['shipped']['R@3']:.3f}   MRR@10 {document['shipped']['MRR@10']:.3f}\n"
            f"  learned here  Recall@3 {document['own']['R@3']:.3f}   MRR@10 {document['own']['MRR@10']:.3f}\n"
            + ("They are better and are used from now on." if model else "They are not surely better: nothing changes.")
        )
