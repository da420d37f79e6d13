"""Connecting to the service: the engine through its socket if it runs, else a service in this process."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from mom_lsp.cli.app import folder
from mom_lsp.cli.text import one_line
from mom_lsp.errors import ChildError, NewerEngine
from mom_lsp.git.location import Location, locate

Call = Callable[[str, dict[str, Any]], Any]
ANSWER_TIMEOUT, MODEL_TIMEOUT = 30.0, 300.0  # seconds; a large model on a small machine
CONNECT_TIMEOUT = 1.0  # seconds; an engine that takes longer to accept is hung
# Idempotent requests, which are repeated in this process when the engine fails.
READS = frozenset(
    {"suggest", "search", "show", "episode", "why", "model", "status", "doctor", "domains", "export", "review"}
)


@dataclass(frozen=True, slots=True)
class Connection:
    """A workspace and its service."""

    location: Location
    answer: Call

    def call(self, method: str, **params: Any) -> Any:
        """Send a request for this workspace. Raises the MomError of the service."""
        found = self.answer(method, {"root": str(self.location.root), **params})
        for trouble in found.get("troubles", ()) if isinstance(found, dict) else ():
            click.echo(f"mom: {one_line(trouble)}", err=True)
        return found


@contextmanager
def connect() -> Iterator[Connection]:
    """Yield the service for the command's folder.

    Tests pass their own opener to click as `obj`; it takes a Location and returns a Call.
    """
    location = locate(folder())
    opener = click.get_current_context().obj or open_service
    answer = opener(location)
    try:
        yield Connection(location, answer)
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()


@contextmanager
def asking() -> Iterator[Connection]:
    """Yield the service for a question whose answer depends on the settings; say if their files are wrong."""
    with connect() as service:
        _warn_of_settings(service.location)
        yield service


def _warn_of_settings(location: Location) -> None:
    """Print the first problem of the settings files in one line: every question would repeat them all."""
    from mom_lsp.settings import resolve_saved

    if problems := resolve_saved(location.root, location.data).in_files:
        more = f" (and {len(problems) - 1} more: `mom doctor`)" if len(problems) > 1 else ""
        click.echo(f"mom: {one_line(problems[0])}{more}", err=True)


def open_service(location: Location) -> Answerer:
    """Return a service that uses the engine if it runs, else this process."""
    return Answerer(location.data)


class Answerer:
    """Answers requests through the engine if possible, else in this process."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._local: Any = None
        self._engine: Any = self._connect()

    def __call__(self, method: str, params: dict[str, Any]) -> Any:
        """Answer one request."""
        if self._engine is not None:
            try:
                timeout = MODEL_TIMEOUT if params.get("generate") else ANSWER_TIMEOUT
                return self._engine.call(method, params, timeout)
            except ChildError:
                if method not in READS:
                    raise
        return self._in_process(method, params)

    def close(self) -> None:
        """Close the connection to the engine and the service of this process."""
        for part in (self._engine, self._local):
            close = getattr(part, "close", None)
            if close is not None:
                close()

    def _connect(self) -> Any:
        from mom_lsp.process import EngineClient

        try:
            return EngineClient.connect(self._data, CONNECT_TIMEOUT)
        except NewerEngine:  # of another installation
            return None

    def _in_process(self, method: str, params: dict[str, Any]) -> Any:
        gc.disable()  # the command ends before garbage matters, and hundreds of modules are imported next
        from mom_lsp.engine.requests import answer
        from mom_lsp.engine.service import Service

        if self._local is None:
            self._local = Service(self._data)
        return answer(self._local, method, params)
