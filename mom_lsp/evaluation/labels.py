"""Labels: commits whose message names the earlier commits that mattered."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mom_lsp.errors import UsageError


@dataclass(frozen=True, slots=True)
class Label:
    """One query and its answers."""

    query: str  # full sha
    gold: tuple[str, ...]  # the commits that it names
    own_day: frozenset[str] = frozenset()  # those of gold that nobody needs to be reminded of
    kind: str = "mention"
    time: int = 0


def load_labels(path: Path) -> list[Label]:
    """Read a file with one JSON object a line.

    Raises:
        UsageError: the file cannot be read, or is something else.
    """
    try:
        return [_label(json.loads(line)) for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} does not hold labels, one JSON object a line: {error!r}") from error


def sample(labels: Sequence[Label], count: int, seed: int = 0) -> list[Label]:
    """Return one label of each of `count` equal spans; the standard sample of the benchmark, so it must not change."""
    if count >= len(labels):
        return list(labels)
    draw = random.Random(seed)
    cuts = [round(at * len(labels) / count) for at in range(count + 1)]
    return [labels[draw.randrange(cuts[at], cuts[at + 1])] for at in range(count)]


def _label(row: dict[str, object]) -> Label:
    gold, own_day = row["gold"], row.get("own_day", [])
    if not isinstance(gold, list) or not isinstance(own_day, list):
        raise TypeError("gold is a list of commits")
    return Label(
        query=str(row["query"]),
        gold=tuple(map(str, gold)),
        own_day=frozenset(map(str, own_day)),
        kind=str(row.get("kind", "mention")),
        time=int(str(row.get("time", 0))),
    )
