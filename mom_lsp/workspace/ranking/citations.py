"""The memories to cite for why a line exists. Place, words and links count; time does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mom_lsp.lm.answer import Clue, extractive, reason_of, unknown
from mom_lsp.memory import Memory, Scored
from mom_lsp.route.place_term import PlaceEvidence
from mom_lsp.route.surprise import CHAIN
from mom_lsp.route.view import Edge
from mom_lsp.workspace.ranking.query import Query
from mom_lsp.workspace.ranking.ranker import Ranked, Ranker, unscored

WORD = re.compile(r"\w{2,}")
CITED = 3
LEAST_CHANCE = 0.005  # minimum relevance without line, link or comment here; from `mom_lsp.evaluation.why_threshold`
NEAR = 4  # lines between a comment and the line it describes
ANCHORS = 3  # memories whose references are followed
CONSIDERED = 300  # candidates; the best OTHERS of those without a line, a link or a comment here are read
OTHERS = 10
FIRST, LINKED, OTHER = 0, 2, 4  # the order of citations; memories without a reason come later
RELATION_VERBS = {  # relation -> what the later memory did, and what was done to the earlier one
    "revert": ("reverted {other}", "was reverted by {other}"),
    "reapply": ("reapplied {other}", "was reapplied by {other}"),
    "partial_revert": ("reverted part of {other}", "was partly reverted by {other}"),
    "fixes": ("fixed {other}", "was fixed by {other}"),
    "followup": ("followed up on {other}", "was followed up by {other}"),
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the memories say about one line."""

    path: str
    line: int
    symbol: str
    text: str  # of the line
    clues: tuple[Clue, ...]
    citations: list[dict[str, Any]]  # the same memories as suggestions

    def answer(self) -> str:
        """Return the answer in the memories' own words."""
        return " ".join(map(str, extractive(self.clues))) or unknown(self.path, self.line)

    def leading_to(self, text: str, known: str) -> str:
        """Return the id of the memory with a word of the new text that the open text lacks, "" if there is none."""
        new = set(WORD.findall(text)) - set(WORD.findall(known))
        words_of = ((clue.memory.id, WORD.findall(f"{clue.memory.title} {clue.memory.body}")) for clue in self.clues)
        return next((identity for identity, words in words_of if not new.isdisjoint(words)), "")


@dataclass(frozen=True, slots=True)
class _Found:
    ranked: Ranked
    order: int
    does: str
    other: int = -1  # row


def reasons(
    ranker: Ranker, query: Query, read: Callable[[Ranker, list[Ranked]], list[Scored]]
) -> list[tuple[Scored, Clue]]:
    """Return the memories that explain a spot, best first, at most three.

    The line's own come first: its last change, and a comment next to it. Then come the changes that these fixed,
    reverted or followed up, then whatever is relevant enough. Within each group the score decides; memories without a
    reason come last.

    Args:
        ranker: of the worktree.
        query: the spot.
        read: returns ranked memories with their text.
    """
    evidence = ranker.evidence(query, None)
    ranked = {one.row: one for one in ranker.choose(evidence, query, CONSIDERED, threshold=0.0)}
    relevant = ranker.choose(evidence, query, CONSIDERED, threshold=LEAST_CHANCE)
    nearby = [one for one in relevant if _belongs(evidence.place, one.row)][:OTHERS]
    at_line = [_Found(one, FIRST, one.place_evidence) for one in ranked.values() if one.lines]
    others = [_Found(one, OTHER, one.place_evidence) for one in nearby]
    comments = [_Found(ranked.get(row, unscored(row)), FIRST, "is next to it") for row in _comments(ranker, query)]
    anchors = [one.ranked.row for one in (at_line or others)[:ANCHORS]]
    linked = [
        _Found(ranked.get(row, unscored(row)), LINKED, does, other)
        for row, does, other in _links(ranker, query, anchors)
    ]
    found: dict[int, _Found] = {}
    for one in (*at_line, *comments, *linked, *others):
        found.setdefault(one.ranked.row, one)
    row_of = ranker.view.catalog.row_of
    texts = {row_of[one.memory.id]: one for one in read(ranker, [one.ranked for one in found.values()])}
    return _cited(texts, found, evidence.user_rows)


def _belongs(place: PlaceEvidence | None, row: int) -> bool:
    """Whether a memory is about the function or nearby lines: the file alone explains no line."""
    return place is not None and bool(place.symbol[row] or place.near[row] or place.earlier[row] or row in place.lines)


def _cited(
    read: Mapping[int, Scored], found: Mapping[int, _Found], user_rows: frozenset[int]
) -> list[tuple[Scored, Clue]]:
    """Return the best of the found memories, which `read` has by row."""

    def rank(row: int) -> tuple[int, int, float]:
        return (
            not (row in user_rows and read[row].usage.pinned),
            found[row].order + _silence(read[row].memory),
            -read[row].score,
        )

    clues = []
    for row in sorted(read, key=rank)[:CITED]:
        other = found[row].other
        clues.append(
            (read[row], Clue(read[row].memory, found[row].does, read[other].memory if other in read else None))
        )
    return clues


def _silence(memory: Memory) -> int:
    """Return 0 for a memory that gives a reason, 1 for one with more than a title, else 6: after all others."""
    if memory.source.type != "commit":
        return 0
    if not reason_of(memory):
        return 6
    return 0 if memory.why else 1


def _comments(ranker: Ranker, query: Query) -> list[int]:
    """Return the rows of the comments next to the line asked about."""
    view, spot = ranker.view, query.spots[0]
    if not query.committed:
        return []
    rows = view.catalog.rows_touching([spot.path])
    rows = rows[ranker.candidates.allowed(query.spots)[rows] & view.catalog.is_file[rows]]
    texts = ranker.texts.get([view.catalog.ids[row] for row in rows])
    return [
        view.catalog.row_of[memory.id]
        for memory in texts.values()
        if memory.source.path == spot.path
        and memory.source.line
        and memory.source.line - NEAR <= query.committed <= (memory.source.end_line or memory.source.line) + NEAR
    ]


def _links(ranker: Ranker, query: Query, anchors: Sequence[int]) -> list[tuple[int, str, int]]:
    """Return the rows that some rows fixed, reverted or followed up, or the reverse: (row, what it did, other row)."""

    def linked(edge: Edge) -> tuple[int, str, int]:
        names, named = RELATION_VERBS[edge.relation]
        return (edge.target, named, edge.source) if edge.source in anchors else (edge.source, names, edge.target)

    allowed = ranker.candidates.allowed(query.spots)
    ends = (edge for edge in ranker.view.edges if edge.relation in CHAIN and {edge.source, edge.target} & set(anchors))
    return [linked(edge) for edge in ends if allowed[edge.source] and allowed[edge.target]]
