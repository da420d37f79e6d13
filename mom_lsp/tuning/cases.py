"""Each label made into a question to the product as of that moment, with everything a ranking needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from mom_lsp.workspace.library.library import Library
from mom_lsp.workspace.library.memory_rows import MemoryRows
from mom_lsp.workspace.library.strength import active_days, aged, replays
from mom_lsp.workspace.ranking.query import Query, text_query
from mom_lsp.workspace.ranking.ranker import Ranker

DEEPER = 25  # times as many full-text matches are read, since later ones do not count
GIT_PROCESSES = 2
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where a question was asked, and what the strengths of its candidates follow from."""

    now: int  # seconds since 1970
    path: str  # the first file of the change
    born: np.ndarray  # (m,) seconds since 1970
    replays: Touches  # of the candidates, by their index
    clock: ActiveDays


@dataclass(slots=True)
class Case:
    """One label with what the product knows about its candidates."""

    label: Label
    rows: np.ndarray  # (m,) of the catalog
    shas: list[str]  # the commit of each row at that moment
    features: dict[str, np.ndarray]  # (m,) each
    moment: Moment
    surprise: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (m,) 1 to 5
    ranked: dict[str, list[str]] = field(default_factory=dict)  # baseline -> commits, best first
    fused: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (m,) in [0, 1]
    cues: dict[str, np.ndarray] = field(default_factory=dict)  # (m,) each; what is tried beside the features

    @property
    def right(self) -> np.ndarray:
        """(m,) whether a candidate is gold."""
        return np.isin(self.shas, self.label.gold)


@dataclass(frozen=True, slots=True)
class Asked:
    """How a case was asked."""

    view: View  # what was true before the query
    situation: Situation
    writers: Mapping[str, Writers]  # by path
    query: Query
    meaning: np.ndarray | None  # (w,) the vector of the question


Study = Callable[[Case, Asked], None]  # finds something out about a case, and adds it


