"""Erasing forgotten memories from the index, and extracting restored ones again."""

from __future__ import annotations

from mom_lsp.git import Location, Repository
from mom_lsp.indexing.annotations import Annotations
from mom_lsp.indexing.discussions import allow_again, erase_from_archive
from mom_lsp.indexing.extraction import commit_task, grouped
from mom_lsp.indexing.extraction_worker import Task, extract, extract_rows
from mom_lsp.indexing.index_rules import IndexRules
from mom_lsp.indexing.marker import load_marker
from mom_lsp.indexing.merge import Merger
from mom_lsp.indexing.progress import Control
from mom_lsp.memory import FORGOTTEN, Memory, tombstone
from mom_lsp.store import Store
from mom_lsp.textcache import empty_text_caches


def apply_forgets(store: Store, location: Location, rules: IndexRules, merger: Merger, control: Control) -> None:
    """Erase every byte of forgotten memories, and extract restored ones again."""
    forgotten = merger.forgotten
    table = store.columns(["id", "noise"])
    noise = dict(zip(table["id"].to_pylist(), table["noise"].to_pylist(), strict=True))
    to_erase = store.get([i for i in forgotten if noise.get(i, FORGOTTEN) != FORGOTTEN])
    to_restore = store.get([i for i, why in noise.items() if why == FORGOTTEN and i not in forgotten])
    if to_erase or store.erasing:
        control.step("compaction", 0, 1)
        erase_from_archive(location, to_erase.values())  # first: afterwards nothing tells what is to be erased there
        store.erase([tombstone(memory) for memory in to_erase.values()])
        empty_text_caches()
    if to_restore:
        _restore(store, location, rules, merger, to_restore)


def _restore(store: Store, location: Location, rules: IndexRules, merger: Merger, stones: dict[str, Memory]) -> None:
    """Replace tombstones by their memories; a tombstone whose memory is not found is removed."""
    if location.git:
        repository = Repository(location)
        shas = [sha for stone in stones.values() if stone.source.type == "commit" for sha in stone.commits]
        head = repository.resolve()
        annotations = Annotations(repository, head, load_marker(location.data))
        groups = grouped(store, repository, shas, merger, head)
        alone = tuple(group[0] for group in groups if len(group) == 1)
        shared = tuple(sha for group in groups if len(group) > 1 for sha in group)
        files = tuple((path, blob) for stone in stones.values() for path in stone.paths for blob in stone.blobs)
        found = extract(commit_task(repository, rules, alone, annotations, merger.known))
        found += extract(Task(location, rules, files=files))
        merger.write([memory for memory in found if memory.id in stones])
        merger.write_groups(extract_rows(commit_task(repository, rules, shared, annotations, merger.known)))
    allow_again(location, stones.values())
    store.delete([i for i, memory in store.get(list(stones)).items() if memory.noise == FORGOTTEN])
