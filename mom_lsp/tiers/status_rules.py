"""The life cycle: which status the evidence gives a memory, which has to prove itself by being used again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mom_lsp.memory import Confidence, Status, Usage

PLACES_FOR_LAYER_1, USES_FOR_LAYER_2, USES_FOR_HIGH = 2, 5, 3
QUIET_AFTER = 10  # days on which a hint was on the screen of a file and nothing was made of it
NEVER = "marked as never useful"
NOT_PROCEDURES = frozenset({"bug_pattern", "anti_pattern", "failed_approach", "known_issue"})  # say what not to do


@dataclass(frozen=True, slots=True)
class HistoryEvidence:
    """What the history of HEAD says for and against a memory, by commits."""

    replaced_by: str = ""  # the commit that took it back
    kept: Sequence[str] = field(default=())  # edits where it had been accepted, which have stayed
    reverted: Sequence[str] = field(default=())  # such edits that were reverted: the commits that did so
    refixed: bool = False  # it is a fix that had to be fixed


@dataclass(frozen=True, slots=True)
class Verdict:
    """The status that the evidence gives, and the commit that it rests on, "" if on none."""

    status: Status
    layer: int
    reason: str
    commit: str = ""


def judge(usage: Usage, past: HistoryEvidence, kind: str) -> Verdict:
    """Return what evidence makes of a memory (SCMS Layer 0); disuse and exposure make nothing of it."""
    if past.replaced_by:
        return Verdict("replaced", 0, f"reverted by {past.replaced_by[:10]}", past.replaced_by)
    if usage.never:
        return Verdict("archived", 0, NEVER)
    if 2 * failures(usage, past) >= max(1, usage.uses):
        words, commit = _failure(past)
        return Verdict("needs_revision", 0, words, commit)
    proven = _proven(usage, past)
    if proven is not None:
        if usage.uses >= USES_FOR_LAYER_2 and kind not in NOT_PROCEDURES:
            return Verdict("promoted", 2, f"a procedure used {usage.uses} times", proven.commit)
        return proven
    return Verdict("candidate", 0, "used in one place so far" if usage.uses else "")


def is_quiet(usage: Usage) -> bool:
    """Whether a memory's hint is worth but a few words: it was on the screen often enough to be known."""
    return usage.hinted >= QUIET_AFTER and not usage.pinned


def confidence(usage: Usage, past: HistoryEvidence) -> Confidence:
    """Return high for three uses and no failure, low for what is untested or failed as often as not, else medium.

    A fix that had to be fixed is a failure that history knows of.
    """
    failed = failures(usage, past)
    if past.replaced_by or not usage.uses or 2 * failed >= usage.uses:
        return "low"
    return "high" if usage.uses >= USES_FOR_HIGH and not failed and not past.refixed else "medium"


def failures(usage: Usage, past: HistoryEvidence) -> int:
    """Return how many accepted uses did not hold."""
    return usage.failures + len(past.reverted)


def _failure(past: HistoryEvidence) -> tuple[str, str]:
    if past.reverted:
        return f"an edit it helped with was reverted by {past.reverted[-1][:10]}", past.reverted[-1]
    return "dismissed where it had been accepted", ""


def _proven(usage: Usage, past: HistoryEvidence) -> Verdict | None:
    if len(usage.places) >= PLACES_FOR_LAYER_1:
        return Verdict("validated", 1, f"used in {len(usage.places)} different places")
    if past.kept:
        return Verdict("validated", 1, f"the edit {past.kept[0][:10]} it helped with was not reverted", past.kept[0])
    return None
