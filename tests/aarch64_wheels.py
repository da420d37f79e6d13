"""Asks the index that pip is set up for whether every dependency has a wheel for a 64-bit Raspberry Pi; `make wheels`.

Every dependency with its own dependencies and all extras for users, for each supported Python, on Linux with glibc 2.28
and aarch64. Of the wheels for the first Python the shared libraries are read, since the kernel of a Raspberry Pi 5 has
memory pages of 16 KB: it cannot load a library whose segments are aligned to less, and jemalloc aborts there if it was
built for smaller pages.

Prints what was found; exits with 1 if a wheel is missing or has such a library.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
PYTHONS = ("3.11", "3.12", "3.13")
GLIBC = 28  # 2.28: what current wheels are built for; Raspberry Pi OS has at least 2.31 since 2021
PLATFORMS = [*(f"manylinux_2_{minor}_aarch64" for minor in range(17, GLIBC + 1)), "manylinux2014_aarch64"]
FOR_DEVELOPERS = {"all", "dev", "mutants"}  # extras that are not asked for
COMPILED = {"llama-cpp-python"}  # source only, as everybody is told
LARGEST_PAGE = 16384  # bytes, of the kernel of a Raspberry Pi 5
JEMALLOC = b"<jemalloc>"  # in its messages; its page size is fixed when it is built
PT_LOAD = 1


@dataclass
class Wanted:
    """A package that is needed: which versions, with which extras, and what the index has."""

    versions: SpecifierSet
    extras: set[str] = field(default_factory=set)
    version: str = ""  # "" if there is no wheel
    file: str = ""


def environment(python: str) -> dict[str, str]:
    """Return the values of environment markers on a 64-bit Raspberry Pi."""
    return {key: str(value) for key, value in default_environment().items()} | {
        "os_name": "posix",
        "platform_machine": "aarch64",
        "platform_system": "Linux",
        "sys_platform": "linux",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "python_version": python,
        "python_full_version": f"{python}.0",
    }


def direct(project: Path = PROJECT) -> list[Requirement]:
    """Return the project's dependencies with all extras for users."""
    table = tomllib.loads(project.read_text("utf-8"))["project"]
    extras = [lines for name, lines in table["optional-dependencies"].items() if name not in FOR_DEVELOPERS]
    return [Requirement(line) for lines in (table["dependencies"], *extras) for line in lines]


def applicable(requirements: Iterable[Requirement], python: str, extras: Iterable[str] = ()) -> Iterator[Requirement]:
    """Yield the requirements whose markers are true on a Raspberry Pi."""
    values = environment(python)
    for one in requirements:
        if one.marker is None or any(one.marker.evaluate(values | {"extra": extra}) for extra in ("", *extras)):
            yield one


def closure(python: str) -> dict[str, Wanted]:
    """Return all packages that this project needs on a Raspberry Pi, by name, as pip finds them."""
    wanted: dict[str, Wanted] = {}
    new = list(applicable(direct(), python))
    while new:
        changed = {name for one in new if (name := _add(wanted, one))}
        new = []
        for name, found in _ask(python, {name: wanted[name] for name in sorted(changed)}):
            one = wanted[name]
            one.version, one.file = found["metadata"]["version"], found["download_info"]["url"].rpartition("/")[2]
            lines = [Requirement(line) for line in found["metadata"].get("requires_dist", ())]
            new += applicable(lines, python, one.extras)
    return wanted


def _add(wanted: dict[str, Wanted], requirement: Requirement) -> str:
    """Add a requirement; return the package's name if the index has to be asked about it (again), else ""."""
    name = canonicalize_name(requirement.name)
    one = wanted.get(name)
    if one is None:
        wanted[name] = Wanted(requirement.specifier, set(requirement.extras))
        return name
    known = one.version and requirement.specifier.contains(one.version, prereleases=True)
    more = set(requirement.extras) - one.extras
    one.versions, one.extras = one.versions & requirement.specifier, one.extras | more
    return "" if known and not more else name


def _ask(python: str, wanted: Mapping[str, Wanted]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what pip would install; a package without a wheel is left out."""
    lines = [f"{name}{one.versions}" for name, one in wanted.items()]
    done = _pip("install", python, "--dry-run", "--ignore-installed", "--report", "-", "--target", "unused", *lines)
    if done.returncode == 0:
        for found in json.loads(done.stdout)["install"]:
            yield canonicalize_name(found["metadata"]["name"]), found
    elif len(wanted) > 1:
        for name, one in wanted.items():
            yield from _ask(python, {name: one})
    elif "No matching distribution" not in done.stderr:
        raise SystemExit(done.stderr)


def _pip(verb: str, python: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    platforms = [part for platform in PLATFORMS for part in ("--platform", platform)]
    target = ["--only-binary=:all:", *platforms, "--implementation", "cp", "--python-version", python]
    command = [sys.executable, "-m", "pip", verb, "--quiet", "--no-deps", *target, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def problems(wanted: Mapping[str, Wanted], python: str) -> dict[str, str]:
    """Download the wheels with shared libraries, and return what may not work with pages of 16 KB, by file."""
    files = {name: one.file for name, one in wanted.items() if one.file and not one.file.endswith("-any.whl")}
    with tempfile.TemporaryDirectory() as folder:
        done = _pip("download", python, "--dest", folder, *(f"{name}=={wanted[name].version}" for name in files))
        if done.returncode:
            raise SystemExit(done.stderr)
        found = {path.name: problem_of(path) for path in Path(folder).iterdir()}
    return {file: found[file] for file in sorted(files.values())}


def problem_of(wheel: Path) -> str:
    """Return what may not work with pages of 16 KB, "" if nothing is known."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            data = archive.read(entry)
            alignments = list(segment_alignments(data))
            if alignments and min(alignments) < LARGEST_PAGE:
                return f"{entry.filename} cannot be loaded: its segments are aligned to {min(alignments)} bytes"
            if alignments and JEMALLOC in data:
                return f"{entry.filename} contains jemalloc: find out for which size of pages it was built"
    return ""


def segment_alignments(elf: bytes) -> Iterator[int]:
    """Yield the alignment in bytes of each loaded segment of a 64-bit little-endian ELF file, nothing of others."""
    if elf[:6] != b"\x7fELF\x02\x01":
        return
    (table,) = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    for at in range(table, table + size * count, size):
        kind, *_, alignment = struct.unpack_from("<IIQQQQQQ", elf, at)
        if kind == PT_LOAD:
            yield alignment


def main(pythons: Sequence[str] = PYTHONS) -> int:
    """Print what the index has, and return the exit code."""
    failed = False
    for python in pythons:
        wanted = closure(python)
        missing = {name for name, one in wanted.items() if not one.version}
        failed |= bool(missing - COMPILED)
        print(f"Python {python}: {len(wanted)} packages; without a wheel: {', '.join(sorted(missing)) or 'none'}")
        if python == pythons[0]:
            for file, problem in problems(wanted, python).items():
                failed |= bool(problem)
                print(f"  {file}: {problem or 'aligned for pages of 16 KB'}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or PYTHONS))