class AsOf:
    """The texts of the memories that a view holds."""

    def __init__(self, rows: MemoryRows, view: View) -> None:
        self._rows, self._view = rows, view

    def matches(self, query: str, limit: int) -> dict[str, float]:
        """Return the best full-text matches of that moment."""
        row_of, allowed = self._view.catalog.row_of, self._view.suggestible
        found = self._rows.matches(query, limit * DEEPER).items()
        kept = [(memory, score) for memory, score in found if memory in row_of and allowed[row_of[memory]]]
        return dict(kept[:limit])

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return memories by id."""
        return self._rows.get(ids)


class Cases:
    """Makes the cases of some labels."""

    def __init__(
        self,
        repository: Repository,
        library: Library,
        cache: BlameCache,
        attributes: str,
        step: Step,
        studies: Sequence[Study] = (),
    ) -> None:
        """Read what all cases share.

        Args:
            repository: the repository.
            library: its memories.
            cache: what earlier runs have found out.
            attributes: the file that has git name functions by language.
            step: is told how far it is.
            studies: find out what else is wanted of each case.
        """
        head = repository.resolve()
        if head is None:
            raise UsageError("there is no commit to ask about")
        self._repository, self._library, self._cache = repository, library, cache
        self._attributes, self._step = attributes, step
        self._snapshot, self._studies = library.snapshot(), studies
        self._history = History(repository.graph(head))

    def make(self, labels: Sequence[Label], form: str) -> Iterator[Case]:
        """Yield the case of each label whose query is here.

        Args:
            labels: queries and answers.
            form: "editing" knows the lines that are about to be changed, "intent" the masked subject, "both" both.
        """
        known = {label.query: label for label in labels if label.query in self._history.position}
        images = self._repository.preimages(list(known), self._attributes)
        moments = [moment for image in images if (moment := situation(image)).intent or form == "editing"]
        writers = self._writers(moments) if form != "intent" else {}
        queries = {moment.query: _query(moment, writers.get(moment.query, {}), form) for moment in moments}
        encoder = self._library.encoder if len(self._snapshot.vectors) else None
        texts = [query.meaning for query in queries.values()]
        meanings = self._cache.vectors(texts, encoder, self._step) if encoder is not None else {}
        for done, moment in enumerate(moments):
            self._step("asking", done, len(moments))
            query = queries[moment.query]
            meaning = meanings.get(query.meaning)
            yield self._case(known[moment.query], moment, writers.get(moment.query, {}), query, meaning)
        self._step("asking", len(moments), len(moments))

    def _case(
        self,
        label: Label,
        moment: Situation,
        writers: Mapping[str, Writers],
        query: Query,
        meaning: np.ndarray | None,
    ) -> Case:
        snapshot = self._snapshot
        view = View(snapshot.catalog, self._history.before(moment.query), {})
        tiers = aged(view, snapshot.life, moment.now)
        ranker = Ranker(AsOf(snapshot.rows, view), snapshot, view, shipped("editing"), tiers)
        evidence = ranker.evidence(query, meaning)
        case = Case(
            label=label,
            rows=evidence.rows,
            shas=[view.commit_of.get(row, "") for row in evidence.rows.tolist()],
            features=ranker.features(evidence),
            moment=moment_of(view, snapshot.life, evidence.rows, moment.now, next(iter(moment.paths), "")),
            surprise=view.surprise[evidence.rows],
        )
        for study in self._studies:
            study(case, Asked(view, moment, writers, query, meaning))
        return case

    def _writers(self, situations: Sequence[Situation]) -> dict[str, dict[str, Writers]]:
        """Return who wrote the lines around each change, by query and path; from the cache where it is there."""
        jobs = [(moment, path, ranges) for moment in situations for path, ranges in _places(moment)]
        found: dict[str, dict[str, Writers]] = {}
        unknown = []
        for moment, path, ranges in jobs:
            writers = self._cache.known(moment.parent, path, ranges)
            if writers is None:
                unknown.append((moment, path, ranges))
            else:
                found.setdefault(moment.query, {})[path] = writers
        asked = [self._cache.ask(moment.parent, path, ranges) for moment, path, ranges in unknown]
        with ThreadPoolExecutor(GIT_PROCESSES) as pool:
            answers = pool.map(lambda ask: ask(), asked)
            for done, ((moment, path, ranges), writers) in enumerate(zip(unknown, answers, strict=True)):
                self._step("blame", done, len(unknown))
                self._cache.keep(moment.parent, path, ranges, writers)
                found.setdefault(moment.query, {})[path] = writers
        return found


def moment_of(view: View, life: Life, rows: np.ndarray, now: int, path: str) -> Moment:
    """Return what the strengths of some rows follow from, at a time (in seconds since 1970) and place."""
    told = replays(view)
    index = np.full(view.catalog.size, -1)
    index[rows] = np.arange(len(rows))
    at = np.flatnonzero(index[told.rows] >= 0)
    ours = Touches(index[told.rows[at]], told.times[at], told.gates[at], told.holds[at])
    return Moment(now, path, view.catalog.time[rows], ours, active_days(view, life))


def _query(moment: Situation, writers: Mapping[str, Writers], form: str) -> Query:
    if form == "intent":
        return text_query(moment.intent or "")
    query = editing_query(moment, writers)
    return query.intending(moment.intent or "") if form == "both" else query


def editing_query(moment: Situation, writers: Mapping[str, Writers]) -> Query:
    """Return the question that a change about to be made is: one spot for each range of lines."""
    spots = [spot for change in moment.changes for spot in _spots(change, writers.get(change.path, {}))]
    without = [path for path in moment.paths if all(spot.path != path for spot in spots)]
    spots += [Spot(path) for path in without]
    code = "\n".join(line.strip() for change in moment.changes for line in change.lines)
    symbols = " ".join(dict.fromkeys(spot.symbol for spot in spots if spot.symbol))
    names = " ".join(dict.fromkeys(path.rsplit("/", 1)[-1] for path in moment.paths))
    return Query(
        words=f"{symbols} {names} {' '.join(dict.fromkeys(WORD.findall(code)))}",
        meaning=f"{' '.join(moment.paths[:3])}\n{symbols}\n{code}",
        spots=tuple(spots),
    )


def _spots(change: PlannedChange, writers: Writers) -> list[Spot]:
    symbol = symbol_of_header(change.header)
    return [
        Spot(
            change.path,
            symbol,
            max(1, start),
            max(1, start + max(count, 2) - 1),
            writers,
            change.lines,
            change.changing,
        )
        if count == 0
        else Spot(change.path, symbol, start, start + count - 1, writers, change.lines, change.changing)
        for start, count in change.ranges
    ]


def _places(moment: Situation) -> list[tuple[str, list[tuple[int, int]]]]:
    """Return the ranges of each file whose writers are wanted; a file that is new has none."""
    places: dict[str, list[tuple[int, int]]] = {}
    for change in moment.changes if moment.parent else ():
        places.setdefault(change.path, []).extend(changed_ranges(change, WINDOW))
    return list(places.items())
