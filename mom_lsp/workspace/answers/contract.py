"""Answers as JSON: a contract that scripts rely on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mom_lsp import phrases
from mom_lsp.extract.quote import NOWHERE, quote
from mom_lsp.extract.remarks import speaker
from mom_lsp.lm.traces import Drawn
from mom_lsp.memory import AGENT, DiscussionPart, Failed, Grouped, Memory, Scored, Usage
from mom_lsp.route.reason import listed
from mom_lsp.tiers.status_rules import is_quiet
from mom_lsp.workspace.answers.code_host import CodeHost, discussion_name
from mom_lsp.workspace.answers.hint_text import hint_text
from mom_lsp.workspace.answers.proof import proof

MAX_ISSUES = 5
_ISSUE = re.compile(r"#\d+")


def suggestion(
    scored: Scored,
    *,
    commit: str | None,
    author: str,
    time: int,
    host: CodeHost | None,
    now: float,
    path: str | None = None,
    domain: str = "",
    place: Mapping[str, float] = NOWHERE,
) -> dict[str, Any]:
    """Return one suggestion as JSON; `path` is the file to name for it, `place` the words of the lines asked about."""
    memory, source = scored.memory, scored.memory.source
    part = source.discussion
    quoted = quote(memory.title, memory.body, place)
    proven = proof(scored.proven)
    found = {
        "id": memory.id,
        "kind": memory.kind,
        "title": memory.title,
        "body": memory.body,
        "rationale": memory.why,
        "quote": quoted.text,
        "quote_after": list(quoted.after),
        "quote_from": speaker(memory.body, quoted.text),
        "source": {
            "type": source.type,
            "commit": commit,
            "author": f"@{author}" if part is not None and author else author,
            "agent": next((value for key, value in memory.trailers if key == AGENT), None),
            "time": iso(time),
            "path": path,
            "line": source.line or next(iter(scored.lines), None),
            "url": _url(host, commit, part),
            "discussion": discussion_json(part, host) if part is not None else None,
        },
        "issues": issues(memory, host),
        "hinted": False,  # whether it may be the hint of the one line asked about
        "score": round(scored.score, 9),
        "chance": None if scored.chance is None else round(scored.chance, 4),
        "usefulness": None if scored.usefulness is None else round(scored.usefulness, 4),
        "terms": {term: round(share, 9) for term, share in scored.terms.items()},
        "tier": scored.lifecycle.tier,
        "strength": round(scored.lifecycle.strength, 4),
        "half_life": scored.lifecycle.half_life,
        "status": scored.lifecycle.status,
        "layer": scored.lifecycle.layer,
        "confidence": scored.lifecycle.confidence,
        "pinned": scored.usage.pinned,
        "quiet": is_quiet(scored.usage),
        "trial": scored.trial,
        "proven": proven,
        "domain": domain or folder(memory.paths),
        "freshness": scored.freshness,
        "why": listed(scored.reason, phrases.proven(proven) if proven else ""),
        "surprise": scored.surprise,
        "lines": list(scored.lines),
        "replacement": scored.replacement,
        "uses": scored.usage.uses,
        "failure": failure(scored.failure) if scored.failure else None,
        "episode": episode(scored.episode) if scored.episode else None,
    }
    return found | {"phrases": phrases.of_suggestion(found, now) | {"hint": hint_text(found)}}


def discussion_json(part: DiscussionPart, host: CodeHost | None) -> dict[str, Any]:
    """Return which discussion a memory is part of, and its name: "review of #1129"."""
    return {"type": part.type, "number": part.number, "state": part.state, "name": discussion_name(part, host)}


def issues(memory: Memory, host: CodeHost | None) -> list[dict[str, Any]]:
    """Return the issues and pull requests that a message names: first what it fixes, then its own, then others."""
    named = [(one.relation == "fixes", one.target) for one in memory.references if _ISSUE.fullmatch(one.target)]
    fixed = [name for fixes, name in named if fixes]
    own = [f"#{number}" for number in memory.numbers]
    ordered = dict.fromkeys([*fixed, *own, *(name for _, name in named)])
    return [
        {"name": name, "fixed": name in fixed, "url": host.issue(int(name[1:])) if host else None} for name in ordered
    ][:MAX_ISSUES]


def _url(host: CodeHost | None, commit: str | None, part: DiscussionPart | None) -> str | None:
    if host is None:
        return None
    if part is not None:
        return host.discussion(part)
    return host.commit(commit) if commit else None


def failure(failed: Failed) -> dict[str, Any]:
    """Return what was tried, why it failed, what ended it and what replaced it."""
    named = {
        name: dict(zip(("id", "title"), pair, strict=True)) if pair else None
        for name, pair in (("by", failed.by), ("replaced_by", failed.replaced_by))
    }
    return {"kind": failed.kind, "tried": failed.tried, "because": failed.because, "again": failed.again, **named}


def episode(grouped: Grouped) -> dict[str, Any]:
    """Return the title and size of an episode; `mom show ID --episode` lists its members."""
    return {"kind": grouped.kind, "title": grouped.title, "count": len(grouped.members)}


def attention(drawn: Drawn) -> list[dict[str, Any]]:
    """Return which memories had biased attention: on how many heads, and by how much on average."""
    return [
        {"id": memory, "heads": len(heads), "strength": round(sum(b for _, _, b in heads) / len(heads), 3)}
        for memory, heads in drawn.items()
    ]


def usage_json(usage: Usage, reason: str) -> dict[str, Any]:
    """Return the feedback and impressions of a memory, besides what a suggestion has."""
    return {
        "reason": reason,  # for its status
        "uses": usage.uses,
        "first_used": iso(usage.first_used),
        "last_used": iso(usage.last_used),
        "places": [{"path": path, "symbol": symbol} for path, symbol, _ in usage.places],
        "failures": usage.failures,
        "shown": usage.shown,
        "hinted": usage.hinted,
    }


def iso(time: float) -> str | None:
    """Return ISO 8601 in UTC, None for an unknown or impossible time."""
    try:
        return datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z") if time else None
    except (OverflowError, ValueError, OSError):
        return None


def folder(paths: tuple[str, ...]) -> str:
    """Return the folder of most paths: it serves as the domain of a memory that has none yet."""
    folders = [path.rpartition("/")[0] or "." for path in paths]
    return max(sorted(set(folders)), key=folders.count) if folders else ""
