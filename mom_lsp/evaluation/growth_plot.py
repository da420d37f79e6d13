"""Draws what grows with the number of commits, on logarithmic axes: what grows like n is a line of slope 1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

from mom_lsp.evaluation.svg_plot import COLOURS, line, new_picture, polyline, text, write

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 480, 400, 60, 30, 170, 48  # pixels of one plot, and its margins

Curve = Sequence[tuple[float, float]]  # n and a value, both above 0


def plot_growth(path: Path, plots: Mapping[str, Mapping[str, Curve]]) -> None:
    """Write an SVG with one plot beside the other, each with its curves and a dashed line that grows like n.

    Args:
        path: of the SVG file.
        plots: by what its values are, the curves by name.

    Raises:
        UsageError: the file cannot be written.
    """
    picture = new_picture(WIDTH * len(plots), HEIGHT)
    for number, (values, curves) in enumerate(plots.items()):
        _Plot(picture, number * WIDTH, curves).draw(values, curves)
    write(picture, path)


class _Plot:
    """Axes over the powers of ten that contain all points."""

    def __init__(self, picture: Element, left: int, curves: Mapping[str, Curve]) -> None:
        points = [point for curve in curves.values() for point in curve]
        self._picture, self._left = picture, left
        self._x, self._y = (_range([point[axis] for point in points]) for axis in (0, 1))

    def draw(self, values: str, curves: Mapping[str, Curve]) -> None:
        self._axes(values)
        for number, (name, curve) in enumerate(curves.items()):
            colour = COLOURS[number % len(COLOURS)]
            pixels = [self._pixel(*point) for point in curve]
            polyline(self._picture, pixels, colour)
            for x, y in pixels:
                SubElement(self._picture, "circle", cx=str(x), cy=str(y), r="3", fill=colour)
            at = self._left + WIDTH - RIGHT + 10
            text(self._picture, at, TOP + 16 + 20 * number, name, fill=colour)

    def _axes(self, values: str) -> None:
        (left, right), (low, high) = self._x, self._y
        for power in range(left, right + 1):
            start, end = self._pixel(10**power, 10**low), self._pixel(10**power, 10**high)
            line(self._picture, start, end, "#e5e5e5")
            text(self._picture, start[0], start[1] + 16, f"{10**power:,}", **{"text-anchor": "middle"})
        for power in range(low, high + 1):
            start, end = self._pixel(10**left, 10**power), self._pixel(10**right, 10**power)
            line(self._picture, start, end, "#e5e5e5")
            text(self._picture, start[0] - 8, start[1] + 4, f"{10.0**power:,.9g}", **{"text-anchor": "end"})
        steps = min(right - left, high - low)
        linear = (self._pixel(10**left, 10**low), self._pixel(10 ** (left + steps), 10 ** (low + steps)))
        line(self._picture, *linear, "#999999", dashed=True)
        text(self._picture, self._left + LEFT, HEIGHT - 12, "commits; dashed: grows like n")
        text(self._picture, self._left + 8, TOP - 12, values)

    def _pixel(self, n: float, value: float) -> tuple[float, float]:
        (left, right), (low, high) = self._x, self._y
        across = (math.log10(n) - left) / (right - left)
        up = (math.log10(value) - low) / (high - low)
        x = self._left + LEFT + across * (WIDTH - LEFT - RIGHT)
        return round(x, 1), round(HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM), 1)


def _range(values: Sequence[float]) -> tuple[int, int]:
    """Return the powers of ten, at least two, between which values lie."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)
