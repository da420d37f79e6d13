"""Records with strace what a command, and whatever it starts, writes below a folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "openat,open,creat,write,pwrite64,writev,pwritev,pwritev2,lseek,ftruncate,truncate,fallocate,rename,renameat,"
    "renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,fsync,fdatasync,copy_file_range,"
    "sendfile,mmap,io_uring_setup"
)
LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)(?:<([^>]*)>)?")
UNFINISHED = re.compile(r"(\d+) +(.*) <unfinished \.\.\.>$")
RESUMED = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)$")
STRING, DESCRIPTOR = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?'), re.compile(r"(\d+|AT_FDCWD)<([^>]*)>")
LONGEST = 1 << 28  # bytes of one write that are recorded
ACKNOWLEDGED = b"acknowledged "  # how a line begins that is recorded when it is printed
SHARED_MEMORY = "-shm"  # of SQLite: it is mapped, and built anew by the next process


@dataclass(frozen=True, slots=True)
class Write:
    """One change of what is below the folder, or one line of what was acknowledged."""

    kind: str  # open, write, truncate, rename, link, unlink, mkdir, rmdir, sync, print
    path: str = ""  # relative to the folder
    to: str = ""  # of a rename or link
    at: int = 0  # bytes: the offset of a write, or the new size
    data: bytes = b""
    truncates: bool = False  # an open


def available() -> bool:
    """Whether processes can be traced here."""
    strace = shutil.which("strace")
    return strace is not None and not subprocess.run([strace, "-qq", "true"], capture_output=True).returncode


def record(command: Sequence[str], folder: Path, log: Path, environment: Mapping[str, str]) -> list[Write]:
    """Run a command and return what it wrote below a folder, and what it printed, in order."""
    options = [
        "-f",
        "-y",
        "-xx",
        "-qq",
        "--seccomp-bpf",
        "-s",
        str(LONGEST),
        "-e",
        "signal=none",
        "-e",
        f"trace={CALLS}",
    ]
    done = subprocess.run(["strace", *options, "-o", str(log), *command], env=environment, capture_output=True)
    if done.returncode:
        raise AssertionError(done.stderr.decode("utf-8", "replace"))
    with log.open("r", encoding="ascii", errors="replace") as lines:
        return list(_Reader(folder).read(lines))


def _decode(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _whole(lines: Iterator[str]) -> Iterator[str]:
    """Join the two halves of calls during which another thread was seen."""
    begun: dict[str, str] = {}
    for line in lines:
        if half := UNFINISHED.match(line):
            begun[half[1]] = half[2]
        elif rest := RESUMED.match(line):
            yield f"{rest[1]} {begun.pop(rest[1], '')}{rest[2]}"
        else:
            yield line


class _Reader:
    """Turns the lines of strace into writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.fsencode(folder)
        self._at: dict[tuple[str, str], int] = {}  # the position in a file, by descriptor and path
        self._appending: set[tuple[str, str]] = set()

    def read(self, lines: Iterator[str]) -> Iterator[Write]:
        for line in _whole(lines):
            found = LINE.match(line)
            if found and int(found[4]) >= 0:
                yield from self._writes(found[2], found[3], int(found[4]), found[5] or "")

    def _inside(self, path: bytes) -> str | None:
        path = os.path.normpath(path.removesuffix(b"(deleted)").rstrip())
        if not path.startswith(self._folder + b"/") and path != self._folder:
            return None
        return os.fsdecode(path[len(self._folder) + 1 :]) or "."

    def _writes(self, call: str, args: str, result: int, opened: str) -> Iterator[Write]:
        if call == "io_uring_setup":
            raise AssertionError("io_uring cannot be traced")
        if call in {"openat", "open", "creat"}:
            yield from self._open(args, str(result), opened)
        elif call in {"write", "pwrite64", "writev", "pwritev", "pwritev2", "lseek", "copy_file_range", "sendfile"}:
            yield from self._write(call, args, result)
        elif call in {"fsync", "fdatasync", "ftruncate", "fallocate", "mmap"}:
            yield from self._by_descriptor(call, args)
        else:
            yield from self._by_path(call, args)

    def _open(self, args: str, number: str, opened: str) -> Iterator[Write]:
        path = self._inside(_decode(opened))
        if path is None:
            return
        self._at[number, path] = 0
        self._appending.discard((number, path))
        if "O_APPEND" in args:
            self._appending.add((number, path))
        if "O_CREAT" in args or "O_TRUNC" in args:
            yield Write("open", path, truncates="O_TRUNC" in args)

    def _write(self, call: str, args: str, result: int) -> Iterator[Write]:
        descriptor = DESCRIPTOR.match(args if call != "copy_file_range" else args.split(", ", 2)[2])
        if descriptor is None:
            return
        number, path = descriptor[1], self._inside(_decode(descriptor[2]))
        strings = STRING.findall(args)
        if path is None:
            if call == "write" and strings and (told := _decode(strings[0][0])).startswith(ACKNOWLEDGED):
                yield Write("print", data=told.removeprefix(ACKNOWLEDGED))
            return
        if call in {"copy_file_range", "sendfile"}:
            raise AssertionError(f"{call} into {path}: what it writes is not recorded")
        if call == "lseek":
            self._at[number, path] = result
            return
        data = b"".join(_decode(text) for text, cut in strings)
        assert not any(cut for _, cut in strings) and len(data) >= result, path
        here = -1 if (number, path) in self._appending else self._at.get((number, path), 0)
        if call.startswith("pwrite"):
            here = int(args.rsplit(", ", 1)[1]) if call != "pwritev2" else int(args.rsplit(", ", 2)[1])
        elif here >= 0:
            self._at[number, path] = here + result
        yield Write("write", path, at=here, data=data[:result])

    def _by_descriptor(self, call: str, args: str) -> Iterator[Write]:
        if call == "mmap" and not ("MAP_SHARED" in args and "PROT_WRITE" in args):
            return
        descriptor = DESCRIPTOR.search(args)
        path = self._inside(_decode(descriptor[2])) if descriptor else None
        if path is None:
            return
        if call == "mmap" and not path.endswith(SHARED_MEMORY):
            raise AssertionError(f"{path} is mapped to be written: what is written is not recorded")
        if call in {"fsync", "fdatasync"}:
            yield Write("sync", path)
        elif call == "ftruncate":
            yield Write("truncate", path, at=int(args.rsplit(", ", 1)[1]))

    def _by_path(self, call: str, args: str) -> Iterator[Write]:
        folders = [os.fsdecode(_decode(found)) for _, found in DESCRIPTOR.findall(args)]
        names = [os.fsdecode(_decode(text)) for text, _ in STRING.findall(args)]
        where = folders if len(folders) == len(names) else [folders[0] if folders else "/"] * len(names)
        paths = [self._inside(os.fsencode(Path(folder, name))) for folder, name in zip(where, names, strict=True)]
        kind = {"unlinkat": "rmdir" if "AT_REMOVEDIR" in args else "unlink"}.get(call, re.sub(r"at2?$", "", call))
        if kind in {"rename", "link"}:
            if paths[0] is None and paths[1] is None:
                return
            if paths[0] is None or (paths[1] is None and kind == "rename"):
                raise AssertionError(f"{call} between {names}: only what is below the folder is recorded")
            yield Write(kind, paths[0], paths[1] or "")
        elif paths[0] is not None:
            if kind.startswith("symlink"):
                raise AssertionError(f"{call} {names}: links are not recorded")
            yield Write(kind, paths[0], at=int(args.rsplit(", ", 1)[1]) if kind == "truncate" else 0)
