"""`mom eval`: ranking quality on labelled commits."""

from __future__ import annotations

from typing import Any

import click

from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.progress import bars
from mom_lsp.cli.text import echo_json
from mom_lsp.pathnames import expanded

COLUMNS = ("R@1", "R@3", "R@5", "R@10", "MRR@10", "Hit@3")


@click.command("eval")
@click.option("--repo", required=True, metavar="PATH", help="An indexed clone with full history.")
@click.option(
    "--labels",
    metavar="FILE",
    help="Read labels from FILE, as JSON lines; by default, they are extracted from the history.",
)
@click.option(
    "--form",
    type=click.Choice(["editing", "intent", "both"]),
    default="editing",
    show_default=True,
    help="Query with the edited lines, the commit's subject, or both.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Use the standard sample of N labels.")
@click.option(
    "--ablate",
    is_flag=False,
    flag_value="all",
    default="",
    metavar="GROUP",
    help="Ablate a group of terms, or `seed`, `life`, `cues`, `strategies`.",
)
@click.option("--meaning/--no-meaning", default=None, help="Always or never use semantic search, instead of as usual.")
@click.option("--model", is_flag=True, help="Evaluate attention bias in the language model instead.")
@click.option("--out", metavar="FILE", help="Write the predictions to FILE; with --model, the texts it reads.")
@click.option("--curve", metavar="FILE.svg", help="Plot precision against coverage.")
@AS_JSON
def eval_(
    repo: str,
    labels: str | None,
    form: str,
    limit: int | None,
    ablate: str,
    meaning: bool | None,
    model: bool,
    out: str | None,
    curve: str | None,
    as_json: bool,
) -> None:
    """Evaluate ranking on labelled commits.

    A label is a commit and the earlier commits that its message names. By default, labels are extracted from the
    history. Each query sees only the history before its commit. Blame results are cached between runs.
    """
    base = folder()
    file = base / expanded(labels) if labels else None
    if model:
        from mom_lsp.cli.eval_model import run

        run(base / expanded(repo), file, limit, base / expanded(out) if out else None, as_json)
        return
    from mom_lsp.evaluation.evaluate import EvaluationRequest, evaluate, write_predictions

    request = EvaluationRequest(
        base / expanded(repo),
        file,
        form,
        limit or 0,
        ablate,
        meaning,
        curve=base / expanded(curve) if curve else None,
    )
    with bars() as bar:
        document, predictions = evaluate(request, bar)
    if out:
        write_predictions(base / expanded(out), predictions)
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
        f" {document['candidates']:.0f} candidates per query, containing {document['reachable']:.0%} of the answers\n"
    )
    rows = {name: groups["all"] for name, groups in document["methods"].items()}
    rows |= {f"mom: {group}": row for group, row in document["methods"]["mom"].items() if group != "all"}
    rows |= document.get("ablation", {})
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for name in ("n", *COLUMNS):
        table.add_column(name, justify="right", no_wrap=True)
    for name, row in rows.items():
        name += _replay_counts(row)
        table.add_row(name, str(row["n"]), *(f"{row[c][0]:.3f} [{row[c][1]:.3f},{row[c][2]:.3f}]" for c in COLUMNS))
    console.print(table)
    for name, found in document.get("hints", {}).items():
        click.echo(f"\nIf {name} counts as shown: {Exposure(**found)}")
    for name, silence in document["abstention"].items():
        click.echo(f"\nAbstention: top result of the {name}, answering only the most confident queries")
        for point in silence:
            hits, least = point["hit@1"], point["threshold"]
            click.echo(f"  {point['share']:4.0%} answered   Hit@1 {hits:.3f}   probability >= {least:.2f}")


def _replay_counts(row: dict[str, Any]) -> str:
    """Return the counts of a replay or the gain of a cue, "" for a row that has neither."""
    if "hints" in row:
        counts = f", {row['accepted']} accepted, {row['right']} of {row['hints']} hints correct"
        return f"{counts}, {row['barred']} suppressed" if row["barred"] else counts
    if "gain" in row:
        return ", R@3 {:+.3f} [{:+.3f},{:+.3f}]".format(*row["gain"])
    if "trials" not in row:
        return ""
    done = [f"{row['accepted']} accepted", f"variety {row['variety']:.3f}"]
    done += [f"{row['dropped']} dropped"] * bool(row["dropped"])
    done += [f"{row['helped']} of {row['trials']} trials correct"] * bool(row["trials"])
    return "".join(f", {one}" for one in done)
