"""User-facing phrases about memories: ages, counts, kinds, relevance, terms, status, failures, progress.

The engine puts finished phrases into its answers, so that the terminal, hovers and VS Code's view agree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

PLAIN_CHANGE = "change"  # the name of a commit of no other kind
ID_LENGTH = 8  # usually unique; every command accepts a unique prefix
TERMS = {"place": "location", "lex": "lexical", "sem": "semantic", "temp": "recency", "use": "usage"}
STEPS = {
    "waiting": "Waiting",
    "history": "Reading history",
    "files": "Reading files",
    "discussions": "Reading discussions",
    "compaction": "Compacting the index",
    "encoding": "Computing embeddings",
    "domains": "Grouping memories into domains",
}  # by phase of the indexer

TOLD = 60  # characters of a sentence by which it is recognised in a quote
DAY = 86400.0  # seconds
# What says of a merged branch only that it was merged.
_MERGE_OF = re.compile(r"^Merge (?:remote[- ]tracking )?(?:branch|pull request|PR|MR) (?=['#!\w])", re.IGNORECASE)
_UNITS = (
    ("year", 365.2425 * DAY),
    ("month", 30.436875 * DAY),
    ("week", 7 * DAY),
    ("day", DAY),
    ("hour", 3600.0),
    ("minute", 60.0),
)
# Evidence that concerns neither the line, nor its function, nor a name in it: see `route.reason.ReasonWriter`.
DISTANT = frozenset(
    [
        *(f"{verb} this file" for verb in ("changed", "in", "is about", "your note on")),
        *(f"{verb} nearby lines" for verb in ("changed", "is about")),
        "changed a file that often changes with this one",
        "similar in meaning",
        "recent",
        "",
    ]
)
_UNMARKED = ("candidate", "fresh", "moved")  # the usual status and freshness
# What JSON calls otherwise.
_STATES = {"candidate": "not validated", "replaced": "reverted", "drifted": "code changed", "gone": "code removed"}
_MEANINGS = {
    "validated": "validated (ranks higher)",
    "promoted": "promoted (ranks higher, hardly fades)",
    "archived": "archived (never suggested, still found by search)",
    "fresh": "its code is still there",
    "moved": "its code has moved",
    "drifted": "its code has changed",
    "gone": "its code was removed",
}  # of a status or a freshness, for the reader of one memory


def count(number: int, noun: str, plural: str = "") -> str:
    """Return "1 memory", "2,000 memories"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def missing_commits(commits: Sequence[str]) -> str:
    """Return which commits are missing from a history, "" if none is."""
    if not commits:
        return ""
    others = f" and {count(len(commits) - 1, 'other')}" if len(commits) > 1 else ""
    verb = "are" if others else "is"
    return f"commit {commits[0]}{others} {verb} missing or damaged; what came before is left out (see `git fsck`)"


def memories(number: int) -> str:
    """Return "1 memory", "2,000 memories"."""
    return count(number, "memory", "memories")


def ago(time: float, now: float) -> str:
    """Return "3 years ago" for a time in seconds since 1970, "" for 0 (unknown)."""
    if not time:
        return ""
    for unit, length in _UNITS:
        if now - time >= length:
            return f"{count(int((now - time) / length), unit)} ago"
    return "just now"


