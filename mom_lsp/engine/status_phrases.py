"""User-facing phrases about the state of a repository's index, for `mom status` and status bars."""

from __future__ import annotations

from typing import Any

from rich.filesize import decimal

from mom_lsp.phrases import count, memories, step

NO_COMMITS = "No commits yet: memories appear with the first ones"
OFFLINE = "Everything stays on this machine"
PACES = {"episodic": "fast", "working": "slowly", "semantic": "hardly at all"}  # by tier
STATUSES = {
    "validated": "validated (proved useful)",
    "promoted": "promoted (useful five times or more)",
    "needs_revision": "to revise (failed as often as useful)",
    "replaced": "reverted",
    "archived": "archived (never suggested)",
}  # that a memory gets by use, or by a revert


def rows(status: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a status as (name, value), without empty values."""
    engine, promoted, model = status["engine"], status["promoted_lately"], status["model"]
    sources = f"{count(status['commits'], 'commit')} and the files of HEAD" if status["git"] else "the files"
    indexed = f"{status['memories']:,} from {sources}, not counting routine history"
    found = [
        ("folder", status["root"] + ("" if status["git"] else " (not a git repository)")),
        ("HEAD", (status["head"] or "")[:10]),
        ("index", _index(status)),
        ("memories", indexed if status["indexed"] else "none indexed yet"),
        ("embeddings", _share(status["encoded"], status["searchable"], "distinct text")),
        ("fading", _fading(status["tiers"])),
        ("status", _counts(status["statuses"], STATUSES)),
        ("promoted", f"{memories(promoted)} recently (see `mom review`)" if promoted else ""),
        ("feedback", _feedback(status)),
        ("variety", _variety(status["variety"])),
        ("encoder", _encoder(status)),
        ("model", _model(model)),
        ("attention", _traces(model["traces"])),
        ("engine", f"running ({_process(engine)})" if engine else "not running"),
        ("data", f"{status['data']} ({decimal(status['disk_bytes'])})"),
    ]
    return [(name, value) for name, value in found if value]


def summary(state: dict[str, Any]) -> list[str]:
    """Return the lines of a status bar's tooltip."""
    feedback = _feedback(state)
    return [
        memories(state["memories"]) + (f", {feedback}" if feedback else ""),
        *([state["waiting"]] if state["waiting"] else []),
        *([] if state["git"] else ["Not a git repository: comments and documents only"]),
        *([NO_COMMITS] if state["unborn"] else []),
        OFFLINE,
        *state["problems"],
    ]


def working(state: dict[str, Any]) -> str:
    """Return what the indexer is doing, "" if it is idle."""
    if state["indexing"]:
        return step(state["indexing"])
    awaited = state["git"] and not state["indexed"] and not state["unborn"] and not state["problems"]
    return step({"phase": "history", "done": 0, "total": 0}) if awaited else ""


def _index(status: dict[str, Any]) -> str:
    """Return whether the index is up to date with HEAD, or what the indexer is doing; "" where there is no index."""
    if status["indexing"]:
        return step(status["indexing"])
    if not status["git"] or not status["indexed"]:
        return ""
    return "up to date" if status["complete"] else "not up to date with HEAD (run `mom index`)"


def _feedback(state: dict[str, Any]) -> str:
    parts = [f"{state[name]:,} {name}" for name in ("pinned", "forgotten") if state[name]]
    return ", ".join([*parts, *([count(state["notes"], "note")] if state["notes"] else [])])


def _encoder(status: dict[str, Any]) -> str:
    return str(status["encoder"] or "none (search by words only)")


def _fading(tiers: dict[str, int]) -> str:
    """Return how fast the memories fade, "" if all do at the same rate."""
    return (
        f"{_counts(tiers, PACES)}: the more a memory is used, the slower" if sum(map(bool, tiers.values())) > 1 else ""
    )


def _counts(numbers: dict[str, int], names: dict[str, str]) -> str:
    """Return counts by name, without those that are 0 or have no name."""
    return ", ".join(f"{number:,} {names[key]}" for key, number in numbers.items() if number and key in names)


def _variety(variety: dict[str, Any]) -> str:
    """Return how varied the last suggestions were, "" while there are too few."""
    if variety["value"] is None:
        return ""
    distinct, last = memories(variety["memories"]), count(variety["selections"], "suggestion")
    return f"{variety['value']:.2f} on a scale of 0 to 1 ({distinct} in the last {last})"


def _model(model: dict[str, Any]) -> str:
    if model["pid"]:
        return f"{model['name']}, running ({_process(model)})"
    known = "ready (starts when needed)" if model["tested"] else "installed (loads on first use)"
    return str(model["problem"] or known)


def _traces(traces: dict[str, Any] | None) -> str:
    """Return what the attention bias was learned from, "" if from nothing."""
    if not traces or not traces["texts"]:
        return ""
    texts = count(traces["texts"], "text")
    return f"bias learned from {texts}, strength {traces['strength']:g} ({decimal(traces['bytes'])})"


def _process(process: dict[str, Any]) -> str:
    """Return the id of a process, and its memory use where the system reports it."""
    memory = f", {decimal(process['memory_bytes'])} of memory" if process["memory_bytes"] else ""
    return f"pid {process['pid']}{memory}"


def _share(number: int, total: int, noun: str) -> str:
    """Return a count of a total and its share, "" for 0."""
    return f"{number:,} of {count(total, noun)} ({min(1.0, number / total):.0%})" if number and total else ""
