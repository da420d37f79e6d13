"""Memories to store: makers, Hypothesis strategies, and an encoder that is a function of its input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
from hash_encoder import hashed
from hypothesis import strategies as st
from repositories import Repo

from mom_lsp.memory import Anchor, DiscussionPart, Kind, Memory, Reference, Relation, Source
from mom_lsp.store import Store
from mom_lsp.store.arrow_rows import SCHEMA

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
NAME = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=12)
HEX = st.text("0123456789abcdef", min_size=40, max_size=40)
TIME = st.integers(0, 2**40)
SPAN = st.tuples(st.integers(1, 10**6), st.integers(0, 10**4))


def tuples(values: st.SearchStrategy[Any], size: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, max_size=size).map(tuple)


PARTS = st.builds(
    DiscussionPart,
    type=st.sampled_from(["pull_request", "issue"]),
    number=st.integers(1, 10**6),
    state=st.sampled_from(["open", "closed", "merged"]),
    part=TEXT,
    anchor=TEXT,
    project=TEXT,
)
SOURCES = st.builds(
    Source,
    type=st.sampled_from(["commit", "file", "user"]),
    commit=st.none() | HEX,
    author=TEXT,
    email=TEXT,
    time=TIME,
    path=st.none() | NAME,
    line=st.none() | st.integers(1, 10**6),
    end_line=st.none() | st.integers(1, 10**6),
    blob=st.none() | HEX,
    discussion=st.none() | PARTS,
)
MEMORIES = st.builds(
    Memory,
    id=st.text("0123456789abcdef'", min_size=16, max_size=16),
    kind=st.sampled_from(get_args(Kind)),
    title=TEXT,
    body=TEXT,
    why=TEXT,
    source=SOURCES,
    commits=tuples(HEX),
    blobs=tuples(HEX),
    anchors=tuples(st.builds(Anchor, NAME, tuples(NAME), tuples(SPAN))),
    added=tuples(NAME),
    removed=tuples(NAME),
    references=tuples(st.builds(Reference, st.sampled_from(get_args(Relation)), HEX | st.just("#12"))),
    numbers=tuples(st.integers(0, 2**40)),
    renames=tuples(st.tuples(NAME, NAME)),
    trailers=tuples(st.tuples(TEXT, TEXT)),
    evidence=st.floats(0, 100, width=32),
    noise=st.sampled_from(["", "bot", "forgotten"]),
)


def make_memory(number: int, title: str = "Fix the parser", **fields: Any) -> Memory:
    """Make the memory of one commit."""
    sha = f"{number:040x}"
    content = {"kind": "fix", "body": "", "why": "", "source": Source("commit", commit=sha, time=number)} | fields
    return Memory(id=f"{number:016x}", title=title, commits=(sha,), **content)


class HashEncoder:
    """Gives every text a unit vector that depends on nothing but the text and the name."""

    def __init__(self, name: str = "hash") -> None:
        self.name, self.texts = name, list[str]()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.texts += texts
        return hashed(self.name, texts)

    def load(self) -> None:
        """Need nothing."""

    def unload(self) -> None:
        """Hold nothing."""


def dump(store: Store) -> list[dict[str, Any]]:
    """Return every column of every row, in the order of the ids."""
    rows: list[dict[str, Any]] = store.columns(SCHEMA.names).to_pylist()
    return sorted(rows, key=lambda row: str(row["id"]))


def on_head(repo: Repo) -> list[dict[str, Any]]:
    """Return what is valid on HEAD: all commits, and the spans of its files, without their earlier paths."""
    tree = {entry.path: entry.blob for entry in repo.repository.tree("HEAD").values()}
    found = dump(Store(repo.location.data))
    spans = [row for row in found if row["source_type"] == "file" and tree.get(row["paths"][0]) in row["blobs"]]
    true = [row for row in found if row["source_type"] == "commit"]
    true += [row | {"blobs": [tree[row["paths"][0]]]} for row in spans]
    return sorted(true, key=lambda row: str(row["id"]))
