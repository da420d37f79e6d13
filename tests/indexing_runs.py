"""Indexing without an encoder, in this process or another one, and the rows that it stores."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from memories import dump
from processes import LONG
from repositories import Repo

from mom_lsp import datafolder
from mom_lsp.indexing import Progress, Summary, index
from mom_lsp.settings import Settings
from mom_lsp.store import Store

LEXICAL = replace(Settings(), encoder=replace(Settings().encoder, enable=False))


def run(
    repo: Repo,
    settings: Settings = LEXICAL,
    *,
    report: Callable[[Progress], None] = lambda progress: None,
    stop: threading.Event | None = None,
    **options: Any,
) -> Summary:
    return index(repo.location, lambda: settings, report=report, stop=stop or threading.Event(), **options)


def makes_a_pass(repo: Repo) -> bool:
    """Index; whether that took a pass, which replaces the marker."""
    marker = repo.location.data / datafolder.MARKER
    before = marker.stat().st_mtime_ns if marker.exists() else 0
    run(repo)
    return marker.stat().st_mtime_ns != before


def rows(repo: Repo) -> list[dict[str, Any]]:
    return dump(Store(repo.location.data))


def titles(repo: Repo) -> list[str]:
    return sorted(row["title"] for row in rows(repo))


def in_a_process(code: str, repo: Repo, *args: str) -> subprocess.CompletedProcess[str]:
    """Run `mom` in a process of its own, `code` before and after it."""
    before, _, after = code.partition("RUN")
    program = f"import sys\n{before}\ntry:\n    from mom_lsp.cli import main; main()\nexcept SystemExit as e:\n"
    program += f"    assert not e.code, e.code\n{after}"
    command = [sys.executable, "-P", "-c", program, "-C", str(repo.root), *args]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONG)
