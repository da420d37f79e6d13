"""Failed approaches in words, and warnings about lines that repeat one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mom_lsp.extract.message import prose, sentences, shorten
from mom_lsp.extract.quote import is_pointer
from mom_lsp.extract.reverts import announces
from mom_lsp.memory import FORGOTTEN, TERMS, Failed, Memory, Scored
from mom_lsp.route.failures import Block, Failure, Failures
from mom_lsp.route.reason import WARNING
from mom_lsp.route.view import View
from mom_lsp.tiers.lifecycle import Life
from mom_lsp.workspace.answers.freshness_check import FreshnessChecker
from mom_lsp.workspace.ranking.candidates import TextReader
from mom_lsp.workspace.ranking.ranker import Ranked

MAX_BECAUSE = 200  # characters
MAX_NAMED = 4  # references of a fix; one with more is not mainly about any of them
PRESENT = ("fresh", "moved")  # freshness of code that is still there
CONFLICTS = "conflicts:"  # the heading of a list that git writes


class FailureAnnotator:
    """Adds the failures of one HEAD to suggestions, and finds warnings."""

    def __init__(self, texts: TextReader, view: View, checker: FreshnessChecker) -> None:
        self.checker = checker
        self.holds: dict[str, bool] = {}  # whether the code of a memory that proved useful is still there, by id
        self._texts, self._view = texts, view
        self._failures = Failures(view)

    def annotated(self, found: Sequence[Scored]) -> list[Scored]:
        """Return suggestions with the failure that each is part of, if any."""
        row_of = self._view.catalog.row_of
        rows = [row_of.get(one.memory.id) for one in found]
        found = [
            _reinstated(one) if row in self._view.replaced_by else one for one, row in zip(found, rows, strict=True)
        ]
        failures = [self._failures.of(row) if row is not None else None for row in rows]
        memories = self._memories([failure for failure in failures if failure])
        return [
            replace(one, failure=self._failed(failure, memories, again=one.reason.startswith(WARNING)))
            if failure
            else one
            for one, failure in zip(found, failures, strict=True)
        ]

    def warnings(self, path: str, blocks: Sequence[Block], life: Life) -> list[Ranked]:
        """Return the memory that ended an approach which new lines of an open text repeat, at the first of these lines.

        Warnings are not chosen by their score, which is therefore 0.

        Args:
            path: of the file.
            blocks: its new lines.
            life: the feedback; what is unwanted there or forgotten is left out.
        """
        repeated = self._failures.repeated(path, blocks) if blocks else []
        names = self._view.names_of(path) if repeated else []
        memories = self._memories([failure for _, failure in repeated])
        found: dict[int, Ranked] = {}
        for block, failure in repeated:
            row = failure.by if self._view.suggestible[failure.by] else failure.tried
            usage, failed = life.of(self._view.catalog.ids[row]), self._failed(failure, memories, again=True)
            unwanted = usage.forgotten or usage.never or usage.is_dismissed(names, block.symbol)
            if failed is not None and not unwanted:
                ended = "proposed before and abandoned" if failure.by == failure.tried else "tried before and reverted"
                words = f"{WARNING}this was {ended}" + (failed.because and f": {failed.because}")
                found.setdefault(row, Ranked(row, 0.0, dict.fromkeys(TERMS, 0.0), words, lines=(block.line,)))
        return list(found.values())

    def _failed(self, failure: Failure, memories: dict[int, Memory], *, again: bool = False) -> Failed | None:
        """Return a failure in words, None if its memories are gone, or if the code that was tried is still there."""
        tried, by = memories.get(failure.tried), memories.get(failure.by)
        if tried is not None and failure.by == failure.tried:  # its text says why, so that only a warning repeats it
            own = (tried.id, tried.title)
            return (
                Failed("failed_approach", tried.title, shorten(tried.why, MAX_BECAUSE), own, again=True)
                if again
                else None
            )
        if tried is None or by is None or tried.kind == "failed_approach":  # a revert: the original change is back
            return None
        if failure.kind == "bug_pattern":
            if not _fixes(by, tried):
                return None
        elif tried.added_lines and self.checker.code_states([tried])[0].freshness in PRESENT:
            return None
        instead = memories.get(failure.replacement) if failure.replacement is not None else None
        return Failed(
            kind=failure.kind,
            tried=tried.title,
            because=failure_reason(by),
            by=(by.id, by.title),
            replaced_by=(instead.id, instead.title) if instead else None,
            again=again,
        )

    def _memories(self, failures: Sequence[Failure]) -> dict[int, Memory]:
        ids = self._view.catalog.ids
        rows = {row for f in failures for row in (f.tried, f.by, f.replacement) if row is not None}
        found = self._texts.get([ids[row] for row in rows])
        return {row: memory for row in rows if (memory := found.get(ids[row])) and memory.noise != FORGOTTEN}


def _reinstated(one: Scored) -> Scored:
    """Return a reverted memory, which stands again if its code is back; a reverted revert is no failed approach."""
    if one.memory.kind == "failed_approach":
        return replace(one, memory=replace(one.memory, kind="note"))
    if one.lifecycle.status != "replaced" or not one.memory.added_lines or one.freshness not in PRESENT:
        return one
    lifecycle = replace(one.lifecycle, status="candidate", reason="it was reverted, and its code is back")
    return replace(one, lifecycle=lifecycle, replacement=None)


def warnings_first(warnings: Sequence[Ranked], chosen: Sequence[Ranked]) -> list[Ranked]:
    """Return the warnings, then the other chosen memories."""
    warned = {one.row for one in warnings}
    return [*warnings, *(one for one in chosen if one.row not in warned)]


def failure_reason(memory: Memory) -> str:
    """Return the first sentence that says why a change was reverted, rather than that it was; "" if there is none."""
    candidates = [*sentences(memory.why), *sentences(prose(memory.body))]
    return shorten(next(filter(_says_why, candidates), ""), MAX_BECAUSE)


def _says_why(sentence: str) -> bool:
    return not (announces(sentence) or is_pointer(sentence) or sentence.lower().startswith(CONFLICTS))


def _fixes(by: Memory, tried: Memory) -> bool:
    """Whether a fix references a change by hash; a number may be an issue that both are about."""
    named = {ref.target for ref in by.references if ref.relation == "fixes" and not ref.target.startswith("#")}
    return len(by.references) <= MAX_NAMED and any(sha.startswith(name) for sha in tried.commits for name in named)
