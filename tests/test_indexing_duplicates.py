"""Parts of files that only repeat a memory are filtered out, however many there are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from memories import make_memory

from mom_lsp.indexing.duplicates import FEW, DuplicateFilter
from mom_lsp.memory import Memory, Source
from mom_lsp.store import Store

REASON = "Callers count from ten, because the parser failed on what came before"


def span(number: int, body: str) -> Memory:
    return replace(make_memory(number), body=body, source=Source(type="file", path="a.c"), commits=())


def filtered(tmp_path: Path, *notes: str) -> DuplicateFilter:
    store = Store(tmp_path, create=True)
    commit = make_memory(1_001, "url: count", body=f"{REASON} (see 1a2b3c4).")
    other = make_memory(1_002, "On another branch, nobody ever counts")
    store.upsert([commit, other])
    return DuplicateFilter(store, notes, lambda: commit.commits)


def test_few_and_many_parts_of_files_are_filtered_alike(tmp_path: Path) -> None:
    bodies = [
        REASON.upper(),
        f"{REASON}. But readers of the header count from zero, whatever they do.",
        "Too short",
        "On another branch, nobody ever counts",
        "A note says never to count like that",
        *(f"This is part {number} of a file, which repeats nothing at all" for number in range(FEW)),
    ]
    spans = [span(number, body) for number, body in enumerate(bodies)]
    duplicates = filtered(tmp_path, "A note says never to count like that.")
    alone = [kept for one in spans for kept in duplicates.new([one])]
    assert alone == duplicates.new(spans) == [one for one in spans if one.body not in (bodies[0], bodies[4])]


def test_a_part_that_is_stored_already_stays(tmp_path: Path) -> None:
    duplicates, stored = filtered(tmp_path), span(1, REASON)
    Store(tmp_path, create=True).upsert([stored])
    assert duplicates.new([stored]) == []
    assert filtered(tmp_path).new([stored]) == [stored]
