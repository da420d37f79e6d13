"""The local copy of a fleet: what `--fleet` asks, without the server. `mom fleet pull` brings it up to date.

For each repository there are the texts of its memories, mapped into memory, and arrays of their evidence.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pyarrow as pa

from mom_lsp.errors import UsageError
from mom_lsp.extract.documents import is_document
from mom_lsp.fleet.evidence import of_row
from mom_lsp.memory import Memory
from mom_lsp.store.arrays import load_arrays, save_arrays
from mom_lsp.store.arrow_rows import SCHEMA, from_row

FORMAT = 4  # increase it whenever the evidence would be computed or saved differently
COPIED = ("id", "kind", "title", "body", "why", "source", "source_type", "time", "commits", "anchors", "trailers")
MAX_BODY, MAX_PATHS = 1_500, 5  # characters, and files of a memory
TELLING = frozenset(("decision", "fix", "bug_pattern", "anti_pattern", "failed_approach", "workaround", "known_issue"))
STATE, TEXTS, ARRAYS = "copy.json", "texts.arrow", "evidence.arrays"


@dataclass(frozen=True, slots=True)
class Copied:
    """One repository in the copy."""

    id: str
    name: str
    number: int  # of the publication
    published: int  # seconds since 1970
    memories: int
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class State:
    """What a copy has."""

    uri: str
    pulled: int = 0  # seconds since 1970: when it last agreed with the server
    format: int = FORMAT
    repositories: tuple[Copied, ...] = ()
    left_out: tuple[str, ...] = ()  # names of repositories for which there was no space
    unreadable: tuple[str, ...] = ()  # ids of repositories that may not be read, or could not


class RepositoryCopy:
    """The memories of one repository and their evidence."""

    def __init__(self, folder: Path, about: Copied) -> None:
        self.about = about
        self._folder = folder
        arrays = load_arrays(folder / ARRAYS, _key(about.id, about.number)) or {}
        nothing = np.zeros(0, np.uint64)
        self.keys: np.ndarray = arrays.get("keys", nothing)  # ascending, (n,) uint64
        self._starts, self._rows = arrays.get("starts", nothing), arrays.get("rows", nothing)
        self.telling: np.ndarray = arrays.get("telling", np.zeros(0, bool))  # whether a memory gives a reason, (m,)
        self.times: np.ndarray = arrays.get("times", np.zeros(0, np.int64))  # seconds since 1970, (m,)

    def rows(self, wanted: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (index in `wanted`, rows that have this evidence), for ascending numbers."""
        at = np.searchsorted(self.keys, wanted)
        inside = at < len(self.keys)
        hits = np.flatnonzero(inside)[self.keys[at[inside]] == wanted[inside]]
        for index in hits:
            start, end = self._starts[at[index]], self._starts[at[index] + 1]
            yield int(index), self._rows[start:end]

    @cached_property
    def _texts(self) -> pa.Table:
        return pa.ipc.open_file(pa.memory_map(str(self._folder / TEXTS))).read_all()

    def memory(self, row: int) -> Memory:
        """Return one memory, with what a reader of it needs."""
        found = self._texts.slice(row, 1).to_pylist()[0]
        return from_row(_empty_row() | found)


