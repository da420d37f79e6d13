"""Texts by row and rows by text in flat arrays, without an object per text, so that they can be memory-mapped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import overload

import numpy as np

PRIME = 2**61 - 1  # modulus of the key of a hexadecimal number
NOWHERE = -1
NO_ROWS = np.zeros(0, np.int32)
Arrays = Mapping[str, np.ndarray]


def packed(texts: Sequence[str]) -> np.ndarray:
    """Return texts as bytes, (b,) uint8, each terminated by NUL."""
    joined = "".join([text.replace("\0", " ") + "\0" for text in texts])
    return np.frombuffer(joined.encode("utf-8", "surrogatepass"), np.uint8)


def unpacked(array: np.ndarray) -> list[str]:
    """Return the packed texts."""
    return array.tobytes().decode("utf-8", "surrogatepass").split("\0")[:-1]


class PackedTexts(Sequence[str]):
    """Packed texts, by number."""

    def __init__(self, array: np.ndarray) -> None:
        """Take the result of `packed`."""
        self._packed, self._ends = array, np.flatnonzero(array == 0).astype(np.uint32)

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return unpacked(self._packed)[at]
        at = range(len(self))[at]
        first = int(self._ends[at - 1]) + 1 if at else 0
        return self._packed[first : self._ends[at]].tobytes().decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return iter(unpacked(self._packed))


class Lookup:
    """A number for each of many texts, found by a 61-bit hash of the text; the text itself is not stored."""

    def __init__(self, arrays: Arrays, name: str) -> None:
        """Take the result of `lookup` with a name from `arrays`."""
        self._hashes, self._numbers = arrays[f"{name}_hashes"], arrays[f"{name}_numbers"]

    def __len__(self) -> int:
        return len(self._hashes)

    def __contains__(self, text: object) -> bool:
        return isinstance(text, str) and self.get(text) is not None

    def __getitem__(self, text: str) -> int:
        number = self.get(text)
        if number is None:
            raise KeyError(text)
        return number

    def get(self, text: str) -> int | None:
        """Return the number of a text, None if it is unknown."""
        key = text_key(text)
        at = int(self._hashes.searchsorted(np.uint64(key)))
        return int(self._numbers[at]) if at < len(self._hashes) and int(self._hashes[at]) == key else None

    def many(self, texts: Iterable[str]) -> np.ndarray:
        """Return the numbers of texts, (m,) int64, NOWHERE for unknown ones."""
        return self.of_keys(np.array([text_key(text) for text in texts], np.uint64))

    def of_keys(self, keys: np.ndarray) -> np.ndarray:
        """Return the same from the keys of the texts."""
        if not len(self):
            return np.full(len(keys), NOWHERE)
        at = np.minimum(np.searchsorted(self._hashes, keys), len(self) - 1)
        return np.where(self._hashes[at] == keys, self._numbers[at], NOWHERE).astype(np.int64)


class RowGroups(Mapping[str, np.ndarray]):
    """The rows of each of many texts."""

    def __init__(self, arrays: Arrays, name: str) -> None:
        """Take the groups with a name from `arrays`."""
        self._number, self._keys = Lookup(arrays, name), arrays[f"{name}_keys"]
        self._rows, self._ends = arrays[f"{name}_rows"], arrays[f"{name}_ends"]

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[str]:
        return iter(unpacked(self._keys))

    def __getitem__(self, text: str) -> np.ndarray:
        return self._at(self._number[text])

    def many(self, texts: Iterable[str]) -> list[np.ndarray]:
        """Return the rows of each of some texts, none for unknown ones."""
        return [self._at(number) if number != NOWHERE else NO_ROWS for number in self._number.many(texts).tolist()]

    def _at(self, number: int) -> np.ndarray:
        return self._rows[int(self._ends[number - 1]) if number else 0 : int(self._ends[number])]

    def groups(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield each text with its rows, without looking any of them up."""
        start = 0
        for text, end in zip(unpacked(self._keys), self._ends.tolist(), strict=True):
            yield text, self._rows[start:end]
            start = end


class CommitOf:
    """The commit of each row on a HEAD; always the same one of several."""

    def __init__(self, size: int, rows: np.ndarray, commits: np.ndarray) -> None:
        """Take the number of rows, and the rows of commits (m,) bytes."""
        self.commits, self._at = commits, np.full(size, NOWHERE, np.int32)
        self._at[rows] = np.arange(len(rows))
        several = np.flatnonzero(np.bincount(rows, minlength=size)[rows] > 1)
        for at in sorted(several.tolist(), key=lambda at: commits[at], reverse=True):
            self._at[rows[at]] = at

    def __getitem__(self, row: int) -> str:
        commit = self.get(row)
        if commit is None:
            raise KeyError(row)
        return commit

    @overload
    def get(self, row: int) -> str | None: ...
    @overload
    def get(self, row: int, default: str) -> str: ...
    def get(self, row: int, default: str | None = None) -> str | None:
        """Return the commit of a row, the default if it has none on HEAD."""
        at = self._at[row]
        return bytes(self.commits[at]).decode("ascii") if at != NOWHERE else default


def lookup(name: str, texts: Iterable[str], numbers: np.ndarray) -> dict[str, np.ndarray]:
    """Return the arrays of a Lookup; the last number of a repeated text counts."""
    return lookup_of_keys(name, np.array([text_key(text) for text in texts], np.uint64), numbers)


def lookup_of_keys(name: str, keys: np.ndarray, numbers: np.ndarray) -> dict[str, np.ndarray]:
    """Return the same from the keys of the texts."""
    hashes, first = np.unique(keys[::-1], return_index=True)
    return {f"{name}_hashes": hashes, f"{name}_numbers": numbers[::-1][first].astype(np.int32)}


def text_key(text: str) -> int:
    """Return a key below 2^63: from the value of a git hash or id, since there are many, else from the bytes."""
    if len(text) in (16, 40) and "_" not in text:
        try:
            return int(text, 16) % PRIME
        except ValueError:
            pass  # some other text of that length
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 2 | 1 << 62
