"""`mom model`: load the local language model and describe it."""

from __future__ import annotations

import click

from mom_lsp.cli.app import AS_JSON, folder
from mom_lsp.cli.sizes import Size
from mom_lsp.cli.text import echo_json
from mom_lsp.git.location import locate
from mom_lsp.settings import resolve_saved


@click.command()
@click.option("--trust", is_flag=True, help="Accept a changed file and store its new checksum.")
@click.option("--plan", "planning", is_flag=True, help="Show the context, threads and memories that fit, and why.")
@click.option("--memory", type=Size(), metavar="SIZE", help="Plan for a machine with this much memory, such as 8GB.")
@click.option("--cores", type=click.IntRange(min=1), metavar="N", help="Plan for a machine with N cores.")
@click.option(
    "--core-speed",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    metavar="X",
    help="Plan for cores X times as fast as this machine's.",
)
@AS_JSON
def model(trust: bool, planning: bool, memory: int | None, cores: int | None, core_speed: float, as_json: bool) -> None:
    """Load the local language model and describe it.

    The file is set by mom.model.path in your user settings; by default it is the installed SmolLM2. Its SHA-256 is
    stored on first use, and a changed file is refused until you run this with --trust.

    The plan applies if mom.model.context and mom.model.threads are 0. For a Raspberry Pi 5, use
    --plan --memory 8GB --cores 4, with --core-speed if you know it.
    """
    from mom_lsp.cli.model_plan import plan_document, print_plan
    from mom_lsp.errors import ModelError
    from mom_lsp.lm import gguf
    from mom_lsp.lm.model_process import ModelProcess

    location = locate(folder())
    settings = resolve_saved(location.root, location.data).settings.model
    file, free = gguf.checked(gguf.find_model(settings.path), trust=trust), gguf.free_memory()
    limits = {"context": settings.context, "threads": settings.threads, "memory": settings.max_memory * 10**6}
    process = ModelProcess(settings.path, **limits)
    try:
        found = process.info
        if planning or memory or cores or core_speed != 1.0:
            plan = plan_document(found, file.size, settings, free, memory, cores, core_speed)
            echo_json(plan) if as_json else print_plan(plan)
            return
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
