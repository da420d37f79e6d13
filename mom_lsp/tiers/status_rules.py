"""The life cycle: the status that follows from a memory's evidence. A memory is validated by being used again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mom_lsp.memory import Confidence, Status, Usage

PLACES_FOR_LAYER_1, USES_FOR_LAYER_2, USES_FOR_HIGH = 2, 5, 3
QUIET_AFTER = 10  # days with an unused hint on the screen
NEVER = "marked “Never suggest”"
NOT_PROCEDURES = frozenset({"bug_pattern", "anti_pattern", "failed_approach", "known_issue"})  # say what not to do


@dataclass(frozen=True, slots=True)
class HistoryEvidence:
    """The commits in HEAD's history that count for or against a memory."""

    replaced_by: str = ""  # the commit that reverted it
    kept: Sequence[str] = field(default=())  # edits where it had been accepted that were not reverted
    reverted: Sequence[str] = field(default=())  # the commits that reverted such edits
    refixed: bool = False  # whether it is a fix that was fixed later


@dataclass(frozen=True, slots=True)
class Verdict:
    """The status that follows from the evidence, and the commit it depends on, "" if none."""

    status: Status
    layer: int
    reason: str
    commit: str = ""


def judge(usage: Usage, past: HistoryEvidence, kind: str) -> Verdict:
    """Return the status that follows from the evidence (SCMS Layer 0); disuse and impressions do not count."""
    if past.replaced_by:
        return Verdict("replaced", 0, f"reverted by {past.replaced_by[:10]}", past.replaced_by)
    if usage.never:
        return Verdict("archived", 0, NEVER)
    if 2 * failures(usage, past) >= max(1, usage.uses):
        words, commit = _failure(past)
        return Verdict("needs_revision", 0, words, commit)
    validated = _validated(usage, past)
    if validated is not None:
        if usage.uses >= USES_FOR_LAYER_2 and kind not in NOT_PROCEDURES:
            return Verdict("promoted", 2, f"used {usage.uses} times", validated.commit)
        return validated
    return Verdict("candidate", 0, "used in one place so far" if usage.uses else "")


def is_quiet(usage: Usage) -> bool:
    """Whether a memory's hint is shortened: it was on the screen often enough to be known."""
    return usage.hinted >= QUIET_AFTER and not usage.pinned


def confidence(usage: Usage, past: HistoryEvidence) -> Confidence:
    """Return high for three uses without failure, low for no use or as many failures as successes, else medium.

    A fix that itself had to be fixed counts as a failure.
    """
    failed = failures(usage, past)
    if past.replaced_by or not usage.uses or 2 * failed >= usage.uses:
        return "low"
    return "high" if usage.uses >= USES_FOR_HIGH and not failed and not past.refixed else "medium"


def failures(usage: Usage, past: HistoryEvidence) -> int:
    """Return how many uses failed."""
    return usage.failures + len(past.reverted)


def _failure(past: HistoryEvidence) -> tuple[str, str]:
    if past.reverted:
        return f"an edit it helped with was reverted by {past.reverted[-1][:10]}", past.reverted[-1]
    return "dismissed where it had been accepted", ""


def _validated(usage: Usage, past: HistoryEvidence) -> Verdict | None:
    if len(usage.places) >= PLACES_FOR_LAYER_1:
        return Verdict("validated", 1, f"used in {len(usage.places)} different places")
    if past.kept:
        return Verdict("validated", 1, f"the edit {past.kept[0][:10]} it helped with was not reverted", past.kept[0])
    return None
