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

MOST_NAMED = 10  # commits that one message references; a message with more is a list
MOST_FILES = 20  # of a query; a larger change has no single location


@dataclass(frozen=True, slots=True)
class Label:
    """A query and its relevant commits."""

    query: str  # full sha
    gold: tuple[str, ...]  # the commits that its message references
    own_day: frozenset[str] = frozenset()  # those of gold that its author made less than a day earlier: easy answers
    kind: str = "mention"
    time: int = 0


def load_labels(path: Path) -> list[Label]:
    """Read a file with one JSON object a line.

    Raises:
        UsageError: the file cannot be read, or has another format.
    """
    try:
        return [_label(json.loads(line)) for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is not a label file (one JSON object per line): {error!r}") from error


def own_labels(root: Path) -> list[Label]:
    """Return the ancestors of HEAD whose message references earlier commits, each with those commits, oldest first.

    Raises:
        UsageError: not a git repository, or one without a commit.
        NoIndex: it is not indexed.
    """
    location = locate(root)
    repository = Repository(location) if location.git else None
    head = repository.resolve() if repository else None
    if repository is None or head is None:
        raise UsageError(f"{root} has no git history to learn from")
    catalog = Catalog.of_table(Store(location.data).columns(COLUMNS))
    return labels_of(View(catalog, repository.history(head), {}))


def labels_of(view: View) -> list[Label]:
    """Return one label for each memory of a view that references earlier ones, oldest first.

    Memories that are never suggested, change no or many files, or reference many commits are left out.
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
    """Return one label from each of `count` equal spans: the benchmark's standard sample, which must not change."""
    if count >= len(labels):
        return list(labels)
    draw = random.Random(seed)
    cuts = [round(at * len(labels) / count) for at in range(count + 1)]
    return [labels[draw.randrange(cuts[at], cuts[at + 1])] for at in range(count)]


def _label(row: dict[str, object]) -> Label:
    gold, own_day = row["gold"], row.get("own_day", [])
    if not isinstance(gold, list) or not isinstance(own_day, list):
        raise TypeError("gold and own_day must be lists of commits")
    return Label(
        query=str(row["query"]),
        gold=tuple(map(str, gold)),
        own_day=frozenset(map(str, own_day)),
        kind=str(row.get("kind", "mention")),
        time=int(str(row.get("time", 0))),
    )
