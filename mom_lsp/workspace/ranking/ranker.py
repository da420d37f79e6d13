"""From a question to the best memories: candidates, features, score, relevance. All answers are ranked here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mom_lsp.memory import TERMS, Memory, Scored
from mom_lsp.motifs.crystallise import Motif
from mom_lsp.motifs.utility import blended
from mom_lsp.route.features import features
from mom_lsp.route.lexical_term import lexical
from mom_lsp.route.linear_model import LinearModel
from mom_lsp.route.reason import ON_TRIAL, ReasonWriter, listed
from mom_lsp.route.score import top, total
from mom_lsp.route.strategies import SCORE_ALONE, Strategy
from mom_lsp.route.usefulness import Usefulness, usefulness
from mom_lsp.route.view import View
from mom_lsp.settings import Settings
from mom_lsp.tiers.decay import usage
from mom_lsp.tiers.tiers import Tiers
from mom_lsp.workspace.library.library import Snapshot
from mom_lsp.workspace.library.status import status_of
from mom_lsp.workspace.ranking.candidates import Candidates, Evidence, TextReader
from mom_lsp.workspace.ranking.query import Query

LAYER_BONUS = {1: 0.25, 2: 0.5}  # log-odds that a validated and a promoted memory gain
MAX_PATHS = 20  # of a memory whose words are read, and as many functions


@dataclass(frozen=True, slots=True)
class Ranked:
    """A chosen row of the catalog."""

    row: int
    score: float
    terms: dict[str, float]
    reason: str
    place_evidence: str = ""  # the part of the reason that says what it has to do with the place
    lines: tuple[int, ...] = ()
    chance: float | None = None  # relevance: the calibrated probability that the user needs it
    usefulness: float | None = None  # the probability that it is worth reading at a place, None for a question in words
    trial: bool = False  # shown to find out whether it is useful
    proven: Motif | None = None  # why it is always shown here


@dataclass(frozen=True, slots=True)
class Least:
    """What a memory needs to be shown."""

    relevance: float  # minimum, in [0, 1]
    useful: float | None = None  # minimum usefulness, None if it does not count
    paths: tuple[str, ...] = ()  # asked about
    always: frozenset[int] = frozenset()  # rows that need no relevance

    def usefulness(self, view: View, evidence: Evidence) -> Usefulness | None:
        """Return how useful the candidates are at the place, None if that does not count."""
        if self.useful is None or evidence.place is None or evidence.overlap is None:
            return None
        return usefulness(view, evidence.rows, evidence.place, evidence.overlap.names, self.paths)


@dataclass(frozen=True, slots=True)
class Ranker:
    """Ranks the memories of one view."""

    texts: TextReader
    snapshot: Snapshot
    view: View
    model: LinearModel
    tiers: Tiers  # of all rows, now
    strategy: Strategy = SCORE_ALONE  # what decides besides the score
    share: float = Settings().route.domains  # of the gate's probability mass whose domains are searched by meaning
    proven: Mapping[int, Motif] = field(default_factory=dict)  # what proved useful for this question, by row
    layers: Mapping[int, int] = field(default_factory=dict)  # of the validated and promoted rows
    scope: np.ndarray | None = None  # (n,) bool: the rows that may be found, None for all
    searching: bool = True  # whether a question without a place may find what is never suggested

    def rank(
        self,
        query: Query,
        k: int,
        *,
        threshold: float = 0.0,
        least_useful: float | None = None,
        meaning: np.ndarray | None = None,
        lead: Sequence[int] = (),
        user_lines: Mapping[int, Sequence[int]] | None = None,
    ) -> list[Ranked]:
        """Return the best k memories that are relevant and useful enough, best first.

        Memories that are pinned or noted here come first. Those that proved useful here are always shown, and the more
        solid that is, the closer they come to the best score. A memory that shares a word with a search is always
        relevant enough.

        Args:
            query: the question.
            k: how many at most.
            threshold: minimum relevance, in [0, 1].
            least_useful: minimum usefulness at the place asked about, in [0, 1]; None if it does not count.
            meaning: the vector (d,) of the question, None without an encoder.
            lead: rows that come before all others, in this order, whatever their relevance.
            user_lines: the lines asked about that have pins and notes, by row.
        """
        evidence = self.evidence(query, meaning, user_lines)
        return self.choose(evidence, query, k, threshold=threshold, least_useful=least_useful, lead=lead)

    def choose(
        self,
        evidence: Evidence,
        query: Query,
        k: int,
        *,
        threshold: float,
        least_useful: float | None = None,
        lead: Sequence[int] = (),
    ) -> list[Ranked]:
        """Return the same from evidence that is gathered already."""
        least = Least(threshold, least_useful, tuple(spot.path for spot in query.spots))
        if not query.spots:
            least = replace(least, always=frozenset(evidence.matches))
        writer = ReasonWriter(
            self.view,
            evidence.place,
            evidence.overlap,
            evidence.matches,
            evidence.user_rows,
            self.proven,
            symbol=query.spot.symbol if query.spot else "",
            line=query.line_name,
            names=query.names,
            typed=query.typed,
            code=query.code,
        )
        return self._choose(evidence, k, least, writer, lead)

    def rank_hints(
        self,
        path: str,
        wrote: Mapping[int, Sequence[int]],
        user_lines: Mapping[int, Sequence[int]],
        user_rows: frozenset[int],
        *,
        least_useful: float,
    ) -> list[Ranked]:
        """Return the memories that may be hinted at lines of an open text and are useful enough.

        Each is ranked for its own lines, and nothing depends on other lines: pins and notes come first, then the most
        useful. Text and meaning do not count: a whole file is ranked after every pause in typing.

        Args:
            path: of the file.
            wrote: the lines of the open text that each row wrote.
            user_lines: the lines of pins and notes, by row.
            user_rows: the rows of the user's pins and notes there.
            least_useful: minimum usefulness of any other, in [0, 1].
        """
        evidence = self.candidates.written(path, wrote, user_lines, user_rows)
        writer = ReasonWriter(self.view, evidence.place, evidence.overlap, user_rows=user_rows, proven=self.proven)
        found = self._choose(evidence, len(evidence.rows), Least(0.0, least_useful, (path,)), writer)
        first = {self._merged_into(row) for row in user_rows}
        proven = {self._merged_into(row) for row in self.proven}

        def order(one: Ranked) -> tuple[bool, bool, float, float]:
            return one.row not in first, one.row not in proven, -(one.usefulness or 0.0), -one.score

        return sorted(found, key=order)

    @property
    def candidates(self) -> Candidates:
        """The finder of the memories to rank."""
        proven = frozenset(self.proven)
        return Candidates(
            self.texts, self.snapshot, self.view, self.share, proven, scope=self.scope, searching=self.searching
        )

    def evidence(
        self, query: Query, meaning: np.ndarray | None, user_lines: Mapping[int, Sequence[int]] | None = None
    ) -> Evidence:
        """Return the candidates of a question with their evidence."""
        return self.candidates.found(query, meaning, user_lines)

    def features(self, evidence: Evidence) -> dict[str, np.ndarray]:
        """Return the named features of the candidates, (m,) each."""
        terms = self.terms(evidence)
        return features(
            self.view,
            evidence.rows,
            place=evidence.place,
            overlap=evidence.overlap,
            bm25=terms["lex"],
            cosine=terms["sem"],
            strength=terms["temp"],
            uses=terms["use"],
        )

    def terms(self, evidence: Evidence) -> dict[str, np.ndarray]:
        """Return what each term of the score is worth, (m,) in [0, 1]."""
        rows, where = evidence.rows, evidence.place
        return {
            "sem": evidence.cosine,
            "lex": lexical(rows.tolist(), evidence.matches),
            "temp": self.tiers.strength[rows],
            "use": usage(self._uses(rows), self.snapshot.life.most_used),
            "place": where.strength()[rows] if where is not None else np.zeros(len(rows)),
        }

    def _choose(
        self,
        evidence: Evidence,
        k: int,
        least: Least,
        writer: ReasonWriter,
        lead: Sequence[int] = (),
    ) -> list[Ranked]:
        rows = evidence.rows
        if not len(rows):
            return []
        contributions = self.model.shares(self.features(evidence))
        contributions["use"] = contributions["use"] + self._bonus(rows, contributions)
        scores = total(contributions)
        chances = self.model.chances(scores)
        ahead = np.isin(rows, list(evidence.user_rows)) + self._leading(rows, lead)
        first = (ahead > 0) | np.isin(rows, list(self.proven))
        useful = least.usefulness(self.view, evidence)
        shown = (chances >= least.relevance) | np.isin(rows, list(least.always)) | first
        if useful is not None and least.useful is not None:
            shown &= useful.suffices(least.useful) | first
        shown &= first | ~self._dropped(rows)
        merged = self.snapshot.life.merged
        same = self.view.catalog.same_change
        repeated = min(k, int(np.count_nonzero(same[rows] != rows)))  # more than one repetition of each is rare
        best = top(scores, k + len(merged) + repeated, shown=shown, first=ahead)
        if writer.typed:
            writer = replace(writer, texts=self._texts_of(rows[best]))

        def ranked(at: int) -> Ranked:
            terms = {t: float(contributions[t][at]) for t in TERMS}
            found = self._ranked(int(rows[at]), float(scores[at]), terms, float(chances[at]), writer)
            return found if useful is None else replace(found, usefulness=float(useful.probability[at]))

        chosen = _without_repeats(map(ranked, best), same)[:k]
        if self.strategy.explore and 1 < k == len(chosen) and (shown & first).sum() < k:
            above = {one.row for one in chosen[:-1]}
            free = np.array([self._merged_into(row) not in above for row in rows.tolist()])
            tried = self._on_trial(rows, scores, shown & ~first & free)
            chosen[-1:] = [_on_trial(ranked(tried))] if tried is not None else chosen[-1:]
        return chosen

    def _bonus(self, rows: np.ndarray, contributions: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return what layers and proofs add to the scores of candidates, (m,) in log-odds."""
        layers = [LAYER_BONUS.get(self.layers.get(row, 0), 0.0) for row in rows.tolist()] if self.layers else 0.0
        if not self.proven:
            return np.zeros(len(rows)) + layers
        sigma = np.array([self.proven[row].sigma if row in self.proven else 0.0 for row in rows.tolist()])
        scores = total(contributions)
        routed = scores + layers
        return np.asarray(blended(routed, float(routed.max()), sigma) - scores)

    def _texts_of(self, rows: np.ndarray) -> dict[int, str]:
        """Return title, body and places of some memories, by row."""
        ids = {row: self.view.catalog.ids[row] for row in rows.tolist()}
        found = self.texts.get(list(ids.values()))
        return {row: _text(found[one]) for row, one in ids.items() if one in found}

    def _leading(self, rows: np.ndarray, lead: Sequence[int]) -> np.ndarray:
        """Return how far each row is ahead of the others, (m,): 2 or more for the leading rows, else 0."""
        ahead, row_of = np.zeros(len(rows), np.int64), self.view.catalog.row_of
        merged = [row for memory in self.snapshot.life.merged if (row := row_of.get(memory)) is not None]
        for at, leader in enumerate(lead):
            represented = [leader, *(row for row in merged if self._merged_into(row) == leader)]
            ahead[np.isin(rows, represented)] = 1 + len(lead) - at
        return ahead

    def _dropped(self, rows: np.ndarray) -> np.ndarray:
        """Return which candidates the strategy drops, (m,)."""
        if not self.strategy.dropout:
            return np.zeros(len(rows), bool)
        ids = [self.view.catalog.ids[row] for row in rows.tolist()]
        return self.strategy.dropped(ids, self._uses(rows), self.snapshot.life.most_used)

    def _on_trial(self, rows: np.ndarray, scores: np.ndarray, eligible: np.ndarray) -> int | None:
        """Return the candidate that the strategy tries in the last place, None for none."""
        most_used = self.snapshot.life.most_used
        return self.strategy.on_trial(scores, eligible, self.view.surprise[rows], self._uses(rows), most_used)

    def _uses(self, rows: np.ndarray) -> np.ndarray:
        """Return how often the user accepted each of some memories, (m,)."""
        life, ids = self.snapshot.life, self.view.catalog.ids
        if not life.most_used:
            return np.zeros(len(rows))
        return np.array([life.of(ids[row]).uses for row in rows.tolist()], np.float64)

    def _ranked(self, row: int, score: float, terms: dict[str, float], chance: float, writer: ReasonWriter) -> Ranked:
        reason = writer.reason(row, terms, self.snapshot.life.of(self.view.catalog.ids[row]))
        lines = tuple(writer.place.lines.get(row, ())) if writer.place else ()
        where, motif = writer.place_evidence(row), self.proven.get(row)
        return Ranked(self._merged_into(row), score, terms, reason, where, lines, chance, proven=motif)

    def _merged_into(self, row: int) -> int:
        """Return the row to show for a row: the one it was merged into, if that is valid here and not forgotten."""
        life = self.snapshot.life
        shown = life.shown_for(self.view.catalog.ids[row])
        other = self.view.catalog.row_of.get(shown) if shown not in life.forgotten else None
        return other if other is not None and self.view.suggestible[other] else row


