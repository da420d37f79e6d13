"""Makes the report of a worktree."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from mom_lsp.lm.trace_file import TraceFile
from mom_lsp.report.exhibit import Report
from mom_lsp.report.facts import Facts
from mom_lsp.report.helps import helps, tiles
from mom_lsp.report.page import html, require
from mom_lsp.report.remembers import remembers
from mom_lsp.report.theory import theory
from mom_lsp.workspace import Workspace


def report_page(workspace: Workspace, traces: TraceFile, clock: Callable[[], float] = time.time) -> str:
    """Return the HTML of the report.

    Raises:
        UsageError: the libraries for it are not installed.
    """
    require()
    return html(workspace.states.answer(lambda state: _report(Facts(workspace, state, traces, clock()))))


def _report(facts: Facts) -> Report:
    made = datetime.fromtimestamp(facts.now, UTC)
    return Report(
        facts.workspace.location.root.name,
        facts.state.head.commit,
        f"{made:%Y-%m-%d %H:%M} UTC",
        tiles(facts),
        (helps(facts), remembers(facts), theory(facts)),
    )
