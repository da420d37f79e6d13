"""Sankey diagrams: how often one thing led to the next, as bands between columns of names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mom_lsp.report.charts import REST, SERIES, canvas

GAP = 0.02  # between two nodes, as a share of the height
THICK = 0.012  # of a node, as a share of the width
Route = tuple[str, ...]  # one name a step


@dataclass(frozen=True, slots=True)
class Step:
    """A column of a diagram."""

    name: str
    left: float  # as a share of the width; names stand right of it
    letters: int  # of a name, at most
    path: bool = False  # whether names are paths, of which the end tells most

    def shown(self, name: str) -> str:
        """Return a name as short as there is space for."""
        if len(name) > self.letters:
            name = f"…{name[1 - self.letters :]}" if self.path else f"{name[: self.letters - 1]}…"
        return name.replace("$", r"\$")


def sankey(key: str, alternative: str, counts: Mapping[Route, int], steps: Sequence[Step]) -> str:
    """Draw routes, each as wide as it is frequent."""
    tall = max(len({route[at] for route in counts}) for at in range(len(steps)))
    unit = (1.0 - GAP * (tall - 1)) / sum(counts.values())  # the height of one time
    levels = [_heights(counts, at, unit) for at in range(len(steps))]
    colours = {name: SERIES[min(number, REST)] for number, name in enumerate(levels[0])}
    used: dict[tuple[int, str, str], float] = defaultdict(float)
    with canvas(key, alternative, 0.8 + 0.27 * tall) as drawn:
        for route in sorted(counts, key=lambda one: [-levels[at][name][1] for at, name in enumerate(one)]):
            high = counts[route] * unit
            for at in range(len(steps) - 1):
                ends = []
                for column, side in ((at, "out"), (at + 1, "in")):
                    where = (column, route[column], side)
                    top = levels[column][route[column]][1] - used[where]
                    used[where] += high
                    ends.append((top - high, top))
                _flow(drawn.axes, steps[at].left, steps[at + 1].left, ends, colours[route[0]])
        for step, heights in zip(steps, levels, strict=True):
            drawn.axes.text(step.left - THICK / 2, 1.02, step.name, fontweight="bold", va="bottom")
            for name, (low, top) in heights.items():
                _node(drawn.axes, step, low, top, name)
        drawn.axes.set(xlim=(-0.01, 1.01), ylim=(-0.02, 1.08))
        drawn.axes.set_axis_off()
    return drawn.svg


def _heights(counts: Mapping[Route, int], step: int, unit: float) -> dict[str, tuple[float, float]]:
    """Return where each node of a step begins and ends, from the top; those of the same earlier nodes stay together."""
    sizes = [Counter[str]() for _ in range(step + 1)]
    for route, count in counts.items():
        for size, name in zip(sizes, route, strict=False):
            size[name] += count

    def rank(route: Route) -> tuple[object, ...]:
        return *(-size[name] for size, name in zip(sizes, route, strict=False)), *route

    names = dict.fromkeys(route[step] for route in sorted(counts, key=rank))
    free = 1.0 - unit * sum(counts.values()) - GAP * (len(names) - 1)
    top, found = 1.0 - max(0.0, free) / 2, dict[str, tuple[float, float]]()
    for name in names:
        low = top - sizes[step][name] * unit
        found[name], top = (low, top), low - GAP
    return found


def _node(axes: Any, step: Step, low: float, high: float, name: str) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((step.left - THICK / 2, low), THICK, high - low, color=SERIES[REST], linewidth=0))
    axes.text(step.left + THICK, (low + high) / 2, step.shown(name), va="center", fontsize=8.5)


def _flow(axes: Any, start: float, end: float, ends: Sequence[tuple[float, float]], colour: str) -> None:
    """Draw a band between two nodes."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    (low, high), (next_low, next_high) = ends
    left, right = start + THICK / 2, end - THICK / 2
    middle = (left + right) / 2
    points = [(left, high), (middle, high), (middle, next_high), (right, next_high)]
    points += [(right, next_low), (middle, next_low), (middle, low), (left, low), (left, high)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    axes.add_patch(PathPatch(Path(points, codes), facecolor=colour, alpha=0.35, linewidth=0))
