"""Draws the abstention curve (precision of the first suggestion by the share of queries answered), and calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from mom_lsp.evaluation.svg_plot import COLOURS, line, new_picture, polyline, text, write
from mom_lsp.tuning.metrics import abstention_curve

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 400, 60, 24, 150, 48  # pixels; the plot lies between the margins
GOALS = (1 / 3, 0.6)  # of coverage and precision
SHARES = tuple(np.linspace(0.05, 1.0, 39).tolist())
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def plot_curve(path: Path, confidences: Mapping[str, Sequence[tuple[float, bool]]]) -> None:
    """Write an SVG with one line per name.

    Args:
        path: of the SVG file.
        confidences: by name, the probability of the first suggestion of each query and whether it is correct.

    Raises:
        UsageError: the file cannot be written.
    """
    picture = _axes("share of queries answered, most confident first", "precision of the first suggestion")
    share, precision = GOALS
    line(picture, _pixel(share, 0), _pixel(share, 1), "#999999", dashed=True)
    line(picture, _pixel(0, precision), _pixel(1, precision), "#999999", dashed=True)
    for at, (name, pairs) in enumerate(confidences.items()):
        points = [(point["share"], point["hit@1"]) for point in abstention_curve(pairs, SHARES)]
        colour = COLOURS[at % len(COLOURS)]
        polyline(picture, [_pixel(*point) for point in points], colour)
        text(picture, WIDTH - RIGHT + 10, TOP + 16 + 20 * at, name, fill=colour)
    write(picture, path)


def plot_calibration(path: Path, probabilities: np.ndarray, correct: np.ndarray) -> None:
    """Write an SVG with the share of correct items in each tenth of the probabilities, beside the diagonal.

    Args:
        path: of the SVG file.
        probabilities: (m,) estimated.
        correct: (m,) bool.

    Raises:
        UsageError: the file cannot be written.
    """
    picture = _axes("estimated probability", "share that is useful; the number of pairs at each point")
    line(picture, _pixel(0, 0), _pixel(1, 1), "#999999", dashed=True)
    tenth = np.minimum(9, (probabilities * 10).astype(int))
    for one in np.unique(tenth):
        inside = tenth == one
        x, y = _pixel(float(probabilities[inside].mean()), float(correct[inside].mean()))
        SubElement(picture, "circle", cx=str(x), cy=str(y), r="4", fill=COLOURS[0])
        text(picture, x + 8, y + 4, str(int(inside.sum())), fill=COLOURS[0])
    write(picture, path)


def _axes(below: str, above: str) -> Element:
    """Return a picture with both axes from 0 to 1 and what they show."""
    picture = new_picture(WIDTH, HEIGHT)
    for tick in TICKS:
        (x, bottom), (left, y) = _pixel(tick, 0), _pixel(0, tick)
        line(picture, (x, TOP), (x, bottom), "#e5e5e5")
        line(picture, (left, y), (WIDTH - RIGHT, y), "#e5e5e5")
        text(picture, x, bottom + 16, f"{tick:.0%}", **{"text-anchor": "middle"})
        text(picture, left - 8, y + 4, f"{tick:.1f}", **{"text-anchor": "end"})
    text(picture, LEFT, HEIGHT - 12, below)
    text(picture, 8, TOP - 8, above)
    return picture


def _pixel(share: float, precision: float) -> tuple[float, float]:
    """Return the pixel of a point with both coordinates in [0, 1]."""
    x = LEFT + share * (WIDTH - LEFT - RIGHT)
    return round(x, 1), round(HEIGHT - BOTTOM - precision * (HEIGHT - TOP - BOTTOM), 1)
