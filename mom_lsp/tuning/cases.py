"""Makes a case of each label: its query and candidates as of its own point in history, with their features."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from mom_lsp.errors import UsageError
from mom_lsp.extract.symbols import symbol_of_header
from mom_lsp.git import Repository
from mom_lsp.memory import Memory
from mom_lsp.route.linear_model import shipped
from mom_lsp.route.place_term import WINDOW, Spot
from mom_lsp.route.view import View
from mom_lsp.tiers.decay import ActiveDays
from mom_lsp.tiers.lifecycle import Life
from mom_lsp.tiers.tiers import Touches
from mom_lsp.tuning.cache import BlameCache, Step, Writers
from mom_lsp.tuning.history import History
from mom_lsp.tuning.labels import Label
from mom_lsp.tuning.situation import PlannedChange, Situation, changed_ranges, situation
from mom_lsp.workspace.library.earlier_writers import EarlierWriters
from mom_lsp.workspace.library.library import Library
from mom_lsp.workspace.library.memory_rows import MemoryRows
from mom_lsp.workspace.library.strength import active_days, aged, replays
from mom_lsp.workspace.ranking.query import Query, text_query, with_earlier_writers
from mom_lsp.workspace.ranking.ranker import Ranker

OVERFETCH = 25  # times as many full-text matches are read, since memories of later commits are dropped
GIT_PROCESSES = 2
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where a query was made, and the inputs of its candidates' strengths."""

    now: int  # seconds since 1970
    path: str  # the first file of the change
    born: np.ndarray  # (m,) seconds since 1970
    replays: Touches  # of the candidates, by their index in the case
    clock: ActiveDays


@dataclass(slots=True)
class Case:
    """One label with its candidates and their features."""

    label: Label
    rows: np.ndarray  # (m,) of the catalog
    shas: list[str]  # the commit of each row as of the query
    features: dict[str, np.ndarray]  # (m,) each
    moment: Moment
    surprise: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (m,) 1 to 5
    ranked: dict[str, list[str]] = field(default_factory=dict)  # baseline -> commits, best first
    fused: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (m,) in [0, 1]
    cues: dict[str, np.ndarray] = field(default_factory=dict)  # (m,) each; experimental features

    @property
    def correct(self) -> np.ndarray:
        """(m,) whether a candidate is gold."""
        return np.isin(self.shas, self.label.gold)


@dataclass(frozen=True, slots=True)
class QueryContext:
    """The query of a case, and what it was made from."""

    view: View  # the history before the query
    situation: Situation
    writers: Mapping[str, Writers]  # by path
    query: Query
    meaning: np.ndarray | None  # (w,) the embedding of the query


Annotator = Callable[[Case, QueryContext], None]  # adds something to a case, such as the rankings of baselines


