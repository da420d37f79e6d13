"""A repository of three commits: one wrote a file, one changed alpha, one beta and another file."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from repositories import Mom, Repo, with_line

NAMES = ("alpha", "beta", "gamma", "delta")
CODE = "".join(f"def {name}():\n    first = 1\n    second = 2\n    return first + second\n\n\n" for name in NAMES)
WHY = "\n\nBecause the upstream server counts from there, which took us days to find out."
KEYS = {
    "id", "kind", "title", "body", "source", "score", "terms", "tier", "status", "pinned", "domain", "freshness", "why",
}  # fmt: skip
SOURCE_KEYS = {"commit", "author", "time", "path", "line"}


def edited(line: int, text: str, code: str = CODE) -> str:
    return with_line(code, line, text)


def write_three_commits(project: Repo) -> None:
    project.commit("Add the four functions of the protocol", {"src/a.py": CODE})
    alpha = edited(2, "    first = 10")
    project.commit("Raise the start of alpha" + WHY, {"src/a.py": alpha})
    beta = edited(9, "    second = 20", alpha)
    project.commit("Double the second of beta" + WHY, {"src/a.py": beta, "src/b.py": "second = 20\n"})


def text(mom: Mom) -> str:
    return (mom.root / "src/a.py").read_text()


def titles(found: list[dict[str, Any]]) -> list[str]:
    return [one["title"] for one in found]


def suggestion(mom: Mom, line: int = 2) -> dict[str, Any]:
    return mom.suggest("src/a.py", line)[0]


ALPHA, BETA, FIRST = "Raise the start of alpha", "Double the second of beta", "Add the four functions of the protocol"


def check_form(one: dict[str, Any]) -> None:
    assert one.keys() >= KEYS
    assert one["source"].keys() >= SOURCE_KEYS
    assert one["terms"].keys() == {"sem", "lex", "temp", "use", "place"}
    assert sum(one["terms"].values()) == pytest.approx(one["score"], abs=1e-6)
    assert math.isfinite(one["score"])
    assert re.fullmatch(r"[0-9a-f]{16}", one["id"])


def mom_id(mom: Mom, title: str) -> str:
    """Return the id of a memory, whether or not it is valid on HEAD."""
    snapshot = mom.service.library.snapshot()
    memories = snapshot.rows.get(snapshot.catalog.ids)
    return next(memory.id for memory in memories.values() if memory.title == title)


def hints(mom: Mom, content: str, start: int = 1, end: int = 10_000) -> list[dict[str, Any]]:
    return list(mom.call("hints", path="src/a.py", text=content, start=start, end=end)["hints"])
