"""What a power cut leaves: the model of it, the recorder, and that mom needs nobody afterwards."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import damages
import power_cuts
import pytest
from power_cut import Disk, Model, write_state
from write_trace import Write, available, record

traced = pytest.mark.skipif(not available(), reason="strace is missing, or may not trace here")


def left(model: Model, *writes: Write, tries: int = 60) -> set[tuple[tuple[str, bytes | None], ...]]:
    """Return all that may be left after these writes."""
    disk = Disk().replay(writes)
    return {tuple(disk.cut(model, random.Random(number)).items()) for number in range(tries)}


NEW = (Write("open", "a"), Write("write", "a", data=b"one"))


@pytest.mark.parametrize("model", power_cuts.MODELS)
def test_a_file_that_was_not_flushed_may_be_missing_empty_or_whole(model: Model) -> None:
    found = left(model, *NEW)
    assert found >= {(), (("a", b"one"),)}
    assert found <= {(), (("a", b"one"),), (("a", b""),)}


def test_only_with_the_rules_of_ext4_does_flushing_a_file_flush_its_name() -> None:
    flushed = (*NEW, Write("sync", "a"))
    assert left("ext4", *flushed) == {(("a", b"one"),)}
    assert left("posix", *flushed) == {(), (("a", b"one"),)}
    assert left("posix", *flushed, Write("sync", ".")) == {(("a", b"one"),)}


def test_only_with_the_rules_of_ext4_has_a_renamed_file_its_data() -> None:
    renamed = (*NEW, Write("rename", "a", "b"))
    assert (("b", b""),) not in left("ext4", *renamed)
    assert (("b", b""),) in left("posix", *renamed)


def test_a_flushed_file_has_its_old_content_or_the_new_one() -> None:
    overwritten = (*NEW, Write("sync", "a"), Write("sync", "."), Write("write", "a", at=0, data=b"two"))
    assert left("posix", *overwritten) == {(("a", b"one"),), (("a", b"two"),)}


def test_a_folder_that_was_not_flushed_takes_its_files_with_it() -> None:
    inside = (Write("mkdir", "f"), Write("open", "f/a"), Write("sync", "f/a"), Write("sync", "f"))
    assert () in left("posix", *inside)
    assert left("ext4", *inside) == {(("f", None), ("f/a", b""))}


def test_what_is_removed_may_come_back() -> None:
    removed = (*NEW, Write("sync", "a"), Write("sync", "."), Write("unlink", "a"))
    assert left("posix", *removed) == {(), (("a", b"one"),)}


PROGRAM = """
import os, sys
from pathlib import Path
folder = Path(sys.argv[1])
(folder / "sub").mkdir()
(folder / "sub" / "a").write_bytes(b"one")
with open(folder / "sub" / "a", "r+b", buffering=0) as file:
    file.seek(2)
    file.write(b"EF")
    os.pwrite(file.fileno(), b"x", 9)
    os.fsync(file.fileno())
with open(folder / "log", "ab", buffering=0) as log:
    log.write(b"1")
    log.write(b"2")
os.link(folder / "log", folder / "linked")
os.rename(folder / "log", folder / "sub" / "log")
os.truncate(folder / "linked", 1)
(folder / "gone").touch()
(folder / "gone").unlink()
os.write(1, b"acknowledged all of it\\n")
"""


@traced
def test_what_is_recorded_is_what_was_written(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    writes = record([sys.executable, "-c", PROGRAM, str(folder)], folder, tmp_path / "log", dict(os.environ))
    disk = Disk().replay(writes)
    assert disk.printed == ["all of it"]
    write_state(disk.whole(), tmp_path / "copy")
    subprocess.run(["diff", "-r", folder, tmp_path / "copy"], check=True)
    assert [write.path for write in writes if write.kind == "sync"] == ["sub/a"]


@traced
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_after_a_power_cut_nothing_is_lost_and_nobody_is_needed(home: Path, tmp_path: Path) -> None:
    for counts in power_cuts.run(30, 1, tmp_path / "cuts").values():
        assert counts == {"states": 15}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_damage_ends_in_no_error_that_stays_and_in_no_wrong_answer(home: Path, tmp_path: Path) -> None:
    counts = damages.run(tmp_path / "damages", 0.06, 1)
    assert counts["tried"] > 20
    assert counts.keys() <= {"tried", "told"}
