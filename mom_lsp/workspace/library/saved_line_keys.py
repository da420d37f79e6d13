"""The line keys of the files of HEAD, as the indexer saves them: reading a file to compute them takes milliseconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mom_lsp import datafolder
from mom_lsp.extract.code import file_keys
from mom_lsp.route.line_keys import LineKeys
from mom_lsp.route.lines import blob_lines
from mom_lsp.store.arrays import load_arrays

FORMAT = "1"  # increment it when `keys_of` changes


def keys_of(text: str) -> np.ndarray:
    """Return the keys of the lines of a committed text, (m,) uint32, sorted: as they are and normalized."""
    return np.array(sorted(file_keys(blob_lines(text))), np.uint32)


class SavedLineKeys:
    """Maps the saved line keys into memory, again whenever they change."""

    def __init__(self, data: Path) -> None:
        """Take the data folder."""
        self._file = data / datafolder.LINE_KEYS
        self._known: tuple[object, LineKeys] = (None, LineKeys({}))

    def load(self) -> LineKeys:
        """Return what is saved now, nothing if there is none or it is damaged."""
        try:
            status = self._file.stat()
        except OSError:
            return LineKeys({})
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if self._known[0] != stamp:
            self._known = (stamp, LineKeys(load_arrays(self._file, FORMAT) or {}))
        return self._known[1]
