"""A file of five functions, and versions of it with one changed line."""

from __future__ import annotations

from typing import Any

from repositories import with_line

CODE = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(1, 6))
WHY = "\n\nBecause callers count from there, which nobody had written down."


def edited(line: int, text: str, code: str = CODE) -> str:
    return with_line(code, line, text)


def titles_of(found: list[dict[str, Any]]) -> list[str]:
    return [one["title"] for one in found]
