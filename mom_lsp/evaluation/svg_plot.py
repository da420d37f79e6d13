"""Pictures in SVG, as plots need them: lines and texts at pixels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from mom_lsp.errors import UsageError

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # safe for colour blindness

Pixel = tuple[float, float]  # from the left, from the top


def new_picture(width: int, height: int) -> Element:
    """Return an empty white picture."""
    size = {"width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"}
    picture = Element("svg", size | {"xmlns": "http://www.w3.org/2000/svg", "font-family": "sans-serif"})
    SubElement(picture, "rect", width="100%", height="100%", fill="white")
    return picture


def write(picture: Element, path: Path) -> None:
    """Write a picture. Raises UsageError if the file cannot be written."""
    indent(picture)
    try:
        ElementTree(picture).write(path, "utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error}") from error


def line(picture: Element, start: Pixel, end: Pixel, colour: str, *, dashed: bool = False) -> None:
    """Draw a thin line."""
    ends = {"x1": str(start[0]), "y1": str(start[1]), "x2": str(end[0]), "y2": str(end[1])}
    SubElement(picture, "line", ends | {"stroke": colour} | ({"stroke-dasharray": "4 4"} if dashed else {}))


def polyline(picture: Element, points: Sequence[Pixel], colour: str) -> None:
    """Draw a curve."""
    pairs = " ".join(f"{x},{y}" for x, y in points)
    SubElement(picture, "polyline", {"points": pairs, "fill": "none", "stroke": colour, "stroke-width": "2"})


def text(picture: Element, x: float, y: float, words: str, **style: str) -> None:
    """Write words, by default from a pixel to the right."""
    SubElement(picture, "text", {"x": str(x), "y": str(y), "font-size": "12", "fill": "#333333"} | style).text = words
