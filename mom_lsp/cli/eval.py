"""`mom eval`: how well it finds what mattered, on labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.progress import bars
from mom_lsp.cli.text import echo_json

if TYPE_CHECKING:
    pass

COLUMNS = ("R@1", "R@3", "R@5", "R@10", "MRR@10", "Hit@3")


@click.command("eval")
@click.option("--repo", required=True, metavar="PATH", help="An indexed clone with its whole history.")
@click.option("--labels", metavar="FILE", help="Queries and answers, one JSON object a line; else its own follow-ups.")
@click.option("--form", type=click.Choice(["editing", "intent", "both"]), default="editing", show_default=True)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the standard sample of N labels.")
@click.option(
    "--ablate",
    is_flag=False,
    flag_value="all",
    default="",
    metavar="GROUP",
    help="Leave out terms; `seed`; `life`; `cms`; `strategies`.",
)
@click.option("--meaning/--no-meaning", default=True, help="Ask with vectors, or as if there were no encoder.")
@click.option("--model", is_flag=True, help="Measure instead what a bias on attention does to the language model.")
@click.option("--out", metavar="FILE", help="Write the predictions here.")
@click.option("--curve", metavar="FILE.svg", help="Draw precision against coverage here.")
@AS_JSON
def eval_(
    repo: str,
    labels: str | None,
    form: str,
    limit: int | None,
    ablate: str,
    meaning: bool,
    model: bool,
    out: str | None,
    curve: str | None,
    as_json: bool,
) -> None:
    """Rank the past for each label as of its moment, and compare.

    A label is a commit with the earlier ones that its message names; without a file they are read from the history.
    Nothing later than a query is looked at. Blame is kept between runs.
    """
    here = folder()
    file = here / Path(labels).expanduser() if labels else None
    if model:
        from mom_lsp.cli.eval_model import run

        run(here / Path(repo).expanduser(), file, limit, as_json)
        return
    from mom_lsp.evaluation.evaluate import EvaluationRequest, evaluate, write_predictions

    request = EvaluationRequest(
        here / Path(repo).expanduser(),
        file,
        form,
        limit or 0,
        ablate,
        meaning,
        curve=here / Path(curve).expanduser() if curve else None,
    )
    with bars() as bar:
        document, predictions = evaluate(request, bar)
    if out:
        write_predictions(here / Path(out).expanduser(), predictions)
    if as_json:
        echo_json(document)
    else:
        _print(document)


def _print(document: dict[str, Any]) -> None:
    from rich.table import Table

    from mom_lsp.cli.console import stdout
    from mom_lsp.evaluation.hint_exposure import Exposure

    console = stdout()
    click.echo(
        f"{document['asked']} of {document['labels']} labels, form {document['form']};"
        f" {document['candidates']:.0f} candidates each, {document['reachable']:.0%} of the answers among them\n"
    )
    rows = {name: groups["all"] for name, groups in document["methods"].items()}
    rows |= {f"mom: {group}": row for group, row in document["methods"]["mom"].items() if group != "all"}
    rows |= document.get("ablation", {})
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for name in ("n", *COLUMNS):
        table.add_column(name, justify="right", no_wrap=True)
    for name, row in rows.items():
        name += _counted(row)
        table.add_row(name, str(row["n"]), *(f"{row[c][0]:.3f} [{row[c][1]:.3f},{row[c][2]:.3f}]" for c in COLUMNS))
    console.print(table)
    for name, found in document.get("hints", {}).items():
        click.echo(f"\nIf {name} counts as shown: {Exposure(**found)}")
    for name, silence in document["abstention"].items():
        click.echo(f"\nSilence: the first of the {name} where only the surest queries are answered")
        for point in silence["curve"]:
            click.echo(
                f"  {point['share']:4.0%} answered   Hit@1 {point['hit@1']:.3f}   chance >= {point['threshold']:.2f}"
            )
        at = silence["at"]
        click.echo(f"  at the threshold {at['threshold']:.2f}: {at['share']:.0%} answered, Hit@1 {at['hit@1']:.3f}")


def _counted(row: dict[str, Any]) -> str:
    """Return what a replay counted beside the metrics, "" of a row that is none."""
    if "hints" in row:
        told = f", {row['accepted']} accepted, {row['right']} of {row['hints']} hints right"
        return f"{told}, {row['barred']} barred" if row["barred"] else told
    if "trials" not in row:
        return ""
    done = [f"{row['accepted']} accepted", f"variety {row['variety']:.3f}"]
    done += [f"{row['dropped']} left out"] * bool(row["dropped"])
    done += [f"{row['helped']} of {row['trials']} trials right"] * bool(row["trials"])
    return "".join(f", {one}" for one in done)
