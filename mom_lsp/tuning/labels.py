"""Labels: commits whose message names the earlier commits that mattered; from a file, or from a repository itself."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mom_lsp.errors import UsageError
from mom_lsp.git import Repository, locate
from mom_lsp.route.catalog import Catalog
from mom_lsp.route.columns import COLUMNS
from mom_lsp.route.edges import RELATIONS
from mom_lsp.route.view import View
from mom_lsp.store import Store
from mom_lsp.tiers import DAY

MOST_NAMED = 10  # commits that one message names; more are a list
MOST_FILES = 20  # of a query: somebody who changes more is not at a place


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


def own_labels(root: Path) -> list[Label]:
    """Return the commits of HEAD whose message names earlier ones, with those, oldest first.

    Raises:
        UsageError: no repository, or one without a commit.
        NoIndex: it is not indexed.
    """
    location = locate(root)
    repository = Repository(location) if location.git else None
    head = repository.resolve() if repository else None
    if repository is None or head is None:
        raise UsageError(f"{root} is not a git repository with a commit: there is no history to learn from")
    catalog = Catalog.of_table(Store(location.data).columns(COLUMNS))
    return labels_of(View(catalog, repository.history(head), {}))


def labels_of(view: View) -> list[Label]:
    """Return one label for each memory of a view that names earlier ones, oldest first.

    Those that are never suggested, change many files or none, or name many commits are left out.
    """
    catalog, named = view.catalog, dict[int, dict[int, str]]()
    for edge in view.edges:
        if view.distance[edge.target] > view.distance[edge.source] >= 0:
            named.setdefault(edge.source, {}).setdefault(edge.target, edge.relation)
    asked = view.suggestible & (catalog.path_count > 0) & (catalog.path_count <= MOST_FILES)
    rows = [row for row, targets in named.items() if asked[row] and len(targets) <= MOST_NAMED]
    return [_own(view, row, named[row]) for row in sorted(rows, key=lambda row: -int(view.distance[row]))]


def _own(view: View, row: int, named: Mapping[int, str]) -> Label:
    catalog = view.catalog
    mine = [at for at in named if catalog.author[at] == catalog.author[row]]
    return Label(
        query=view.commit_of[row],
        gold=tuple(view.commit_of[at] for at in named),
        own_day=frozenset(view.commit_of[at] for at in mine if catalog.time[row] - catalog.time[at] < DAY),
        kind=min(named.values(), key=RELATIONS.index),
        time=int(catalog.time[row]),
    )


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
