"""The sorted line keys of many files in flat arrays, which can be memory-mapped: reading the files takes far longer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from mom_lsp.route.text_index import Arrays


class LineKeys(Mapping[str, np.ndarray]):
    """The keys of the lines of each blob, (m,) uint32, sorted: as they are and normalized, see `file_keys`."""

    def __init__(self, arrays: Arrays) -> None:
        """Take the arrays that `packed_keys` made, or none."""
        self._blobs = arrays.get("blobs", np.zeros(0, "S1"))
        self._ends = arrays.get("ends", np.zeros(0, np.int64))
        self._keys = arrays.get("keys", np.zeros(0, np.uint32))

    def __len__(self) -> int:
        return len(self._blobs)

    def __iter__(self) -> Iterator[str]:
        return (blob.decode("ascii") for blob in self._blobs.tolist())

    def __getitem__(self, blob: str) -> np.ndarray:
        name = blob.encode("ascii", "replace")
        at = int(np.searchsorted(self._blobs, name))
        if at == len(self._blobs) or self._blobs[at] != name:
            raise KeyError(blob)
        return self._keys[int(self._ends[at - 1]) if at else 0 : int(self._ends[at])]


def packed_keys(keys_of: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the keys of each blob as arrays."""
    blobs = sorted(keys_of)
    parts = [keys_of[blob] for blob in blobs]
    return {
        "blobs": np.array([blob.encode("ascii") for blob in blobs], "S") if blobs else np.zeros(0, "S1"),
        "ends": np.cumsum([len(part) for part in parts], dtype=np.int64),
        "keys": np.concatenate([np.zeros(0, np.uint32), *parts]),
    }