def duration(seconds: float) -> str:
    """Return a duration rounded for reading: "0.3 s", "12 s", "3 min 20 s", "2 h 5 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def kind_name(kind: str, source: str | None) -> str:
    """Return the name of a kind; only a note that the user wrote is "your note"."""
    if kind == "note":
        return {"commit": PLAIN_CHANGE, "file": "note", "discussion": "review"}.get(source or "", "your note")
    return {"anti_pattern": "anti-pattern"}.get(kind, kind.replace("_", " "))


def speaker(kind: str, agent: str = "") -> str:
    """Return what a remark about a commit is: "git note", "prompt to Claude Code", "summary by an agent"."""
    who = agent or "an agent"
    return {"prompt": f"prompt to {who}", "summary": f"summary by {who}"}.get(kind, "git note")


def of_suggestion(one: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Return the phrases of a suggestion in JSON.

    Args:
        one: the suggestion, in the format of the contract.
        now: seconds since 1970.

    Returns:
        kind; age, "" if unknown; agent, "" if none wrote it; quote, with what it is from; relevance, "" if unscored;
        domain, "" if unknown; marks, for unusual states; state, strength and life; proven, failure and episode, "" if
        there is none; shares, the signed share of the score by term, largest first.
    """
    return {
        "kind": kind_name(one["kind"], one["source"]["type"]),
        "age": ago(_seconds(one["source"]["time"]), now),
        "agent": f"with {agent}" if (agent := one["source"].get("agent")) else "",
        "quote": f"{one['quote_from']}: {one['quote']}" if one.get("quote_from") else one["quote"],
        "relevance": relevance(one),
        "domain": f"in {one['domain']}" if one["domain"].strip(".") else "",
        "marks": marks(one),
        "state": state(one),
        "strength": strength(one),
        "life": life(one),
        "proven": f"proven: {proven(one['proven'])}" if one["proven"] else "",
        "failure": failure(one) if one["failure"] else "",
        "episode": episode(one["episode"]) if one["episode"] else "",
        "shares": shares(one["terms"]),
    }


def relevance(one: Mapping[str, Any]) -> str:
    """Return "61% useful: wrote this line", or how relevant it is to a task in words.

    Without a probability that is the reason, as a sentence would begin.
    """
    useful, reason = one.get("usefulness"), str(one["why"])
    probability, word = (one["chance"], "relevant") if useful is None else (useful, "useful")
    if probability is None or one["source"]["type"] == "user":
        return reason[:1].upper() + reason[1:]
    percent = f"{probability:.0%}"
    shown = {"0%": "<1%", "100%": ">99%"}.get(percent, percent)  # an estimate is never certain
    return f"{shown} {word}" + (f": {reason}" if reason else "")


def is_about_the_line(one: Mapping[str, Any]) -> bool:
    """Whether a suggestion for a line has more to do with it than to have changed its file, or something near it."""
    return one["pinned"] or one["why"] not in DISTANT


