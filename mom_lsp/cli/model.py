"""`mom model`: load the local language model and describe it."""

from __future__ import annotations

import click

from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.text import echo_json
from mom_lsp.git.location import locate
from mom_lsp.settings import resolve_saved


@click.command()
@click.option("--trust", is_flag=True, help="Accept a changed file and store its new checksum.")
@AS_JSON
def model(trust: bool, as_json: bool) -> None:
    """Load the local language model and describe it.

    The file is set by mom.model.path in your user settings; by default it is the installed SmolLM2. Its SHA-256 is
    stored on first use, and a changed file is refused until you run this with --trust.
    """
    from mom_lsp.errors import ModelError
    from mom_lsp.lm import gguf
    from mom_lsp.lm.model_process import ModelProcess

    location = locate(folder())
    settings = resolve_saved(location.root, location.data).settings.model
    gguf.checked(gguf.find_model(settings.path), trust=trust)
    limits = {"context": settings.context, "threads": settings.threads, "memory": settings.max_memory * 10**6}
    process = ModelProcess(settings.path, **limits)
    try:
        found = process.info
        try:
            hook = process.hook()
            attention = hook["problem"] or "attention bias available"
        except ModelError as error:
            attention = str(error)
    finally:
        process.close()
    document = {**found, "hook": attention}
    if as_json:
        echo_json(document)
        return
    for name, value in document.items():
        click.echo(f"{name:>8}  {value}")
