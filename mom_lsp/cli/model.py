"""`mom model`: the local language model, and whether it works here."""

from __future__ import annotations

import click

from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.text import echo_json
from mom_lsp.git.location import locate
from mom_lsp.settings import resolve_kept


@click.command()
@click.option("--trust", is_flag=True, help="The file has changed, and that is right: use it from now on.")
@AS_JSON
def model(trust: bool, as_json: bool) -> None:
    """Load the language model and say what it is.

    The file is named by mom.model.path in the user's settings; without it the SmolLM2 package is used. Its sha256 is
    remembered the first time, and a file that changed is refused until --trust.
    """
    from mom_lsp.errors import ModelError
    from mom_lsp.lm import gguf
    from mom_lsp.lm.model_process import ModelProcess

    here = locate(folder())
    settings = resolve_kept(here.root, here.data).settings.model
    gguf.checked(gguf.find_model(settings.path), trust=trust)
    limits = {"context": settings.context, "threads": settings.threads, "memory": settings.max_memory * 10**6}
    process = ModelProcess(settings.path, **limits)
    try:
        found = process.info
        try:
            hook = process.hook()
            words = hook["problem"] or "attention can be read and moved"
        except ModelError as error:
            words = str(error)
    finally:
        process.close()
    document = {**found, "hook": words}
    if as_json:
        echo_json(document)
        return
    for name, value in document.items():
        click.echo(f"{name:>8}  {value}")