def with_reason_alone(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a suggestion whose relevance line gives the reason without the probability."""
    return {**one, "phrases": {**one["phrases"], "relevance": relevance({**one, "chance": None, "usefulness": None})}}


def marks(one: Mapping[str, Any]) -> list[str]:
    """Return labels for unusual states: pinned, proven, on trial, and an unusual status or freshness."""
    labels = ["pinned"] * bool(one["pinned"]) + ["proven"] * bool(one["proven"]) + ["on trial"] * bool(one["trial"])
    return labels + [status_name(mark) for mark in (one["status"], one["freshness"]) if mark not in _UNMARKED]


def proven(where: Mapping[str, Any]) -> str:
    """Return "accepted 4 of 5 times in `parse_url`": where a memory proved useful, and how often."""
    times = f"all {where['of']}" if where["accepted"] == where["of"] else f"{where['accepted']} of {where['of']}"
    place = f"`{where['symbol']}`" if where["symbol"] else where["path"]
    asked = {"why": " as an explanation", "search": " for this search"}.get(where["task"], "")
    return f"accepted {times} times{asked}" + (f" in {place}" if place else "")


def state(one: Mapping[str, Any]) -> str:
    """Return status, freshness and pin of a suggestion, and what they mean: "not used yet; its code has changed"."""
    used = "used, not validated yet" if one["uses"] else "not used yet"
    status = used if one["status"] == "candidate" else one["status"]
    parts = (status, one["freshness"], "pinned" if one["pinned"] else "")
    return "; ".join(_MEANINGS.get(part) or status_name(part) for part in parts if part)


def status_name(state: str) -> str:
    """Return the name of a status or a freshness."""
    return _STATES.get(state, state.replace("_", " "))


def evidence(life: Mapping[str, Any]) -> str:
    """Return how often a memory was used, rejected after use, shown and hinted."""
    places = [f"{at['path']} ({at['symbol']})" if at["symbol"] else at["path"] for at in life["places"]]
    parts = [
        f"{count(life['uses'], 'use')} in {', '.join(places)}" if life["uses"] else "no uses",
        count(life["failures"], "failed use") if life["failures"] else "",
        f"shown {count(life['shown'], 'time')}" if life["shown"] else "",
        f"hinted {count(life['hinted'], 'time')} without use" if life["hinted"] else "",
    ]
    return "; ".join(part for part in parts if part)


def shares(terms: Mapping[str, float]) -> dict[str, str]:
    """Return the share of each term, such as "location +3.46", largest first, without those that round to 0."""
    ordered = sorted((term for term in terms if round(abs(terms[term]), 2)), key=lambda term: -abs(terms[term]))
    return {term: f"{TERMS[term]} {terms[term]:+.2f}" for term in ordered}


def failure(one: Mapping[str, Any]) -> str:
    """Return what became of a suggestion that failed, or what it ended; why, and what replaced that."""
    failed = one["failure"]
    by, instead = failed["by"], failed["replaced_by"]
    because = f": {failed['because']}" if failed["because"] else ""
    if failed["tried"] == by["title"]:
        return f"“{failed['tried']}” was abandoned{because}"
    reverted = failed["kind"] != "bug_pattern"
    if one["id"] == by["id"]:
        if failed["tried"] in one["title"] and failed["because"][:TOLD] in one["quote"] and not instead:
            return ""  # title and quote say it
        said = f"“{failed['tried']}” {'was reverted' if reverted else 'needed a fix'}"
    else:
        said = f"was reverted by {_named(by)}" if reverted else "needed a fix"
    named = instead if instead and instead["id"] not in (one["id"], by["id"] if reverted else "") else None
    return f"{said}{because}" + (f" → {_named(named)}" if named else "")


def _named(memory: Mapping[str, Any]) -> str:
    return f"{memory['title']} ({memory['id'][:ID_LENGTH]})"


def episode(grouped: Mapping[str, Any]) -> str:
    """Return "issue #12: 3 memories", "branch 'cache': 2 memories"."""
    title = _MERGE_OF.sub("", grouped["title"])
    return f"{grouped['kind']} {title}: {memories(grouped['count'])}"


def life(one: Mapping[str, Any]) -> str:
    """Return status, uses, confidence, and how far a suggestion has faded."""
    uses = one["uses"]
    parts = [
        status_name(one["status"]) if one["layer"] else "",
        f"{count(uses, 'use')}, {one['confidence']} confidence" if uses else "",
        strength(one),
    ]
    return "; ".join(part for part in parts if part)


def strength(one: Mapping[str, Any]) -> str:
    """Return how far a suggestion has faded, such as "faded to 59%, halves in 7 days of work without use"."""
    if one["half_life"] is None:
        return "pinned: does not fade"
    percent = f"{one['strength']:.0%}"
    left = {"100%": "not faded", "0%": "faded to <1%"}.get(percent, f"faded to {percent}")
    return f"{left}, halves in {count(max(1, round(one['half_life'])), 'day')} of work without use"


def of_event(event: Mapping[str, Any], now: float) -> dict[str, str]:
    """Return the phrases of one event in a memory's history: its name and age."""
    name = status_name(str(event.get("status") or event["event"]))
    return {"event": name, "age": ago(event["time"], now)}


def of_forgotten(one: Mapping[str, Any], title: str, now: float) -> dict[str, str]:
    """Return the phrases of a forgotten memory, whose text is erased: its name, and when it was forgotten.

    The name is the title of its commit, the commit where git has lost it ("" as `title`), or "your note".
    """
    name = title or (one["commit"] or "")[:9] or kind_name("note", "user")
    return {
        "name": " · ".join([name, *([one["path"]] if one["path"] else [])]),
        "age": f"forgotten {ago(_seconds(one['time']), now)}",
    }


def step(report: Mapping[str, Any]) -> str:
    """Return the indexer's phase with a percentage ("Reading history 42%"), or the reason for which it waits."""
    phase, total = STEPS.get(report["phase"], "Working"), report["total"]
    return f"{phase} {100 * report['done'] // total}%" if total > 1 else report.get("message") or phase


def _seconds(time: str | None) -> float:
    """Return the seconds since 1970 of an ISO 8601 time, 0 if unknown."""
    return datetime.fromisoformat(time).astimezone(UTC).timestamp() if time else 0.0