class TextsAsOf:
    """The texts of the memories of a view."""

    def __init__(self, rows: MemoryRows, view: View) -> None:
        self._rows, self._view = rows, view

    def matches(self, query: str, limit: int) -> dict[str, float]:
        """Return the best full-text matches among the memories of the view."""
        row_of, allowed = self._view.catalog.row_of, self._view.suggestible
        found = self._rows.matches(query, limit * OVERFETCH).items()
        matches = [(memory, score) for memory, score in found if memory in row_of and allowed[row_of[memory]]]
        return dict(matches[:limit])

    def frequency(self, words: Iterable[str]) -> dict[str, int]:
        """Return how many memories have each word, later ones included."""
        return self._rows.frequency(words)

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return memories by id."""
        return self._rows.get(ids)


class Cases:
    """Makes the cases of labels."""

    def __init__(
        self,
        repository: Repository,
        library: Library,
        cache: BlameCache,
        attributes: str,
        step: Step,
        annotators: Sequence[Annotator] = (),
    ) -> None:
        """Load what all cases share.

        Args:
            repository: the repository.
            library: its memories.
            cache: results of earlier runs.
            attributes: the gitattributes file that makes git show function names per language.
            step: called with the progress.
            annotators: each is called with every case.
        """
        head = repository.resolve()
        if head is None:
            raise UsageError("the repository has no commits")
        self._repository, self._library, self._cache = repository, library, cache
        self._attributes, self._step = attributes, step
        self._earlier = EarlierWriters(repository)
        self._snapshot, self._annotators = library.snapshot_with_vectors(), annotators
        self._history = History(repository.graph(head))

    def make(self, labels: Sequence[Label], form: str) -> Iterator[Case]:
        """Yield the case of each label whose query is in the history.

        Args:
            labels: queries and their relevant commits.
            form: "editing" for queries of the lines about to be changed, "intent" of the masked subject, "both".
        """
        known = {label.query: label for label in labels if label.query in self._history.position}
        images = self._repository.preimages(list(known), self._attributes)
        situations = [found for image in images if (found := situation(image)).intent or form == "editing"]
        writers = self._writers(situations) if form != "intent" else {}
        queries = {one.query: _query(one, writers.get(one.query, {}), form) for one in situations}
        encoder = self._library.encoder if len(self._snapshot.vectors) else None
        texts = [query.meaning for query in queries.values()]
        meanings = self._cache.vectors(texts, encoder, self._step) if encoder is not None else {}
        for done, one in enumerate(situations):
            self._step("ranking", done, len(situations))
            query = queries[one.query]
            meaning = meanings.get(query.meaning)
            yield self._case(known[one.query], one, writers.get(one.query, {}), query, meaning)
        self._step("ranking", len(situations), len(situations))

    def _case(
        self,
        label: Label,
        asked: Situation,
        writers: Mapping[str, Writers],
        query: Query,
        meaning: np.ndarray | None,
    ) -> Case:
        snapshot = self._snapshot
        view = View(snapshot.catalog, self._history.before(asked.query), {})
        tiers = aged(view, snapshot.life, asked.now)
        ranker = Ranker(TextsAsOf(snapshot.rows, view), snapshot, view, shipped("editing"), tiers)
        query = with_earlier_writers(self._earlier.of, view, query, None)
        evidence = ranker.evidence(query, meaning)
        case = Case(
            label=label,
            rows=evidence.rows,
            shas=[view.commit_of.get(row, "") for row in evidence.rows.tolist()],
            features=ranker.features(evidence),
            moment=moment_of(view, snapshot.life, evidence.rows, asked.now, next(iter(asked.paths), "")),
            surprise=view.surprise[evidence.rows],
        )
        for annotator in self._annotators:
            annotator(case, QueryContext(view, asked, writers, query, meaning))
        return case

    def _writers(self, situations: Sequence[Situation]) -> dict[str, dict[str, Writers]]:
        """Return the commits that wrote the lines around each change, by query and path; cached where possible."""
        jobs = [(one, path, ranges) for one in situations for path, ranges in _blamed_ranges(one)]
        found: dict[str, dict[str, Writers]] = {}
        unknown = []
        for one, path, ranges in jobs:
            writers = self._cache.get(one.parent, path, ranges)
            if writers is None:
                unknown.append((one, path, ranges))
            else:
                found.setdefault(one.query, {})[path] = writers
        blames = [self._cache.blame_job(one.parent, path, ranges) for one, path, ranges in unknown]
        with ThreadPoolExecutor(GIT_PROCESSES) as pool:
            results = pool.map(lambda blame: blame(), blames)
            for done, ((one, path, ranges), writers) in enumerate(zip(unknown, results, strict=True)):
                self._step("blame", done, len(unknown))
                if writers is not None:  # git may know more the next time
                    self._cache.put(one.parent, path, ranges, writers)
                    found.setdefault(one.query, {})[path] = writers
        return found


def moment_of(view: View, life: Life, rows: np.ndarray, now: int, path: str) -> Moment:
    """Return the moment of a query at a time (seconds since 1970) and file, with the replays of the given rows."""
    every = replays(view)
    index = np.full(view.catalog.size, -1)
    index[rows] = np.arange(len(rows))
    at = np.flatnonzero(index[every.rows] >= 0)
    touches = Touches(index[every.rows[at]], every.times[at], every.gates[at], every.holds[at])
    return Moment(now, path, view.catalog.time[rows], touches, active_days(view, life))


def _query(asked: Situation, writers: Mapping[str, Writers], form: str) -> Query:
    if form == "intent":
        return text_query(asked.intent or "")
    query = editing_query(asked, writers)
    return query.intending(asked.intent or "") if form == "both" else query


def editing_query(asked: Situation, writers: Mapping[str, Writers]) -> Query:
    """Return the query of a change about to be made: one spot for each range of lines."""
    spots = [spot for change in asked.changes for spot in _spots(change, writers.get(change.path, {}))]
    without = [path for path in asked.paths if all(spot.path != path for spot in spots)]
    spots += [Spot(path) for path in without]
    code = "\n".join(line.strip() for change in asked.changes for line in change.lines)
    symbols = " ".join(dict.fromkeys(spot.symbol for spot in spots if spot.symbol))
    names = " ".join(dict.fromkeys(path.rsplit("/", 1)[-1] for path in asked.paths))
    return Query(
        words=f"{symbols} {names} {' '.join(dict.fromkeys(WORD.findall(code)))}",
        meaning=f"{' '.join(asked.paths[:3])}\n{symbols}\n{code}",
        spots=tuple(spots),
    )


def _spots(change: PlannedChange, writers: Writers) -> Iterator[Spot]:
    """Yield a spot for each range of a hunk; an insertion is asked about with the lines around it."""
    symbol, left = symbol_of_header(change.header), list(change.changing)
    for start, count in change.ranges:
        asked, left = tuple(left[:count]), left[count:]
        first, last = (start, start + count - 1) if count else (max(1, start), max(1, start + 1))
        yield Spot(change.path, symbol, first, last, writers, lines=change.lines, asked=asked)


def _blamed_ranges(asked: Situation) -> list[tuple[str, list[tuple[int, int]]]]:
    """Return the ranges of each file to blame; a new file has none."""
    ranges: dict[str, list[tuple[int, int]]] = {}
    for change in asked.changes if asked.parent else ():
        ranges.setdefault(change.path, []).extend(changed_ranges(change, WINDOW))
    return list(ranges.items())
