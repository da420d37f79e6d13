"""The commands that an editor waits for at its start, `mom serve` and `mom engine`, without importing click."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    Call = Callable[[str, dict[str, Any]], Any]


def run_server(tcp: tuple[str, int] | None = None) -> None:
    """Run the language server."""
    from mom_lsp.server import main

    main(tcp)


def run_engine(data: Path) -> None:
    """Run the engine of a data folder."""
    from mom_lsp.offline import without_collection

    with without_collection():
        from mom_lsp.engine.main import main

    main(data, _run_command)


def _run_command(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    from mom_lsp.cli.engine_command import run_command  # here: an engine that only serves editors needs no click

    return run_command(call, params)
