"""How `mom status` and a status bar word what is known of a repository."""

from __future__ import annotations

from typing import Any

from rich.filesize import decimal

from mom_lsp.phrases import count, memories, step

OFFLINE = "Everything stays on this machine"


def rows(status: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a status as (name, value), without what says nothing."""
    engine, indexing, lately = status["engine"], status["indexing"], status["promoted_lately"]
    model = status["model"]
    read = f"{status['memories']:,} from {count(status['commits'], 'commit')}"
    found = [
        ("folder", status["root"] + ("" if status["git"] else " (no git repository)")),
        ("HEAD", (status["head"] or "")[:10]),
        ("memories", read if status["indexed"] else "nothing is indexed yet"),
        ("encoded", _part(status["encoded"], status["searchable"])),
        ("encoder", _encoder(status)),
        ("model", _model(model)),
        ("attention", _traces(model["traces"])),
        ("tiers", _counts(status["tiers"])),
        ("status", _counts(status["statuses"])),
        ("lately", f"{memories(lately)} promoted, see `mom review`" if lately else ""),
        ("variety", _variety(status["variety"])),
        ("yours", _yours(status)),
        ("indexing", step(indexing) if indexing else ""),
        ("engine", f"running, process {engine['pid']}{_held(engine)}" if engine else "not running"),
        ("data", f"{status['data']} · {decimal(status['disk_bytes'])}"),
    ]
    return [(name, value) for name, value in found if value]


def summary(state: dict[str, Any]) -> list[str]:
    """Return the lines of a status bar's tooltip."""
    yours = _yours(state)
    return [
        memories(state["memories"]) + (f", {yours}" if yours else ""),
        *([state["waiting"]] if state["waiting"] else []),
        *([] if state["git"] else ["Not a git repository: comments and documents only"]),
        OFFLINE,
        *state["problems"],
    ]


def working(state: dict[str, Any]) -> str:
    """Return what the indexer is doing, "" if it rests."""
    if state["indexing"]:
        return step(state["indexing"])
    return step({"phase": "history", "done": 0, "total": 0}) if state["git"] and not state["indexed"] else ""


def _yours(known: dict[str, Any]) -> str:
    parts = [f"{known[name]:,} {name}" for name in ("pinned", "forgotten") if known[name]]
    return ", ".join([*parts, *([f"{count(known['notes'], 'note')} of yours"] if known["notes"] else [])])


def _encoder(status: dict[str, Any]) -> str:
    if not status["encoder"]:
        return "none: search goes by words alone"
    return str(status["encoder"]) + ("" if status["encoder_ready"] else " (loading: search goes by words until then)")


def _counts(numbers: dict[str, int]) -> str:
    """Return counts by name, without those that are 0."""
    return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in numbers.items() if number)


def _variety(variety: dict[str, Any]) -> str:
    """Return how varied the suggestions were, "" as long as few were shown."""
    if variety["value"] is None:
        return ""
    return f"{variety['value']:.2f} of 1: {memories(variety['memories'])} in the last {variety['selections']:,} shown"


def _model(model: dict[str, Any]) -> str:
    if model["pid"]:
        return f"{model['name']}, process {model['pid']}{_held(model)}"
    ready = "ready" if model["tested"] else "installed, not tried yet"
    return str(model["problem"] or f"{ready}; it starts with the first question")


def _traces(traces: dict[str, Any] | None) -> str:
    """Return what the model's attention learned here, "" if nothing."""
    if not traces or not traces["texts"]:
        return ""
    return f"learned from {count(traces['texts'], 'text')}, strength {traces['strength']:g}, {decimal(traces['bytes'])}"


def _held(process: dict[str, Any]) -> str:
    """Return the memory that a process holds, where the system says so."""
    return f", {decimal(process['memory_bytes'])} of memory" if process["memory_bytes"] else ""


def _part(number: int, total: int) -> str:
    """Return a count with its share, "" of nothing."""
    return f"{number:,} ({min(1.0, number / total):.0%})" if number and total else ""
