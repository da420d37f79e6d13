"""`mom model --plan`: what the model uses on this machine or on another one, and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from mom_lsp.lm.costs import Shape
from mom_lsp.lm.plan import Machine, Speed, described, here, planned
from mom_lsp.settings import ModelSettings


def plan_document(
    info: dict[str, Any],
    weights: int,
    settings: ModelSettings,
    free: int | None,
    memory: int | None,
    cores: int | None,
    factor: float,
) -> dict[str, Any]:
    """Return the plan in the format of `mom model --plan --json`.

    Args:
        info: of the model's process, with the shape of the model and its speed here.
        weights: bytes of its file.
        settings: of the model; what the user set is kept.
        free: bytes of memory that are free here, None if unknown.
        memory: bytes of another machine in all; None for this one.
        cores: of another machine; None for this one's.
        factor: how fast one core of it is, with one of these as 1.
    """
    allowed = settings.max_memory * 10**6
    own = here(allowed if free is None else free)
    machine = Machine(own.memory if memory is None else described(memory, 0).memory, cores or own.cores)
    shape, found = Shape(**info["shape"]), info["speed"]
    speed = Speed(**found).on(found["threads"], factor) if found else None
    choice = {"context": settings.context, "threads": settings.threads}
    plan = planned(shape, weights, machine, allowed=allowed, speed=speed, **choice)
    same = memory is None and cores is None and factor == 1.0
    measured = speed is not None and same and plan.threads == speed.threads
    return {
        "model": info["name"],
        "machine": asdict(machine),
        "plan": asdict(plan),
        "speed": (asdict(speed.on(plan.threads)) | {"measured": measured}) if speed else None,
        "flops_per_token": 2 * shape.products(1, before=plan.context - 1),
        "cache_bytes_per_token": shape.cache(1),
    }


def print_plan(document: dict[str, Any]) -> None:
    """Print a plan, each number with its reason."""
    plan, machine, speed = document["plan"], document["machine"], document["speed"]
    rows = [
        ("model", document["model"], ""),
        ("machine", f"{machine['memory'] / 1e6:.0f} MB free, {machine['cores']} cores", ""),
        ("context", f"{plan['context']} tokens", plan["why"][0]),
        ("threads", str(plan["threads"]), plan["why"][1]),
        ("memories", f"{plan['memories']} in a prompt", plan["why"][2]),
    ]
    if speed:
        how = "measured while it warmed up" if speed["measured"] else "estimated from the speed here"
        rows.append(("speed", f"reads {speed['prompt']:.0f}, writes {speed['answer']:.0f} tokens/s", how))
    cost = f"{document['flops_per_token'] / 1e9:.2f} GFLOP, {document['cache_bytes_per_token'] / 1e3:.0f} KB kept"
    rows.append(("a token", cost, "at the end of the context"))
    for name, value, why in rows:
        click.echo(f"{name:>8}  {value}" + (f"  ({why})" if why else ""))
