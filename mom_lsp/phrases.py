"""The words for what mom knows: ages, counts, kinds, terms, lives, failures, progress.

The engine puts finished phrases into its answers, so that the terminal, hovers and VS Code's view say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

ID_LENGTH = 8  # enough to be unique; every command takes a unique prefix
TERMS = {"place": "place", "lex": "words", "sem": "meaning", "temp": "recency", "use": "use"}
STEPS = {
    "waiting": "Waiting",
    "history": "Reading history",
    "files": "Reading files",
    "compaction": "Compacting the index",
    "encoding": "Encoding memories",
    "domains": "Sorting memories into domains",
}  # by phase of the indexer

DAY = 86400.0  # seconds
_UNITS = (
    ("year", 365.2425 * DAY),
    ("month", 30.436875 * DAY),
    ("week", 7 * DAY),
    ("day", DAY),
    ("hour", 3600.0),
    ("minute", 60.0),
)
_ORDINARY = ("candidate", "fresh", "moved")  # a status or freshness that needs no mark


def count(number: int, noun: str, plural: str = "") -> str:
    """Return "1 memory", "2,000 memories"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def memories(number: int) -> str:
    """Return "1 memory", "2,000 memories"."""
    return count(number, "memory", "memories")


def ago(time: float, now: float) -> str:
    """Return "3 years ago" for a time in seconds since 1970; "" for 0, which stands for an unknown time."""
    if not time:
        return ""
    for unit, length in _UNITS:
        if now - time >= length:
            return f"{count(int((now - time) / length), unit)} ago"
    return "just now"


def duration(seconds: float) -> str:
    """Return a length of time with the precision that matters: "0.3 s", "12 s", "3 min 20 s", "2 h 5 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def kind_name(kind: str, source: str | None) -> str:
    """Return a kind as people read it: a note is the user's own only if the user wrote it."""
    if kind == "note":
        return {"commit": "change", "file": "remark"}.get(source or "", "your note")
    return kind.replace("_", " ")


def of_suggestion(one: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Return the phrases of a suggestion in JSON.

    Args:
        one: the suggestion, as the contract has it.
        now: seconds since 1970.

    Returns:
        kind; age, "" if unknown; marks, what is special about it; state, strength and life; failure and episode, "" if
        it is part of none; shares, by term: the signed share of the score, largest first.
    """
    return {
        "kind": kind_name(one["kind"], one["source"]["type"]),
        "age": ago(_seconds(one["source"]["time"]), now),
        "marks": marks(one),
        "state": state(one),
        "strength": strength(one),
        "life": life(one),
        "failure": failure(one["failure"]) if one["failure"] else "",
        "episode": episode(one["episode"]) if one["episode"] else "",
        "shares": shares(one["terms"]),
    }


def marks(one: Mapping[str, Any]) -> list[str]:
    """Return what is special about a suggestion: pinned, on trial, a status or freshness out of the ordinary."""
    said = ["pinned"] * bool(one["pinned"]) + ["on trial"] * bool(one["trial"])
    return said + [mark.replace("_", " ") for mark in (one["status"], one["freshness"]) if mark not in _ORDINARY]


def state(one: Mapping[str, Any]) -> str:
    """Return status, layer, confidence and freshness of a suggestion, and whether it is pinned."""
    layer = f"layer {one['layer']}" if one["layer"] else ""
    words = (
        one["status"],
        layer,
        f"confidence {one['confidence']}",
        one["freshness"],
        "pinned" if one["pinned"] else "",
    )
    return ", ".join(word.replace("_", " ") for word in words if word)


def evidence(life: Mapping[str, Any]) -> str:
    """Return the accepted and failed uses of a memory, and how often it was shown."""
    places = [f"{at['path']} ({at['symbol']})" if at["symbol"] else at["path"] for at in life["places"]]
    parts = [
        f"{count(life['uses'], 'accepted use')}, at {', '.join(places)}" if life["uses"] else "no accepted use",
        count(life["failures"], "failed use") if life["failures"] else "",
        f"shown {count(life['shown'], 'time')}" if life["shown"] else "",
        f"hinted {count(life['hinted'], 'time')} without use" if life["hinted"] else "",
    ]
    return "; ".join(part for part in parts if part)


def shares(terms: Mapping[str, float]) -> dict[str, str]:
    """Return "place +3.46" and the like by term, the largest first; without what rounds to nothing."""
    ordered = sorted((term for term in terms if round(abs(terms[term]), 2)), key=lambda term: -abs(terms[term]))
    return {term: f"{TERMS[term]} {terms[term]:+.2f}" for term in ordered}


def failure(failed: Mapping[str, Any]) -> str:
    """Return what was tried, why it did not hold, and what came instead."""
    instead = failed["replaced_by"] or failed["by"]
    verb = "needed a fix" if failed["kind"] == "bug_pattern" else "was reverted"
    because = f": {failed['because']}" if failed["because"] else ""
    return f"“{failed['tried']}” {verb}{because} → {instead['title']} ({instead['id'][:ID_LENGTH]})"


def episode(grouped: Mapping[str, Any]) -> str:
    """Return "issue #12: 3 memories"."""
    return f"{grouped['kind']} {grouped['title']}: {memories(grouped['count'])}"


def life(one: Mapping[str, Any]) -> str:
    """Return status, confidence, uses, tier, strength and half-life of a suggestion; "" if it has none."""
    uses = one["uses"]
    parts = [
        f"{one['status'].replace('_', ' ')}, layer {one['layer']}" if one["layer"] else "",
        f"{count(uses, 'accepted use')}, confidence {one['confidence']}" if uses else "",
        strength(one),
    ]
    return "; ".join(part for part in parts if part)


def strength(one: Mapping[str, Any]) -> str:
    """Return the tier and strength of a suggestion, and how long it lasts."""
    words = f"{one['tier']}, strength {one['strength']:.2f}"
    if one["half_life"] is None:
        return f"{words}, which does not fade while it is pinned"
    days = max(1, round(one["half_life"]))
    return f"{words}, half of it left after {count(days, 'active day')} without use"


def of_event(event: Mapping[str, Any], now: float) -> dict[str, str]:
    """Return the phrases of one event of a memory's history: what happened, and its age."""
    happened = str(event.get("status") or event["event"]).replace("_", " ")
    return {"event": happened, "age": ago(event["time"], now)}


def of_forgotten(one: Mapping[str, Any], now: float) -> dict[str, str]:
    """Return the phrases of a forgotten memory, whose text is gone: what it was, and when it was forgotten."""
    name = (one["commit"] or "")[:9] or kind_name("note", "user")
    return {
        "name": " · ".join([name, *([one["path"]] if one["path"] else [])]),
        "age": f"forgotten {ago(_seconds(one['time']), now)}",
    }


def step(report: Mapping[str, Any]) -> str:
    """Return what the indexer is doing, with a percentage ("Reading history 42%"), or why it waits."""
    words, total = STEPS.get(report["phase"], "Working"), report["total"]
    return f"{words} {100 * report['done'] // total}%" if total else report.get("message") or words


def _seconds(time: str | None) -> float:
    """Return the seconds since 1970 of an ISO 8601 time in UTC, 0 for an unknown one."""
    return datetime.fromisoformat(time).astimezone(UTC).timestamp() if time else 0.0
