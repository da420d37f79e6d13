"""`mom bench --scale`, `--updates` and `--load`: what grows, and what has to stay as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from mom_lsp.cli.text import echo_json

MEASURES = {  # what a row is called, its unit, and the plot that it is in
    "log": ("git log -p --raw", "s", "seconds"),
    "index": ("mom index", "s", "seconds"),
    "ratio": ("times git log -p --raw", "", ""),
    "update": ("mom index after a commit", "s", "seconds"),
    "suggest": ("suggest, file just opened", "ms", "seconds"),
    "search": ("search", "ms", "seconds"),
    "compaction": ("compaction", "s", "seconds"),
    "index_memory": ("memory of mom index", "MB", "MB"),
    "engine_memory": ("memory of the engine", "MB", "MB"),
    "disk": ("data folder", "MB", "MB"),
}
NOTES = """
Medians; without encoder. Memory: the peak of all processes, shared pages counted once (PSS). Slope: the exponent of n
over the synthetic repositories (1: grows like n)."""


def scale(roots: Sequence[Path], most: int, curve: Path | None, as_json: bool) -> None:
    """Measure repositories of growing size, and print."""
    from mom_lsp.cli.console import stderr, stdout, table
    from mom_lsp.evaluation.growth_plot import plot_growth
    from mom_lsp.evaluation.scale_bench import measure_scale

    found = measure_scale(roots, most, lambda one: stderr().print(f"{one.name}: {one.index:.1f} s to index"))
    rows, slopes = found["rows"], found["slopes"]
    if curve:
        plot_growth(curve, _plots([row for row in rows if row["name"] == f"{row['commits']:,}"]))
    if as_json:
        echo_json(found)
        return
    lines = [
        [name, *(f"{row[key]:,.3g} {unit}".strip() for row in rows), f"{slopes[key]:.2f}" if slopes else ""]
        for key, (name, unit, _) in MEASURES.items()
    ]
    names = [row["name"] for row in rows]
    commits = ["commits", *(f"{row['commits']:,}" for row in rows), ""]
    stdout().print(table([commits, *lines], ("", *names, "slope")))
    click.echo(NOTES)


def _plots(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """Return the curves by plot and name."""
    plots: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for key, (name, unit, plot) in MEASURES.items():
        if plot:
            factor = 0.001 if unit == "ms" else 1
            plots.setdefault(plot, {})[name] = [(row["commits"], row[key] * factor) for row in rows]
    return plots


def updates(count: int, as_json: bool) -> None:
    """Index many commits one by one, and print what the data folder takes meanwhile."""
    from mom_lsp.cli.console import stderr, stdout, table
    from mom_lsp.evaluation.updates_bench import Point, measure_updates

    def line(point: Point) -> list[str]:
        sizes = (point.disk, point.tables, point.memory)
        disk, tables, memory = (f"{size:,.1f}" for size in sizes)
        return [
            f"{point.updates:,}",
            f"{point.minutes:.1f}",
            disk,
            tables,
            f"{point.files:,}",
            f"{point.seconds:.2f}",
            memory,
        ]

    points: list[Point] = []

    def told(point: Point) -> None:
        points.append(point)
        stderr().print(f"{point.updates:,} updates: {point.disk:,.1f} MB")

    found = measure_updates(count, told)
    if as_json:
        echo_json(found)
        return
    names = ("updates", "minutes", "data folder, MB", "tables, MB", "files", "a pass, s", "memory, MB")
    stdout().print(table([line(point) for point in points], names))


def load(minutes: float) -> dict[str, Any]:
    """Ask an editor's server 200 times a second while the indexer runs; return the figures."""
    from mom_lsp.cli.console import stderr
    from mom_lsp.evaluation.load_bench import Memory, measure_load

    def told(memory: Memory) -> None:
        sizes = ", ".join(f"{name} {size:,.0f} MB" for name, size in memory.items() if name != "minutes")
        stderr().print(f"{memory['minutes']:.0f} min: {sizes}")

    return measure_load(minutes, told)