@dataclass(slots=True)
class LocalCopy:
    """The copy of one fleet."""

    folder: Path
    state: State
    _opened: list[RepositoryCopy] = field(default_factory=list)

    @classmethod
    def of(cls, uri: str) -> LocalCopy:
        """Return the copy of the fleet at an address, whatever it has."""
        root = platformdirs.user_cache_path("mom-lsp") / "fleet"
        folder = root / hashlib.blake2b(uri.encode(), digest_size=8).hexdigest()
        return cls(folder, _read_state(folder, uri))

    @classmethod
    def to_ask(cls, uri: str) -> LocalCopy:
        """Return the same. Raises UsageError if there is no fleet, or it was never pulled."""
        if not uri:
            raise UsageError(
                'no fleet is set: put uri = "…" under [fleet] in settings.toml (`mom doctor` prints its path)'
            )
        copy = cls.of(uri)
        if not copy.state.pulled:
            raise UsageError("there is no local copy of the fleet yet: run `mom fleet pull`")
        return copy

    def repositories(self) -> list[RepositoryCopy]:
        """Return the repositories, opened once."""
        if not self._opened:
            self._opened = [RepositoryCopy(self.folder_of(one), one) for one in self.state.repositories]
        return self._opened

    def folder_of(self, one: Copied) -> Path:
        """Return the folder of a repository at one publication."""
        return self.folder / f"{one.id}-{one.number}"

    def write(self, repository: str, name: str, number: int, published: int, table: pa.Table) -> Copied:
        """Write the memories of a repository as published, and return what was written."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder, fresh = self.folder / f"{repository}-{number}", self.folder / f"{repository}.{os.getpid()}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        rows = table.to_pylist()
        texts = [{name: row[name] for name in COPIED} | _shortened(row) for row in rows]
        schema = pa.schema([SCHEMA.field(name) for name in COPIED])
        with pa.OSFile(str(fresh / TEXTS), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            writer.write_table(pa.Table.from_pylist(texts, schema=schema))
        save_arrays(fresh / ARRAYS, _key(repository, number), _arrays(rows))
        shutil.rmtree(folder, ignore_errors=True)
        fresh.replace(folder)
        size = sum(file.stat().st_size for file in folder.iterdir())
        return Copied(repository, name, number, published, len(rows), size)

    def save(self, state: State) -> None:
        """Replace what the copy has, and remove everything else."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self.folder / f"{STATE}.new"
        fresh.write_text(json.dumps(asdict(state)), "utf-8")
        fresh.replace(self.folder / STATE)
        self.state, self._opened = state, []
        wanted = {self.folder_of(one) for one in state.repositories}
        for folder in self.folder.iterdir():
            if folder.is_dir() and folder not in wanted:
                shutil.rmtree(folder)


def _shortened(row: dict[str, Any]) -> dict[str, Any]:
    anchors = [[path, [], []] for path in row["paths"][:MAX_PATHS]]
    return {"body": row["body"][:MAX_BODY], "anchors": json.dumps(anchors)}


def _tells(row: dict[str, Any]) -> bool:
    """Whether a memory gives a reason that can be understood without the code: not a comment's."""
    if row["source_type"] == "file" and not all(map(is_document, row["paths"])):
        return False
    return bool(row["why"]) or (row["kind"] in TELLING and bool(row["body"]))


def _arrays(rows: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    reverted = {text.partition(" ")[2] for row in rows for text in row["refs"] if text.startswith("revert ")}
    evidence = [np.fromiter(of_row(row), np.uint64) for row in rows]
    keys = np.concatenate(evidence) if evidence else np.zeros(0, np.uint64)
    owners = np.repeat(np.arange(len(rows), dtype=np.int32), [len(one) for one in evidence])
    order = np.argsort(keys, kind="stable")
    distinct, starts = np.unique(keys[order], return_index=True)
    return {
        "keys": distinct,
        "starts": np.append(starts, len(keys)).astype(np.int64),
        "rows": owners[order],
        "telling": np.array([_tells(row) and reverted.isdisjoint(row["commits"]) for row in rows], bool),
        "times": np.array([row["time"] for row in rows], np.int64),
    }


def _read_state(folder: Path, uri: str) -> State:
    """Return the state of a copy, an empty one if it cannot be read or is of another format."""
    try:
        fields = json.loads((folder / STATE).read_text("utf-8"))
        copied = tuple(Copied(**one) for one in fields.pop("repositories"))
        left_out, unreadable = tuple(fields.pop("left_out")), tuple(fields.pop("unreadable"))
        state = State(**fields, left_out=left_out, unreadable=unreadable, repositories=copied)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return State(uri)
    return state if (state.format, state.uri) == (FORMAT, uri) else State(uri)


def _key(repository: str, number: int) -> str:
    return f"{FORMAT} {repository} {number}"


def _empty_row() -> dict[str, Any]:
    empty: dict[str, Any] = {}
    for one in SCHEMA:
        empty[one.name] = [] if pa.types.is_list(one.type) else 0 if pa.types.is_primitive(one.type) else ""
    return empty | {"anchors": "[]", "trailers": "[]"}
