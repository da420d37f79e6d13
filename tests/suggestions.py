"""Suggestions as the engine sends them, for tests of what shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mom_lsp import phrases
from mom_lsp.server.hover_text import HoveredLine, hover_text

SHA = "0123456789abcdef0123456789abcdef01234567"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def make_suggestion(**changes: Any) -> dict[str, Any]:
    """Return a suggestion with its phrases, which follow the changes."""
    one = {
        "id": "deadbeef00000001",
        "kind": "failed_approach",
        "title": "Cache the resolver's answers",
        "body": "It made every second request wait.\n\nSo it was reverted.\nAnd nobody tried again.",
        "quote": "It made every second request wait. So it was reverted.",
        "source": {
            "type": "commit",
            "commit": SHA,
            "author": "Ada",
            "time": "2023-05-17T10:00:00Z",
            "path": None,
            "line": None,
        },
        "score": 0.75,
        "chance": 0.91,
        "terms": {"sem": 0.0, "lex": 0.2, "temp": -0.05, "use": 0.0, "place": 0.6},
        "tier": "episodic",
        "strength": 0.5,
        "half_life": 6.6,
        "status": "candidate",
        "layer": 0,
        "confidence": "low",
        "uses": 0,
        "pinned": False,
        "trial": False,
        "proven": None,
        "domain": "",
        "freshness": "fresh",
        "why": "it last wrote line 2",
        "lines": [2],
        "surprise": 4,
        "replacement": None,
        "failure": None,
        "episode": None,
    } | changes
    return one | {"phrases": phrases.of_suggestion(one, NOW.timestamp())}


def hover_of(*shown: dict[str, Any], path: str = "a.py", line: int = 1) -> str:
    """Return the Markdown of a hover that shows some suggestions, its lines joined."""
    return " ".join(hover_text(shown, HoveredLine("file:///a.py", path, line)).value.split())
