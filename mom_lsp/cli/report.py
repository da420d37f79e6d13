"""`mom report`: what the repository remembers and whether it helps, as one HTML file."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from mom_lsp.cli.app import PathThere, folder
from mom_lsp.errors import UsageError

NAME = "mom-report.html"


@click.command()
@click.option(
    "-o",
    "--output",
    type=PathThere(dir_okay=False, path_type=Path),
    default=Path(NAME),
    show_default=True,
    metavar="FILE",
    help="Write to FILE.",
)
@click.option("--open", "opened", is_flag=True, help="Open it in the browser.")
@click.pass_context
def report(ctx: click.Context, output: Path, opened: bool) -> None:
    """Write a report: what the repository remembers, and whether it helps.

    It is one self-contained HTML file, with paths and the titles of memories. It is not sent anywhere.
    """
    from mom_lsp import datafolder
    from mom_lsp.engine.service import Service
    from mom_lsp.git.location import locate
    from mom_lsp.lm.trace_file import TraceFile
    from mom_lsp.report.make import report_page

    location = locate(folder())
    service = Service(location.data)
    try:
        page = report_page(service.workspace(str(location.root)), TraceFile(location.data / datafolder.TRACES))
    finally:
        service.close()
    try:
        output.write_text(page, "utf-8")
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}") from error
    click.echo(str(output))
    chosen = ctx.get_parameter_source("output") is not ParameterSource.DEFAULT
    if not chosen and output.resolve().is_relative_to(location.root):
        click.echo("It is in your work tree; `-o FILE` writes it elsewhere.", err=True)
    if opened:
        click.launch(str(output))
