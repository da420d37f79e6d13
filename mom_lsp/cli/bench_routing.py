"""`mom bench --routing`: search of all vectors against search by domains, per repository and size."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from mom_lsp.cli.text import echo_json

NOTES = """
searched: share of the vectors in the domains that `mom.route.domains` selects. recall@50 against exact float32: over
all vectors (flat), and over those searched (domains). bytes: per memory, beyond the {width} of its vector, for semantic
search; all: including catalog, view and strengths; mapped: of the catalog's file, memory-mapped. Times in ms: median /
95th percentile; ratio: median relative to numpy's float32 pass over the same vectors. Single-threaded, interleaved."""
COUNTS = (
    *("", "memories", "domains", "largest (bound)", "searched", "recall@50 flat", "domains"),
    *("bytes", "all", "mapped", "grouping, s"),
)
TIMES = ("", "task", "numpy float32", "flat", "ratio", "domains", "ratio")


def run(roots: Sequence[Path], limit: int, as_json: bool) -> None:
    """Measure and print."""
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # before numpy
    from mom_lsp.cli.console import stderr, stdout, table
    from mom_lsp.cli.progress import bars
    from mom_lsp.evaluation.routing_bench import SIZES, measure_routing

    sizes, rows = [size for size in SIZES if size <= limit], list[dict[str, Any]]()
    with bars() as bar:
        for row in measure_routing(roots, sizes, bar):
            rows.append(row)
            recall = f"recall {row['recall']['domains']:.3f} in {row['opened']:.0%} of the vectors"
            stderr().print(f"{row['name']}: {recall}, {row['search']['domains']['ratio']:.2f} of numpy's time")
    if as_json:
        echo_json({"rows": rows})
        return
    stdout().print(table([_counts(row) for row in rows], COUNTS))
    stdout().print(table([line for row in rows for line in _times(row)], TIMES))
    click.echo(NOTES.format(width=rows[0]["bytes"]["vector"]) if rows else "")


def _counts(row: dict[str, Any]) -> list[str]:
    return [
        row["name"],
        f"{row['memories']:,}",
        str(row["domains"]),
        f"{row['largest']} ({row['bound']})",
        f"{row['opened']:.0%}",
        f"{row['recall']['flat']:.3f}",
        f"{row['recall']['domains']:.3f}",
        f"{row['bytes']['beyond']:.0f}",
        *(f"{row['held'][what]:.0f}" if "held" in row else "" for what in ("own", "mapped")),
        f"{row['built']:.1f}" if "built" in row else "",
    ]


def _times(row: dict[str, Any]) -> list[list[str]]:
    """Return a row for semantic search, and one for the whole ranking if it was measured."""
    return [
        [row["name"], what, *_time_cells(row[part])]
        for part, what in (("search", "semantic search"), ("ranking", "whole ranking"))
        if part in row
    ]


def _time_cells(times: dict[str, dict[str, float]]) -> list[str]:
    shown = {way: f"{part['p50']:.2f} / {part['p95']:.2f}" for way, part in times.items()}
    flat, domains = (f"{times[way]['ratio']:.2f}" for way in ("flat", "domains"))
    return [shown["numpy"], shown["flat"], flat, shown["domains"], domains]
