"""Plots as SVG for a page: text is text, colours are those of the page, so that they follow its light or dark theme.

Matplotlib draws with placeholder colours, which become CSS variables here.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import numpy as np

INK, FAINT, LINE = "#010203", "#010204", "#010205"  # text, secondary text, grid
SERIES = tuple(f"#0103{number:02x}" for number in range(8))  # of a category; the last one is grey, for the rest
REST = len(SERIES) - 1
VARIABLES = {INK: "currentColor", FAINT: "var(--faint)", LINE: "var(--line)"} | {
    colour: f"var(--series-{number})" for number, colour in enumerate(SERIES)
}
WIDTH = 7.0  # inches, at 72 units of the page each
BAR = 0.27  # inches a bar takes
LABEL = 40  # characters of a label
STYLE: Any = {  # matplotlib types it by name
    "svg.fonttype": "none",
    "svg.hashsalt": "mom",
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 9.5,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "legend.frameon": False,
}
_UNUSED = re.compile(
    r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>|font-family: [^;]*sans-serif; ", re.DOTALL
)
_FONT = re.compile(r"font: (?:\d+ )?([\d.]+)px [^;\"]*sans-serif")
_ID = re.compile(r' id="([^"]*)"')
_REFERENCE = re.compile(r'((?:href="|url\()#)([^")]+)')
_OPENING = re.compile(r".*?<svg [^>]*viewBox=\"([^\"]*)\"[^>]*>", re.DOTALL)
_COLOUR = re.compile("|".join(VARIABLES))


class Canvas:
    """A figure with its axes, which becomes SVG when the block ends."""

    def __init__(self, figure: Any, axes: Any) -> None:
        self.figure, self.axes, self.svg = figure, axes, ""


@contextmanager
def canvas(key: str, alternative: str, height: float, columns: int = 1, width: float = WIDTH) -> Iterator[Canvas]:
    """Yield a canvas to draw on; its `svg` is there after the block.

    Args:
        key: of the exhibit, in whose page ids have to be unique.
        alternative: what the plot shows, in words.
        height: inches.
        columns: how many axes stand side by side; `axes` is a list if there are several.
        width: inches.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(1, columns)
        drawn = Canvas(figure, axes if columns == 1 else list(axes))
        yield drawn
        out = io.StringIO()
        none = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(out, format="svg", transparent=True, metadata=none)
        drawn.svg = _for_page(out.getvalue(), key, alternative)


def bars(key: str, alternative: str, labels: Sequence[str], series: Mapping[str, Sequence[float]]) -> str:
    """Draw stacked horizontal bars, the first label on top."""
    with canvas(key, alternative, 0.55 + BAR * max(2, len(labels)) + 0.25 * (len(series) > 1)) as drawn:
        axes, left = drawn.axes, np.zeros(len(labels))
        for number, (name, values) in enumerate(series.items()):
            axes.barh(
                range(len(labels)), values, left=left, color=SERIES[number % REST], label=_shown(name), height=0.7
            )
            left = left + np.asarray(values, float)
        axes.set_yticks(range(len(labels)), [_shown(label) for label in labels])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        for at, value in enumerate(left.tolist()):
            axes.annotate(f"{value:,.0f}", (value, at), (4, 0), textcoords="offset points", va="center", color=FAINT)
        axes.margins(x=0.1)
        _whole_numbers(axes.xaxis)
        _legend(drawn, len(series))
    return drawn.svg


def columns(
    key: str, alternative: str, labels: Sequence[str], series: Mapping[str, Sequence[float]], *, stacked: bool = True
) -> str:
    """Draw vertical bars over time, stacked or side by side."""
    with canvas(key, alternative, 2.6) as drawn:
        axes, base = drawn.axes, np.zeros(len(labels))
        share = 0.8 if stacked else 0.8 / len(series)
        for number, (name, values) in enumerate(series.items()):
            shift = 0.0 if stacked else (number - (len(series) - 1) / 2) * share
            axes.bar(
                np.arange(len(labels)) + shift,
                values,
                share,
                bottom=base if stacked else None,
                color=SERIES[number % REST],
                label=name,
            )
            base = base + np.asarray(values, float)
        time_axis(axes, labels)
        _whole_numbers(axes.yaxis)
        _legend(drawn, len(series))
    return drawn.svg


def time_axis(axes: Any, labels: Sequence[str], most: int = 0) -> None:
    """Label some of the periods: at most `most`, or as many as there is space for."""
    most = most or (10 if max(map(len, labels), default=0) < len("2026-01-01") else 6)
    every = -(-len(labels) // most) or 1
    axes.set_xticks(range(0, len(labels), every), labels[::every])
    axes.grid(visible=False, axis="x")


def heat_map(
    key: str,
    alternative: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: np.ndarray,
    *,
    numbers: bool = True,
    label: str = "",
) -> str:
    """Draw a matrix, (rows, columns), as squares of one colour, whose opacity is the share of the largest value."""
    with canvas(key, alternative, 0.6 + 0.25 * max(2, len(rows))) as drawn:
        axes, most = drawn.axes, float(values.max(initial=0)) or 1.0
        for (y, x), value in np.ndenumerate(values):
            if value > 0:
                axes.add_patch(_square(x, y, 0.12 + 0.78 * float(value) / most))
            if numbers and value > 0:
                axes.text(x, y, f"{value:g}", ha="center", va="center")
        axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5), xlabel=label)
        time_axis(axes, columns, 16)
        axes.set_yticks(range(len(rows)), [_shown(row) for row in rows])
        axes.grid(visible=False)
    return drawn.svg


def _square(x: float, y: float, opacity: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, color=SERIES[0], alpha=opacity, linewidth=0)


def _legend(drawn: Canvas, count: int) -> None:
    if count > 1:
        drawn.figure.legend(loc="outside upper left", ncols=min(count, 5), handlelength=1, columnspacing=1.2)


def _whole_numbers(axis: Any) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(5, integer=True))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _shown(label: str) -> str:
    """Return a label as short as a plot needs it, without what Matplotlib takes for mathematics."""
    short = label if len(label) <= LABEL else f"{label[: LABEL - 1]}…"
    return short.replace("$", r"\$")


def _for_page(svg: str, key: str, alternative: str) -> str:
    """Return the SVG element with the colours and fonts of the page, unique ids, and a text alternative."""
    svg = _UNUSED.sub("", svg).replace("xlink:href", "href")
    svg = _COLOUR.sub(lambda found: VARIABLES[found[0]], svg)
    svg = _FONT.sub(r"font-size: \1px", svg)
    used = {name for _, name in _REFERENCE.findall(svg)}
    svg = _ID.sub(lambda found: f' id="{key}-{found[1]}"' if found[1] in used else "", svg)
    svg = _REFERENCE.sub(rf"\g<1>{key}-\2", svg)
    said = f'role="img" aria-label="{escape(alternative)}"'
    return _OPENING.sub(lambda found: f'<svg {said} viewBox="{found[1]}">', svg, count=1).strip()
