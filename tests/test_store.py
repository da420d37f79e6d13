"""The LanceDB store: rows round-trip, files stay few, and damage costs at most a new pass."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import lancedb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memories import MEMORIES, HashEncoder, dump, make_memory

from mom_lsp import datafolder, durable_file
from mom_lsp.durable_file import with_checksum
from mom_lsp.errors import Damaged, NoIndex, Outdated, StoreError
from mom_lsp.memory import Anchor, Memory, tombstone
from mom_lsp.store import SCHEMA_VERSION, Store, is_damaged, writer_lease
from mom_lsp.store import tables as module
from mom_lsp.store.durable import Point, load_point
from mom_lsp.store.recovery import latest_version
from mom_lsp.store.tables import Tables

LANCE = "lance/memories.lance"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, create=True)


def manifests(data: Path, table: str = "memories") -> list[Path]:
    """Return the manifests of a table, the newest first: their names count down."""
    return sorted((data / f"lance/{table}.lance/_versions").glob("*.manifest"))


def files(data: Path) -> list[Path]:
    return [path for path in (data / "lance").rglob("*") if path.is_file()]


# Round trip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(memories=st.lists(MEMORIES, min_size=1, max_size=8, unique_by=lambda memory: memory.id))
def test_memories_round_trip(store: Store, memories: list[Memory]) -> None:
    store.upsert(memories)
    kept = [replace(memory, added=(), removed=()) if memory.noise else memory for memory in memories]
    assert store.get([memory.id for memory in memories]) == {memory.id: memory for memory in kept}


def test_a_memory_replaces_the_one_with_its_id(store: Store) -> None:
    store.upsert([make_memory(1), make_memory(2)])
    store.upsert([make_memory(2, "between"), make_memory(2, "newer"), make_memory(3)])
    assert [row["title"] for row in dump(store)] == ["Fix the parser", "newer", "Fix the parser"]


def test_unknown_ids_are_skipped(store: Store) -> None:
    store.upsert([make_memory(1)])
    assert list(store.get(["no'such", make_memory(1).id])) == [make_memory(1).id]
    assert store.get([]) == {}


def test_more_ids_than_fit_one_condition_work(store: Store) -> None:
    memories = [make_memory(number) for number in range(module.MAX_VALUES + 50)]
    store.upsert(memories)
    assert len(store.get([memory.id for memory in memories])) == len(memories)
    store.delete(memory.id for memory in memories[1:])
    assert [row["id"] for row in dump(store)] == [memories[0].id]


# Text search


@pytest.mark.parametrize("compacted", [False, True])
@pytest.mark.parametrize("query", ["parse", "HEADER", "parseHeader", "parse_url", "url.c", "proxies", "what proxy?"])
def test_text_search_finds_words_and_parts_of_identifiers(store: Store, query: str, compacted: bool) -> None:
    found = make_memory(
        1,
        "Survive empty proxies",
        added=("parseHeaderLine", "parse_url", "parseHeader"),
        anchors=(Anchor("lib/url.c", ("Curl_proxy",)),),
    )
    store.upsert([found, make_memory(2, "Something else"), make_memory(3, "Unrelated")])
    if compacted:
        store.compact()
    assert [identity for identity, _ in store.search_text(query, 10)] == [found.id]


def test_text_search_is_sorted_by_score_and_limited(store: Store) -> None:
    store.upsert([make_memory(n, "socket " * n + "filler " * (6 - n)) for n in range(1, 6)])
    store.compact()
    found = store.search_text("socket", 3)
    assert [identity for identity, _ in found] == [make_memory(n).id for n in (5, 4, 3)]
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


@pytest.mark.parametrize("query", ["", "   ", "'", '"', "* AND (", "\x00", "word " * 1000])
def test_odd_queries_find_nothing_and_break_nothing(store: Store, query: str) -> None:
    store.upsert([make_memory(1)])
    store.compact()
    assert store.search_text(query, 10) == []


def test_noise_is_never_found(store: Store) -> None:
    store.upsert([make_memory(1, noise="bot"), make_memory(2, noise="forgotten"), make_memory(3)])
    store.compact()
    assert [identity for identity, _ in store.search_text("parser", 10)] == [make_memory(3).id]


def test_rows_written_after_indexing_are_found_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.upsert([make_memory(1)])
    store.compact()
    assert store.searchable
    store.upsert([make_memory(2, "Another zebra")])
    assert store.searchable, "they are few"
    assert [identity for identity, _ in store.search_text("zebra", 10)] == [make_memory(2).id]
    monkeypatch.setattr("mom_lsp.store.indices.FEW", 0)
    assert not store.searchable
    store.compact()
    assert store.searchable


def test_versions_that_nobody_reads_any_more_do_not_stay_in_the_caches(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.fsync", lambda handle: None)  # too slow to do so often
    monkeypatch.setattr("mom_lsp.store.lance.CACHE", 20_000)
    sessions, new_session = [], lancedb.Session
    monkeypatch.setattr("lancedb.Session", lambda **sizes: sessions.append(new_session(**sizes)) or sessions[-1])
    reader = Store(store.folder.parent)
    session = sessions[-1]
    for number in range(8):
        store.upsert([make_memory(number)])
        store.compact()
        reader.refresh()
        reader.search_text("parser", 10)
    assert session.size_bytes < 60_000  # 647,000 without a limit


# Vectors


def test_vectors_round_trip_and_are_dropped_with_their_model(store: Store) -> None:
    one, other = HashEncoder("one"), HashEncoder("other")
    assert store.vectors("one")[0] == []
    store.put_vectors("one", ["a", "b"], one.encode(["a", "b"]))
    store.put_vectors("one", ["c"], one.encode(["c"]))
    contents, vectors = store.vectors("one")
    assert contents == ["a", "b", "c"]
    assert np.abs(vectors - one.encode(["a", "b", "c"])).max() < 1e-3  # stored as halves
    assert store.vectors("other")[0] == []
    store.put_vectors("other", ["a"], other.encode(["a"]))
    assert store.vectors("one")[0] == []
    assert store.vectors("other")[0] == ["a"]
    store.keep_vectors(["z"])
    assert store.vectors("other")[0] == []


def test_domains_that_are_saved_already_are_not_new_to_readers(store: Store) -> None:
    store.save_domains({"domain": np.array([0, 1])})
    seen = store.meaning_state("model")
    store.save_domains({"domain": np.array([0, 1])})
    assert store.meaning_state("model") == seen
    store.save_domains({"domain": np.array([0])})
    assert store.meaning_state("model") != seen


# Few files


def test_compaction_keeps_every_row_and_bounds_the_files(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mom_lsp.store.store.KEEP_VERSIONS", timedelta(0))
    monkeypatch.setattr("os.fsync", lambda handle: None)  # too slow to do so often
    store.compact()
    for number in range(60):
        store.upsert([make_memory(number)])
        if number % 15 == 14:
            store.put_vectors("hash", [str(number)], HashEncoder().encode([str(number)]))
            store.compact()
    assert [row["id"] for row in dump(store)] == [make_memory(number).id for number in range(60)]
    assert len(store.vectors("hash")[0]) == 4
    assert len(manifests(tmp_path)) <= 3
    assert len(files(tmp_path)) < 40


def test_the_next_pass_removes_the_copy_that_a_compaction_leaves(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        store.upsert([make_memory(number)])
    store.compact()
    copies = len(list((tmp_path / LANCE / "data").iterdir()))
    assert copies > 1
    store.drop_old_versions()
    assert len(list((tmp_path / LANCE / "data").iterdir())) == copies  # a request may still read them
    monkeypatch.setattr("mom_lsp.store.store.KEEP_VERSIONS", timedelta(0))
    store.drop_old_versions()
    assert len(list((tmp_path / LANCE / "data").iterdir())) == len(manifests(tmp_path)) == 1
    assert len(dump(store)) == 3


def test_old_versions_stay_while_removing_them_would_be_a_compaction(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mom_lsp.store.store.KEEP_VERSIONS", timedelta(0))
    for number in range(3):
        store.upsert([make_memory(number)])
    before = files(tmp_path)
    store.drop_old_versions()
    assert files(tmp_path) == before


# After a power cut


def test_an_empty_newest_manifest_costs_only_its_own_rows(tmp_path: Path) -> None:
    store = Store(tmp_path, create=True)
    store.upsert([make_memory(1)])
    store.upsert([make_memory(2)])
    (tmp_path / "lance/complete.json").write_text("{}")
    os.truncate(manifests(tmp_path)[0], 0)
    assert [row["id"] for row in dump(Store(tmp_path))] == [make_memory(1).id]
    assert not (tmp_path / "lance/complete.json").exists()  # the next pass must look again
    writer = Store(tmp_path, create=True)
    writer.upsert([make_memory(2)])
    assert len(dump(Store(tmp_path))) == 2


def test_a_reader_repairs_nothing_during_a_write(tmp_path: Path) -> None:
    Store(tmp_path, create=True).upsert([make_memory(1)])
    os.truncate(manifests(tmp_path)[0], 0)
    before = manifests(tmp_path)
    with writer_lease(tmp_path) as mine, pytest.raises(NoIndex, match="try again"):
        assert mine
        Store(tmp_path)
    assert manifests(tmp_path) == before


@pytest.mark.parametrize("damage", [b"", b"nonsense"])
def test_a_broken_data_file_costs_a_rebuild(tmp_path: Path, damage: bytes) -> None:
    Store(tmp_path, create=True).upsert([make_memory(1)])
    for path in (tmp_path / LANCE / "data").iterdir():
        path.write_bytes(damage)
    store = Store(tmp_path, create=True)
    assert dump(store) == []
    store.upsert([make_memory(1)])
    assert len(dump(Store(tmp_path))) == 1
    assert not list(tmp_path.glob("*.broken*"))  # memories forgotten since would survive there


def test_every_manifest_broken_costs_a_rebuild(tmp_path: Path) -> None:
    Store(tmp_path, create=True).upsert([make_memory(1)])
    for path in manifests(tmp_path):
        os.truncate(path, 0)
    assert dump(Store(tmp_path, create=True)) == []


def test_broken_vectors_have_to_be_encoded_again(tmp_path: Path) -> None:
    store = Store(tmp_path, create=True)
    store.upsert([make_memory(1)])
    store.put_vectors("hash", ["a"], HashEncoder().encode(["a"]))
    store.put_vectors("hash", ["b"], HashEncoder().encode(["b"]))
    os.truncate(manifests(tmp_path, "vectors")[0], 0)
    assert Store(tmp_path).vectors("hash")[0] == ["a"]
    for path in (tmp_path / "lance/vectors.lance/data").iterdir():
        os.truncate(path, 0)
    reader = Store(tmp_path)
    assert reader.vectors("hash")[0] == []
    assert len(dump(reader)) == 1


def test_what_a_killed_writer_left_half_written_is_removed(tmp_path: Path) -> None:
    Store(tmp_path, create=True)
    left = (tmp_path / datafolder.DOMAINS).with_suffix(".4711.new")
    left.write_bytes(b"words of a memory that may be forgotten later")
    Store(tmp_path)
    assert left.exists(), "only the writer knows that nobody writes it"
    Store(tmp_path, create=True)
    assert not left.exists()


def test_a_broken_index_is_rebuilt(tmp_path: Path) -> None:
    store = Store(tmp_path, create=True)
    store.upsert([make_memory(1)])
    store.compact()
    for path in (tmp_path / LANCE / "_indices").rglob("*.lance"):
        os.truncate(path, 0)
    assert Store(tmp_path, create=True).searchable
    assert [identity for identity, _ in Store(tmp_path).search_text("parser", 5)] == [make_memory(1).id]


# What is durable


def copy_without(data: Path, copy: Path, *lost: Path) -> Path:
    """Copy a data folder without some files, as a power cut leaves them."""
    shutil.copytree(data, copy)
    for path in lost:
        (copy / path.relative_to(data)).unlink()
    return copy


def test_readers_see_a_version_once_it_is_durable(tmp_path: Path) -> None:
    writer = Store(tmp_path, create=True)
    writer.upsert([make_memory(1)])
    point = (tmp_path / datafolder.POINT).read_bytes()
    reader = Store(tmp_path)
    writer.upsert([make_memory(2)])
    assert len(dump(Store(tmp_path))) == 2
    (tmp_path / datafolder.POINT).write_bytes(point)  # as if the writer had been killed just before
    assert [row["id"] for row in dump(Store(tmp_path))] == [make_memory(1).id]
    assert reader.refresh() == reader.version == writer.version - 1
    assert [row["id"] for row in dump(Store(tmp_path, create=True))] == [make_memory(1).id]
    assert len(manifests(tmp_path)) == load_point(tmp_path / "lance").versions["memories"]  # type: ignore[union-attr]


def test_files_of_a_version_that_is_not_durable_are_not_missed(tmp_path: Path) -> None:
    writer = Store(tmp_path / "data", create=True)
    writer.upsert([make_memory(1)])
    before = set(files(tmp_path / "data"))
    point = (tmp_path / "data" / datafolder.POINT).read_bytes()
    writer.upsert([make_memory(2)])
    fresh = [path for path in files(tmp_path / "data") if path not in before and path.suffix == ".lance"]
    assert fresh
    data = copy_without(tmp_path / "data", tmp_path / "copy", *fresh)
    (data / datafolder.POINT).write_bytes(point)
    assert [row["id"] for row in dump(Store(data))] == [make_memory(1).id]
    again = Store(data, create=True)
    again.upsert([make_memory(2)])
    assert len(dump(Store(data))) == 2


def test_vectors_that_are_not_durable_are_encoded_again(tmp_path: Path) -> None:
    store = Store(tmp_path, create=True)
    store.upsert([make_memory(1)])
    point = (tmp_path / datafolder.POINT).read_bytes()
    store.put_vectors("hash", ["a"], HashEncoder().encode(["a"]))
    (tmp_path / datafolder.POINT).write_bytes(point)
    reader = Store(tmp_path)
    assert reader.encoded("hash") == set()
    reader.put_vectors("hash", ["b"], HashEncoder().encode(["b"]))  # as the encoder does, under the lease
    assert Store(tmp_path).encoded("hash") == {"b"}


@pytest.mark.parametrize("erase", [False, True])
def test_a_compaction_that_is_killed_before_its_last_step_leaves_the_durable_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, erase: bool
) -> None:
    writer = Store(tmp_path, create=True)
    for number in range(30):
        writer.upsert([make_memory(number)])
    points = iter(["merged"])

    def replace_once(path: Path, content: bytes) -> None:
        if next(points, None) is None:
            raise KeyboardInterrupt
        durable_file.replace(path, content)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("mom_lsp.store.store.KEEP_VERSIONS", timedelta(0))  # as on a disk that takes a minute
        patch.setattr("mom_lsp.store.durable.replace", replace_once)
        writer.compact(erase=erase)
    point = load_point(tmp_path / "lance")
    assert point and len(manifests(tmp_path)) == 1
    assert latest_version(tmp_path / LANCE) == point.versions["memories"]
    assert len(dump(Store(tmp_path))) == len(dump(Store(tmp_path, create=True))) == 30


def test_without_the_durable_version_the_newest_one_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mom_lsp.store.store.KEEP_VERSIONS", timedelta(0))
    writer = Store(tmp_path, create=True)
    for number in range(3):
        writer.upsert([make_memory(number)])
    before = (tmp_path / datafolder.POINT).read_bytes()
    writer.compact()
    (tmp_path / datafolder.POINT).write_bytes(before)
    assert len(dump(Store(tmp_path, create=True))) == 3
    assert not is_damaged(tmp_path)


def test_a_point_that_cannot_be_read_costs_nothing(tmp_path: Path) -> None:
    Store(tmp_path, create=True).upsert([make_memory(1)])
    for content in (b"", b"junk", b"00000000\n{}"):
        (tmp_path / datafolder.POINT).write_bytes(content)
        assert len(dump(Store(tmp_path))) == 1
        writer = Store(tmp_path, create=True)
        writer.upsert([make_memory(2)])
        writer.delete([make_memory(2).id])
        assert load_point(tmp_path / "lance")


def test_what_is_not_durable_yet_is_no_damage(tmp_path: Path) -> None:
    """Lance writes its hint at the newest version whenever it likes."""
    writer = Store(tmp_path, create=True)
    writer.upsert([make_memory(1)])
    hint = tmp_path / LANCE / "_versions/latest_version_hint.json"
    assert hint.exists()
    hint.write_text('{"version":99}')
    assert not is_damaged(tmp_path)
    assert len(dump(Store(tmp_path))) == 1
    point = (tmp_path / datafolder.POINT).read_bytes()
    writer.upsert([make_memory(2)])
    (tmp_path / datafolder.POINT).write_bytes(point)
    assert not is_damaged(tmp_path)


# Damage that LanceDB does not notice


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)


def test_a_wrong_bit_in_the_rows_is_found_by_the_checksum(tmp_path: Path) -> None:
    Store(tmp_path, create=True).upsert([make_memory(1)])
    flip(next((tmp_path / LANCE / "data").iterdir()))
    assert is_damaged(tmp_path)
    with pytest.raises(Damaged, match="is being rebuilt in the background"):
        Store(tmp_path)
    writer = Store(tmp_path, create=True)
    assert dump(writer) == []
    writer.upsert([make_memory(1)])
    assert not is_damaged(tmp_path)
    assert len(dump(Store(tmp_path))) == 1


def test_a_wrong_bit_in_an_index_costs_the_index_alone(tmp_path: Path) -> None:
    store = Store(tmp_path, create=True)
    store.upsert([make_memory(1)])
    store.compact()
    flip(max((tmp_path / LANCE / "_indices").rglob("*.lance"), key=lambda path: path.stat().st_size))
    with pytest.raises(Damaged):
        Store(tmp_path)
    assert len(dump(Store(tmp_path, create=True))) == 1
    assert not is_damaged(tmp_path)
    assert [identity for identity, _ in Store(tmp_path).search_text("parser", 5)] == [make_memory(1).id]


@pytest.mark.parametrize(("at", "bit"), [(64, 6), (-38, 2), (-34, 7)])
def test_an_index_whose_very_listing_fails_is_rebuilt(tmp_path: Path, at: int, bit: int) -> None:
    store = Store(tmp_path, create=True)
    store.upsert([make_memory(number) for number in range(30)])
    store.compact()
    (metadata,) = (tmp_path / LANCE / "_indices").rglob("metadata.lance")
    content = bytearray(metadata.read_bytes())
    content[at] ^= 1 << bit
    metadata.write_bytes(content)
    assert len(Store(tmp_path, create=True).search_text("parser", 50)) == 30
    assert not is_damaged(tmp_path)


def test_a_later_write_does_not_hide_damage(tmp_path: Path) -> None:
    writer = Store(tmp_path, create=True)
    writer.upsert([make_memory(1)])
    flip(next((tmp_path / LANCE / "data").iterdir()))
    writer.upsert([make_memory(2)])
    assert is_damaged(tmp_path)


def test_a_copy_with_other_times_is_not_damaged(tmp_path: Path) -> None:
    Store(tmp_path / "data", create=True).upsert([make_memory(1)])
    shutil.copytree(tmp_path / "data", tmp_path / "copy", copy_function=shutil.copyfile)
    assert not is_damaged(tmp_path / "copy")
    assert len(dump(Store(tmp_path / "copy"))) == 1


def test_damage_that_is_met_while_reading_is_reported_and_mended(tmp_path: Path) -> None:
    store = Store(tmp_path, create=True)
    store.upsert([make_memory(1)])
    reader = Store(tmp_path)
    for path in (tmp_path / LANCE / "data").iterdir():
        os.truncate(path, 10)
    with pytest.raises(Damaged, match="rebuilt"):
        dump(reader)
    assert is_damaged(tmp_path)
    Store(tmp_path, create=True).upsert([make_memory(1)])
    assert not is_damaged(tmp_path)
    reader.refresh()
    assert len(dump(reader)) == 1


@pytest.mark.parametrize(
    "panic_type", [type("PanicException", (BaseException,), {}), type("RustPanic", (Exception,), {})]
)
def test_a_panic_of_lance_is_a_store_error(tmp_path: Path, panic_type: type[BaseException]) -> None:
    def panic() -> None:
        raise panic_type("called `Option::unwrap()` on a `None` value")

    with pytest.raises(StoreError, match="unwrap"):
        Tables(tmp_path).guard(panic)


# Other formats, other folders


def test_changed_rules_drop_memories_and_keep_embeddings(tmp_path: Path) -> None:
    store = Store(tmp_path, create=True, rules="a")
    store.upsert([make_memory(1)])
    store.put_vectors("hash", ["a"], HashEncoder().encode(["a"]))
    (tmp_path / "lance/complete.json").write_text("{}")
    reader = Store(tmp_path)
    assert len(dump(Store(tmp_path, create=True, rules="a"))) == 1
    changed = Store(tmp_path, create=True, rules="b")
    assert dump(changed) == []
    assert changed.vectors("hash")[0] == ["a"]
    assert not (tmp_path / "lance/complete.json").exists()
    before = reader.version
    assert reader.refresh() > before  # or an engine would mistake the new table for the one it knows
    assert dump(reader) == []


def test_an_older_schema_is_rebuilt_and_a_newer_one_is_refused(tmp_path: Path) -> None:
    Store(tmp_path, create=True).upsert([make_memory(1)])
    mark = tmp_path / "lance/schema"
    mark.write_text(f"{SCHEMA_VERSION - 1} ")
    with pytest.raises(Damaged, match="older version of mom, and is rebuilt"):
        Store(tmp_path)
    assert dump(Store(tmp_path, create=True)) == []
    mark.write_bytes(with_checksum(b"%d " % (SCHEMA_VERSION + 1)))
    for create in (True, False):
        with pytest.raises(StoreError, match="newer version of mom: update"):
            Store(tmp_path, create=create)


def test_without_an_index_a_reader_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoIndex, match="run `mom index`"):
        Store(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_lance_error_is_reported_without_build_paths(tmp_path: Path) -> None:
    def fail() -> None:
        raise RuntimeError("LanceError(IO): No space left on device (os error 28), /root/.cargo/lance-1/src/io.rs:12:8")

    with pytest.raises(
        StoreError, match=r"No space left on device \(os error 28\); the disk that holds .* is full: free"
    ):
        Tables(tmp_path).guard(fail)


def test_an_unwritable_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="make it a writable folder"):
        Store(tmp_path / "file", create=True)
    with pytest.raises(StoreError, match="make it a writable folder"), writer_lease(tmp_path / "file"):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_reported(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="make it a writable folder"):
        Store(tmp_path, create=True)
    tmp_path.chmod(0o700)


# Readers beside a writer


def test_a_reader_survives_an_erasing_compaction(tmp_path: Path) -> None:
    writer = Store(tmp_path, create=True)
    writer.upsert([make_memory(1), make_memory(2)])
    writer.put_vectors("hash", ["a"], HashEncoder().encode(["a"]))
    writer.compact()
    reader = Store(tmp_path)
    writer.put_vectors("hash", ["b"], HashEncoder().encode(["b"]))
    writer.erase([tombstone(make_memory(1))])
    assert reader.get([make_memory(2).id]) == {make_memory(2).id: make_memory(2)}
    assert [identity for identity, _ in reader.search_text("parser", 5)] == [make_memory(2).id]
    assert reader.vectors("hash")[0] == []
    assert reader.refresh() == writer.version


def test_a_reader_follows_the_writer(tmp_path: Path) -> None:
    writer = Store(tmp_path, create=True)
    reader = Store(tmp_path)
    assert dump(reader) == []
    writer.upsert([make_memory(1)])
    assert dump(reader) == []
    assert reader.refresh() == writer.version
    assert len(dump(reader)) == 1


def test_a_pinned_reader_reads_its_version_or_reports_it_gone(tmp_path: Path) -> None:
    writer = Store(tmp_path, create=True)
    writer.upsert([make_memory(1)])
    reader = Store(tmp_path)
    pinned = reader.pinned()
    writer.upsert([make_memory(1, "Fix the lexer"), make_memory(2)])
    assert reader.refresh() == writer.version > pinned.version
    assert list(pinned.get([make_memory(1).id, make_memory(2).id]).values()) == [make_memory(1)]
    assert pinned.search_text("lexer", 5) == []
    writer.compact(erase=True)
    with pytest.raises(Outdated, match=r"the index in .* cannot be used: .*[Nn]ot found"):
        pinned.get([make_memory(1).id])
    assert len(reader.get([make_memory(1).id, make_memory(2).id])) == 2


def test_only_what_was_written_lately_is_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(tmp_path, create=True).upsert([make_memory(1)])
    old = {path.stat().st_ino: path for path in files(tmp_path)}
    for path in old.values():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    flushed = set[int]()
    monkeypatch.setattr("os.fsync", lambda handle: flushed.add(os.fstat(handle).st_ino))
    Store(tmp_path, create=True).upsert([make_memory(2)])
    assert flushed.isdisjoint(old)
    assert flushed >= {path.stat().st_ino for path in files(tmp_path)} - old.keys()


# Versions that are dropped while others look


class Dropping:
    """A writer that drops the version that counts, `times` when somebody asks which one that is."""

    def __init__(self, data: Path) -> None:
        self.writer, self.number, self.times = Store(data, create=True), 0, 0
        self.drop()

    def drop(self) -> None:
        self.number += 1
        self.writer.upsert([make_memory(self.number)])
        self.writer.compact(erase=True)

    def load_point(self, folder: Path) -> Point | None:
        point = load_point(folder)
        if self.times:
            self.times -= 1
            self.drop()
        return point


@pytest.fixture
def dropping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dropping:
    made = Dropping(tmp_path)
    monkeypatch.setattr(module, "load_point", made.load_point)
    return made


def test_a_reader_is_opened_while_a_compaction_drops_versions(tmp_path: Path, dropping: Dropping) -> None:
    with writer_lease(tmp_path):
        dropping.times = 2
        assert len(dump(Store(tmp_path))) == 3


def test_a_reader_looks_again_when_its_version_and_the_next_are_dropped(tmp_path: Path, dropping: Dropping) -> None:
    reader = Store(tmp_path)
    dropping.drop()
    dropping.times = 2
    assert len(reader.columns(["body"])) == 4
    assert not is_damaged(tmp_path)


def test_a_file_that_is_missing_is_no_damage_while_somebody_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mom_lsp.store.store.KEEP_VERSIONS", timedelta(0))
    writer = Store(tmp_path, create=True)
    writer.upsert([make_memory(1)])
    before = (tmp_path / datafolder.POINT).read_bytes()
    writer.upsert([make_memory(2)])
    with writer_lease(tmp_path):
        writer.compact()
        (tmp_path / datafolder.POINT).write_bytes(before)  # as between the two steps of a compaction
        assert not is_damaged(tmp_path)
    assert is_damaged(tmp_path)
