"""A table that several machines read and one run at a time writes, in a folder and on a server."""

from __future__ import annotations

from pathlib import Path

import pytest
from fleets import versions_of
from memories import make_memory
from object_store import BUCKET, ObjectStore

from mom_lsp.errors import Outdated, StoreError
from mom_lsp.store.arrow_rows import to_table
from mom_lsp.store.shared_table import NoRows, SharedTable

ADDRESS = f"s3://{BUCKET}/one"


ONE, TWO, SEVEN = (f"{number:016x}" for number in (1, 2, 7))


def ids(table: SharedTable) -> list[str]:
    return sorted(table.columns(["id"])["id"].to_pylist())


def everything(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


@pytest.fixture(params=["folder", "server"])
def address(request: pytest.FixtureRequest, s3: ObjectStore, tmp_path: Path) -> str:
    return ADDRESS if request.param == "server" else str(tmp_path / "one")


def test_readers_stay_at_the_version_that_was_published(address: str) -> None:
    table = SharedTable.to_write(address, None)
    table.add(to_table([make_memory(1)]))
    reader = SharedTable.published(address, table.version)
    table.upsert([make_memory(2), make_memory(1, "again")])
    table.delete([TWO])
    assert (ids(reader), ids(table)) == ([ONE], [ONE])
    assert reader.get([ONE])[ONE].title != "again"
    assert table.get([ONE])[ONE].title == "again"


def test_what_a_killed_writer_left_behind_is_dropped(address: str) -> None:
    table = SharedTable.to_write(address, None)
    table.add(to_table([make_memory(1)]))
    published = table.version
    table.add(to_table([make_memory(9)]))
    assert ids(SharedTable.to_write(address, published)) == [ONE]
    assert ids(SharedTable.to_write(address, None)) == []


@pytest.mark.parametrize("action", ["add", "upsert", "delete"])
def test_a_writer_gives_up_when_another_one_wrote(address: str, action: str) -> None:
    first = SharedTable.to_write(address, None)
    first.add(to_table([make_memory(1)]))
    second = SharedTable.to_write(address, first.version)
    second.add(to_table([make_memory(2)]))
    with pytest.raises(StoreError):
        if action == "add":
            first.add(to_table([make_memory(3)]))
        elif action == "upsert":
            first.upsert([make_memory(1, "again")])
        else:
            first.delete([ONE])


def test_a_published_version_that_is_gone_says_what_to_do(address: str) -> None:
    table = SharedTable.to_write(address, None)
    table.add(to_table([make_memory(1)]))
    table.compact(erase=True)
    with pytest.raises(Outdated, match="delete that folder"):
        SharedTable.to_write(address, 1)


def test_erasing_leaves_one_version_without_what_was_deleted(tmp_path: Path) -> None:
    address = str(tmp_path / "one")
    table = SharedTable.to_write(address, None)
    for number in range(30):
        table.add(to_table([make_memory(number, body=f"word{number}x")]))
    assert table.scattered
    assert b"word7x" in everything(tmp_path)
    table.delete([SEVEN])
    table.compact()
    table.compact(erase=True)
    assert not table.scattered
    (rows,) = versions_of(tmp_path / "one" / "memories.lance")
    assert len(rows) == 29
    assert b"word7x" not in everything(tmp_path)
    assert ids(SharedTable.to_write(address, table.version)) == ids(table)


def test_a_table_that_does_not_exist_is_empty() -> None:
    nothing = NoRows()
    assert nothing.columns(["id", "commits"]).column_names == ["id", "commits"]
    assert (nothing.columns(["id"]).num_rows, nothing.get(["a"])) == (0, {})
    for write in (lambda: nothing.add(to_table([])), lambda: nothing.upsert([]), lambda: nothing.delete(["a"])):
        with pytest.raises(StoreError):
            write()
