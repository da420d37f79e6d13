"""The life of a suggestion in words, for a terminal and for a hover."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def life(suggestion: Mapping[str, Any]) -> str:
    """Return status, confidence, uses, tier, strength and half-life of a suggestion in JSON; "" if it tells none."""
    uses = suggestion.get("uses") or 0
    parts = [
        f"{suggestion['status'].replace('_', ' ')}, layer {suggestion['layer']}" if suggestion.get("layer") else "",
        f"{counted(uses, 'accepted use')}, confidence {suggestion.get('confidence', 'low')}" if uses else "",
        fading(suggestion),
    ]
    return "; ".join(part for part in parts if part)


def fading(suggestion: Mapping[str, Any]) -> str:
    """Return the tier and strength of a suggestion, and how long it lasts; "" if it has none."""
    if "strength" not in suggestion:
        return ""
    words = f"{suggestion['tier']}, strength {suggestion['strength']:.2f}"
    if suggestion.get("half_life") is None:
        return f"{words}, which does not fade while it is pinned"
    days = max(1, round(suggestion["half_life"]))
    return f"{words}, half of it left after {counted(days, 'active day')} without use"


def counted(number: int, noun: str) -> str:
    """Return "1 use", "2 uses"."""
    return f"{number:,} {noun}{'s' * (number != 1)}"
