"""Trailers that record a decision: "Constraint:", "Rejected:", "Directive:", "Why:" and the like.

People and agents write them so that the reason of a change is found again. `Rejected: a file watcher | it misses
changes on network drives` names the alternative and why it was not taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mom_lsp.extract.kinds import text_kind
from mom_lsp.memory import Kind

Trailers = Sequence[tuple[str, str]]

REASONS = ("why", "rationale", "reason", "decision")  # the best first
_DECIDES = re.compile(r"(?:decision|rejected(?:-\w+)?|constraints?|trade-?offs?)$", re.IGNORECASE)
_DIRECTS = re.compile(r"directives?$", re.IGNORECASE)
_SAYS = re.compile(rf"(?:{'|'.join(REASONS)}|{_DECIDES.pattern[:-1]}|{_DIRECTS.pattern[:-1]})$", re.IGNORECASE)
_BAR = re.compile(r"(?<!\s)\s++\|\s+")  # between an alternative and why it was rejected


def decisions(trailers: Trailers) -> tuple[str, ...]:
    """Return what the trailers of a decision say, as they are to be read: "Rejected: a file watcher; it misses …"."""
    return tuple(f"{key}: {_BAR.sub('; ', value)}" for key, value in trailers if _SAYS.match(key))


def stated_reason(trailers: Trailers) -> str:
    """Return the value of the trailer that states the reason of a change, else what was decided; "" without either."""
    of_key = {key.lower(): value for key, value in reversed(trailers)}
    for key in REASONS:
        if key in of_key:
            return of_key[key]
    return next(iter(decisions([one for one in trailers if _DECIDES.match(one[0])])), "")


def trailer_kind(trailers: Trailers) -> Kind | None:
    """Return the kind of a commit by its trailers, None if they record no decision and direct nobody."""
    for key, value in trailers:
        if _DIRECTS.match(key):
            return "anti_pattern" if text_kind(value) == "anti_pattern" else "convention"
    return "decision" if any(_DECIDES.match(key) for key, _ in trailers) else None
