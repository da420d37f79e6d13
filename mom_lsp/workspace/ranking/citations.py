"""What to say about why a line exists: its own commit first, then only what touches the line, is linked, or is likely.

Place, words and links count; time does not. A line that every file has (a bracket, an import, a lone return) is
answered by its own commit alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from mom_lsp.extract.quote import quote
from mom_lsp.lm.answer import SENTENCES, Clue, Sentence, of_comment, quote_of
from mom_lsp.memory import Memory, Scored
from mom_lsp.route.surprise import CHAIN
from mom_lsp.route.text_index import NOWHERE
from mom_lsp.workspace.ranking.explanation import AskedLine
from mom_lsp.workspace.ranking.hints import FEW_FILES
from mom_lsp.workspace.ranking.line_comment import LineComment, comment_at
from mom_lsp.workspace.ranking.ranker import Ranked, Ranker, unscored

CONSIDERED = 300  # candidates
OTHERS = 10  # of those that did not write the line are read
EARLIER, EARLIER_INSTEAD = 0.45, 0.2  # minimum usefulness of an earlier writer; where the last one gives no reason
REVIEW = 0.2  # the same of a review of the line
ELSEWHERE, ELSEWHERE_INSTEAD = 0.35, 0.2  # the same of any other commit, ...
SPEAKS = 0.5  # ... whose quoted sentence has to speak of what the line names
LINKED = 0.15  # minimum usefulness of what the line's commit fixed or followed up, or what did so to it
OF_LINE = 0.2  # how strongly any other sentence (of a list, a larger or another commit) has to speak of the line
TELLING, TELLING_OF_PLAIN = 0.12, 0.3  # informativeness of a title that is an answer; on a line that every file has
ALIKE = 0.7  # share of the words that the titles of one change have in common
RELATION_VERBS = {  # relation -> what the later memory did, and what was done to the earlier one
    "revert": ("reverted {other}", "was reverted by {other}"),
    "reapply": ("reapplied {other}", "was reapplied by {other}"),
    "partial_revert": ("reverted part of {other}", "was partly reverted by {other}"),
    "fixes": ("fixed {other}", "was fixed by {other}"),
    "followup": ("followed up on {other}", "was followed up by {other}"),
}
CERTAIN = frozenset({"revert", "reapply", "partial_revert"})
CERTAIN_VERBS = frozenset(verb for relation in CERTAIN for verb in RELATION_VERBS[relation])
CLOSES = re.compile(r"clos|fix|resolv", re.IGNORECASE)  # a trailer
ISSUE = re.compile(r"(?<!\w)#(\d{1,7})\b")
WORD = re.compile(r"\w{2,}")

Read = Callable[[Ranker, list[Ranked]], list[Scored]]


@dataclass(frozen=True, slots=True)
class Reasons:
    """What to cite about a line, best first, and a comment that is no memory."""

    cited: list[tuple[Scored, Clue]]
    comment: Sentence | None = None


def reasons(ranker: Ranker, asked: AskedLine, read: Read) -> Reasons:
    """Return what explains a line, at most three sentences.

    In this order: what the user pinned there; the commit that wrote the line; the user's notes and what proved useful
    there; a comment that touches it; a review of it; what reverted, fixed or followed up that commit, or was by it; who
    wrote the line before; another commit that speaks of what the line names.

    Args:
        ranker: of the worktree.
        asked: the line.
        read: returns ranked memories with their text.
    """
    return _Chooser(ranker, asked, read).reasons()


class _Chooser:
    """Chooses what to say about one line."""

    def __init__(self, ranker: Ranker, asked: AskedLine, read: Read) -> None:
        self._ranker, self._asked, self._view = ranker, asked, ranker.view
        evidence = ranker.evidence(asked.query, None)
        found = ranker.choose(evidence, asked.query, CONSIDERED, threshold=0.0, least_useful=0.0)
        self._users = evidence.user_rows | ranker.proven.keys()
        self._place, self._ranked = evidence.place, {one.row: one for one in found}
        self._likeliest = sorted(found, key=lambda one: -(one.usefulness or 0.0))[:OTHERS]
        self._hidden = ranker.candidates.suppressed(asked.query.spots)
        self._writers = self._rows_of_writers()
        self._own = self._row_of_own()
        self._links = list(self._linked())
        self._comment = comment_at(asked.spot.path, asked.lines, asked.number) if self._comments_count() else None
        self._comment_row = self._row_of_comment(self._comment)
        self._texts = self._read(read)

    def reasons(self) -> Reasons:
        """Return what to say."""
        own = self._own_clue()
        comment = self._uncited_comment(own.reason or "" if own is not None else "")
        chosen = self._different(list(self._clues(own)))[: SENTENCES - (comment is not None)]
        if own is not None and comment is None and len(chosen) == 1 and self._gives_nothing(own):
            chosen = [(row, replace(clue, alone=True)) for row, clue in chosen]
        return Reasons([(self._texts[row], clue) for row, clue in chosen], comment)

    def _clues(self, own: Clue | None) -> Iterator[tuple[int, Clue]]:
        """Yield what may be said, best first."""
        users = sorted(row for row in self._users if row in self._texts and row != self._own)
        pinned = [row for row in users if self._texts[row].usage.pinned][: SENTENCES - 1]
        yield from ((row, self._clue(row, self._evidence_of(row) or "is pinned here")) for row in pinned)
        if own is not None:
            yield self._own, own
        yield from ((row, self._clue(row, f"is about {self._asked.name}")) for row in users if row not in pinned)
        if self._asked.is_new and not self._asked.is_plain:
            yield from islice(self._nearby_clues(), 1)
        if self._asked.is_new:
            return
        if self._comment is not None and self._comment_row in self._texts:
            yield self._comment_row, replace(self._clue(self._comment_row, ""), line=self._comment.first)
        if not self._asked.is_plain:
            silent = own is None or not own.reason
            yield from ((row, self._clue(row, "")) for row in self._reviews()[:1] if row in self._texts)
            yield from islice(self._linked_clues(), 1)
            yield from islice(self._earlier_clues(EARLIER_INSTEAD if silent else EARLIER), 1)
            yield from self._other_clues(ELSEWHERE_INSTEAD if silent else ELSEWHERE)

    # The rows

    def _reviews(self) -> list[int]:
        """Return the rows of the discussions that are about the line, the most useful first."""
        lines = self._place.lines if self._place is not None else {}
        about = (row for row, at in lines.items() if self._asked.number in at and row not in self._hidden)
        found = [row for row in about if self._view.catalog.is_discussion[row] and self._usefulness(row) >= REVIEW]
        return sorted(found, key=self._usefulness, reverse=True)

    def _rows_of_writers(self) -> list[int]:
        """Return the rows of the commits that wrote the line, newest first."""
        writer = self._asked.spot.writers.get(self._asked.number)
        commits = [writer, *self._asked.spot.earlier.get(self._asked.number, ())] if writer else []
        rows = dict.fromkeys(self._view.catalog.row_of_commit.many(commits).tolist())
        return [row for row in rows if row != NOWHERE and self._view.valid[row] and row not in self._hidden]

    def _row_of_own(self) -> int:
        """Return the writer of the line to name first, not one that only moved or formatted it; NOWHERE if unknown."""
        moved = self._asked.moved and len(self._writers) > 1
        wrote = (row for row in self._writers[moved:] if self._view.suggestible[row])
        return next(wrote, next(iter(self._writers), NOWHERE))

    def _linked(self) -> Iterator[tuple[int, str]]:
        """Yield what the line's commit fixed, reverted or followed up, or the reverse: (row, how that is said)."""
        allowed = self._ranker.candidates.allowed(self._asked.query.spots)
        for edge in self._view.edges if self._own != NOWHERE and not self._asked.is_plain else ():
            if edge.relation not in CHAIN or self._own not in (edge.source, edge.target):
                continue
            row = edge.target if edge.source == self._own else edge.source
            touches = self._place is not None and self._place.file[row] > 0 and self._usefulness(row) >= LINKED
            if allowed[row] and (edge.relation in CERTAIN or touches):
                yield row, RELATION_VERBS[edge.relation][row == edge.target]

    def _comments_count(self) -> bool:
        return self._asked.comments and not self._asked.is_plain and not self._asked.is_new

    def _row_of_comment(self, comment: LineComment | None) -> int:
        """Return the row of the memory that a comment of the open text is, NOWHERE if it is none."""
        file = self._asked.query.file
        lines = [line for line in file.mapped[comment.first - 1 : comment.last] if line] if comment and file else []
        if not lines:
            return NOWHERE
        catalog, path = self._view.catalog, self._asked.spot.path
        rows = catalog.rows_touching([path])
        rows = rows[self._view.valid[rows] & catalog.is_file[rows]]
        for memory in self._ranker.texts.get([catalog.ids[row] for row in rows]).values():
            source = memory.source
            first, last = source.line or 0, source.end_line or source.line or 0
            if source.path == path and first <= lines[-1] and lines[0] <= last:
                return catalog.row_of[memory.id]
        return NOWHERE

    def _read(self, read: Read) -> dict[int, Scored]:
        """Return all memories that may be cited, by row."""
        likely = [one.row for one in self._likeliest if (one.usefulness or 0.0) >= ELSEWHERE_INSTEAD]
        rows = [
            *self._users,
            *self._writers,
            *self._reviews(),
            *(row for row, _ in self._links),
            self._comment_row,
            *likely,
        ]
        wanted = [row for row in dict.fromkeys(rows) if row != NOWHERE and row not in self._hidden]
        row_of = self._view.catalog.row_of
        found = read(self._ranker, [self._ranked.get(row) or unscored(row) for row in wanted])
        return {row_of[one.memory.id]: one for one in found}

    # What is said of them

    def _own_clue(self) -> Clue | None:
        if self._own not in self._texts:
            return None
        is_first = self._own == self._writers[-1]
        clue = self._clue(self._own, f"{'wrote' if is_first else 'last changed'} {self._asked.name}")
        if not self._asked.is_plain or quote_of(clue.memory, self._asked.words).overlap > 0:
            return clue
        return replace(clue, reason="")

    def _linked_clues(self) -> Iterator[tuple[int, Clue]]:
        own = self._texts.get(self._own)
        for row, does in self._links if own is not None else ():
            if own is not None and row in self._texts and not _are_siblings(own.memory, self._texts[row].memory):
                clue = replace(self._clue(row, does), other=own.memory)
                if clue.reason or does in CERTAIN_VERBS:
                    yield row, clue

    def _earlier_clues(self, least: float) -> Iterator[tuple[int, Clue]]:
        for row in self._writers:
            if row != self._own and row in self._texts and self._usefulness(row) >= least:
                clue = self._clue(row, f"made an earlier change to {self._asked.name}")
                if clue.reason:
                    yield row, clue

    def _nearby_clues(self) -> Iterator[tuple[int, Clue]]:
        """Yield what changed the code around a line that nobody wrote yet, and says something about it."""
        for one in self._likeliest:
            is_near = self._place is not None and (self._place.symbol[one.row] > 0 or self._place.near[one.row] > 0)
            if is_near and one.row in self._texts and self._usefulness(one.row) >= ELSEWHERE_INSTEAD:
                clue = self._clue(one.row, one.place_evidence)
                if clue.reason and not self._view.catalog.is_file[one.row]:
                    yield one.row, clue

    def _other_clues(self, least: float) -> Iterator[tuple[int, Clue]]:
        for one in self._likeliest:
            if one.row in self._texts and one.usefulness is not None and one.usefulness >= least:
                memory = self._texts[one.row].memory
                speaks = quote("", f"{memory.title}.\n\n{memory.body}", self._asked.words).overlap >= SPEAKS
                if speaks and not self._view.catalog.is_file[one.row]:
                    yield one.row, self._clue(one.row, one.place_evidence)

    def _uncited_comment(self, said: str) -> Sentence | None:
        """Return the comment that is no memory, None if there is none or what was said already has its words."""
        if self._comment is None or self._comment_row != NOWHERE or _covers(said, self._comment.text):
            return None
        return of_comment(self._comment.first, self._comment.text, self._asked.place)

    def _clue(self, row: int, does: str) -> Clue:
        """Return a clue, whose reason is "" unless the sentence to quote is about the line or all of the commit."""
        memory = self._texts[row].memory
        found = quote_of(memory, self._asked.place)
        if memory.source.type != "commit":
            return Clue(memory, does, place=self._asked.place, reason=found.text)
        is_own = row == self._own or self._asked.is_new  # what changed the code around a new line need not name it
        whole = is_own and not found.item and self._view.catalog.path_count[row] <= FEW_FILES
        speaks = quote_of(memory, self._asked.words).overlap if found.item else found.overlap
        reason = found.text if whole or speaks >= OF_LINE else ""
        return Clue(memory, does, place=self._asked.place, reason=reason)

    def _evidence_of(self, row: int) -> str:
        return self._ranked[row].place_evidence if row in self._ranked else ""

    def _usefulness(self, row: int) -> float:
        return (self._ranked[row].usefulness or 0.0) if row in self._ranked else 0.0

    def _gives_nothing(self, clue: Clue) -> bool:
        """Whether neither the message of a commit nor its title gives a reason."""
        memory = clue.memory
        least = TELLING_OF_PLAIN if self._asked.is_plain else TELLING
        telling = memory.kind != "note" or memory.informative >= least
        return not clue.reason and not telling and not quote_of(memory).text

    def _different(self, clues: Sequence[tuple[int, Clue]]) -> list[tuple[int, Clue]]:
        """Return the first clue of each change: a merge and its commit are one, and so are two with one title."""
        same, chosen = self._view.catalog.same_change, list[tuple[int, Clue]]()
        for row, clue in clues:
            known = (
                same[row] == same[at] or (clue.other is None and _alike(clue.memory.title, one.memory.title))
                for at, one in chosen
            )
            if not any(known):
                chosen.append((row, clue))
        return chosen


def _are_siblings(one: Memory, other: Memory) -> bool:
    """Whether two commits are linked only by the number of an issue that both close."""
    return _share_issue(one, other) or _share_issue(other, one)


def _share_issue(later: Memory, earlier: Memory) -> bool:
    """Whether all that links a commit to an earlier one is an issue's number: "Closes #12", without a word on it."""
    named = any(sha.startswith(one.target) for one in later.references for sha in earlier.commits)
    closed = {number for key, value in earlier.trailers if CLOSES.match(key) for number in ISSUE.findall(value)}
    shared = closed & {number for one in later.references for number in ISSUE.findall(one.target)}
    return bool(shared) and not named and shared.isdisjoint(ISSUE.findall(later.body))


def _alike(one: str, other: str) -> bool:
    """Whether two texts have most words in common."""
    return _covers(one, other) and _covers(other, one)


def _covers(text: str, other: str) -> bool:
    """Whether a text has most words of another."""
    said, words = (set(WORD.findall(one.lower())) for one in (text, other))
    return bool(words) and len(said & words) >= ALIKE * len(words)