def _text(memory: Memory) -> str:
    symbols = [symbol for anchor in memory.anchors for symbol in anchor.symbols]
    return "\n".join((memory.title, memory.body, *memory.paths[:MAX_PATHS], *symbols[:MAX_PATHS]))


def _on_trial(ranked: Ranked) -> Ranked:
    return replace(ranked, trial=True, reason=listed(ranked.reason, ON_TRIAL))


def _without_repeats(ranked: Iterable[Ranked], same_change: np.ndarray) -> list[Ranked]:
    """Return the best of each change: merged memories are one row; a merge and its commit, or a backport, are two."""
    best: dict[int, Ranked] = {}
    for one in ranked:
        best.setdefault(int(same_change[one.row]), one)
    return list(best.values())


def unscored(row: int, reason: str = "") -> Ranked:
    """Return a row without score, which no question chose."""
    return Ranked(row, 0.0, dict.fromkeys(TERMS, 0.0), reason)


def with_text(ranker: Ranker, chosen: Sequence[Ranked]) -> list[Scored]:
    """Return chosen rows with their text."""
    view, life = ranker.view, ranker.snapshot.life
    memories = ranker.texts.get([view.catalog.ids[ranked.row] for ranked in chosen])
    result = []
    for ranked in chosen:
        memory = memories.get(view.catalog.ids[ranked.row])
        if memory is None:  # another process has just forgotten it
            continue
        replacement = view.replaced_by.get(ranked.row)
        result.append(
            Scored(
                memory=memory,
                score=ranked.score,
                terms=ranked.terms,
                reason=ranked.reason,
                chance=ranked.chance,
                usefulness=ranked.usefulness,
                trial=ranked.trial,
                proven=ranked.proven,
                usage=life.of(memory.id),
                lifecycle=status_of(memory, life.of(memory.id), view, ranker.tiers),
                surprise=int(view.surprise[ranked.row]),
                lines=ranked.lines,
                replacement=view.catalog.ids[replacement] if replacement is not None else None,
            )
        )
    return result
