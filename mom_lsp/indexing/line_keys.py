"""Saves the line keys of the files of HEAD, which freshness compares memories with, so that questions read no files."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mom_lsp import datafolder
from mom_lsp.git import Repository
from mom_lsp.indexing.progress import Control
from mom_lsp.route.line_keys import LineKeys, packed_keys
from mom_lsp.route.lines import MAX_TEXT
from mom_lsp.store.arrays import load_arrays, save_arrays
from mom_lsp.workspace.library.saved_line_keys import FORMAT, keys_of

MAX_KEYS = 8_000_000  # 32 MB; the files that fewer memories are about are left out, and read when they are needed
CHUNK = 100  # files between two checks whether to stop
NO_KEYS = np.zeros(0, np.uint32)


def save_line_keys(repository: Repository, head: str, memories_of: Mapping[str, np.ndarray], control: Control) -> None:
    """Bring the saved keys up to date with a commit. Raises OSError, RepositoryError.

    Args:
        repository: of the data folder.
        head: the commit.
        memories_of: the memories about each path: files with the most come first.
        control: stops it.
    """
    file = repository.location.data / datafolder.LINE_KEYS
    saved = load_arrays(file, FORMAT)
    if saved is None:
        save_arrays(file, FORMAT, packed_keys({}))  # tells `nothing_new` that it was tried, if a tree is missing
    before = LineKeys(saved or {})
    path_of = {entry.blob: path for path, entry in repository.tree(head).items() if 0 < entry.size <= MAX_TEXT}
    known = {blob: before[blob] for blob in path_of if blob in before}
    size, missing = sum(map(len, known.values())), [blob for blob in path_of if blob not in known]
    if saved is not None and (not missing or size >= MAX_KEYS):
        return
    missing.sort(key=lambda blob: -len(memories_of.get(path_of[blob], ())))
    for start in range(0, len(missing), CHUNK):
        control.check()
        chunk = missing[start : start + CHUNK]
        read = {blob: keys_of(text) for blob, text in repository.texts(chunk, MAX_TEXT)}
        known |= {blob: read.get(blob, NO_KEYS) for blob in chunk}  # no text: a binary file
        size += sum(map(len, read.values()))
        if size >= MAX_KEYS:
            break
    others = [blob for blob in before if blob not in known]
    if sum(len(before[blob]) for blob in others) < min(size, MAX_KEYS - size):
        known |= {blob: before[blob] for blob in others}  # of other worktrees, or of a branch that comes back
    save_arrays(file, FORMAT, packed_keys(known))
