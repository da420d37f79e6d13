"""Messages while a history is read for the first time: one when that begins, one when there are memories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from mom_lsp.phrases import memories

KEYS = {"Neovim": "K shows one, gra the actions"}  # by the client's name


class FirstReading:
    """Tells the user, in an editor without a status of ours, why nothing is shown yet."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._read: dict[str, bool] = {}  # by folder: whether its history has been read
        self._announced: set[str] = set()
        self.keys = ""  # of the editor, to be named

    @property
    def awaited(self) -> bool:
        """Whether a history may still be read for the first time."""
        return not self._read or not all(self._read.values())

    def update(self, uri: str, state: Mapping[str, Any]) -> None:
        """Take the state of a folder (as in `mom/state`), and show a message if it calls for one."""
        if self._read.get(uri):
            return
        reads = state["git"] and not state["indexed"] and state["working"]
        self._read[uri] = state["indexed"] and (state["memories"] > 0 or not state["indexing"])
        name = unquote(PurePosixPath(urlsplit(uri).path).name)
        if reads and uri not in self._announced:
            self._announced.add(uri)
            self._show(f"Reading the history of {name}; hints appear as it is read")
        elif self._read[uri] and uri in self._announced:
            keys = f"; {self.keys}" if self.keys and state["memories"] else ""
            self._show(f"{name}: {memories(state['memories'])} so far{keys}")
