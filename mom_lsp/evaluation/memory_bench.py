"""`mom bench --memory`: the resident memory of the processes behind an editor, step by step.

Resident pages count, each page of a file once: the interpreter, libraries and weights that two of our processes map are
one set of pages, which RSS counts twice. PSS divides them by all processes that map them, so it falls when an unrelated
program runs the same Python; USS leaves them out.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mom_lsp import datafolder
from mom_lsp.errors import UsageError
from mom_lsp.evaluation.bench_clone import (
    ATTEMPTS,
    INTERVAL,
    PROC,
    BenchTarget,
    Figure,
    busiest_lines,
    cloned,
    figure,
    run_mom,
)
from mom_lsp.evaluation.editor import Editor, editing
from mom_lsp.git import locate

TOTAL, MODEL, INDEXER = 350, 400, 400  # MB: the goals, of an editor's processes without the model
NAMES = ("front", "engine", "model")  # in the total; the indexer exits when it has caught up
REST = 4.0  # seconds after a step, in which server and engine free what it was computed in; the peak has it
WATCHED = 20.0  # seconds of encoding
GONE = (FileNotFoundError, ProcessLookupError, StopIteration)  # a process has exited meanwhile


def measure_memory(root: Path, at: BenchTarget | None = None) -> dict[str, Any]:
    """Measure with a clone of an indexed repository; return {"figures": [{"name", "value", "unit", "target", "note"}]}.

    An editor starts, asks for suggestions, searches by meaning, and asks why with the local model, if there is one. A
    second one starts where everything has to be encoded.

    Args:
        root: of the repository.
        at: the line to ask about; None for one in the file that changes most often.

    Raises:
        UsageError: not a git repository, or the system does not report shared pages.
    """
    if not (PROC / "self" / "smaps").exists():
        raise UsageError("--memory needs Linux: no other system reports shared memory in /proc/PID/smaps")
    with cloned(root) as location:
        if (lance := locate(root).data / datafolder.INDEX).is_dir():
            shutil.copytree(lance, location.data / datafolder.INDEX)
        run_mom(location, "index")
        target = at or busiest_lines(location)[0]
        with editing(location) as editor:
            figures = [row for step, sizes in _steps(editor, target) for row in _figures(step, sizes)]
        shutil.rmtree(location.data / datafolder.VECTORS, ignore_errors=True)
        (location.data / datafolder.MARKER).unlink()  # it says that they are there
        with editing(location) as editor:
            figures += _encoding(editor)
    return {"figures": figures}


def _steps(editor: Editor, target: BenchTarget) -> Iterator[tuple[str, dict[str, ProcessMemory]]]:
    """Do what a user does, and yield the memory of each process at rest after each step."""
    uri = editor.open(target.path)
    editor.command("mom.status")
    time.sleep(REST)
    yield "started", _sizes(editor)
    editor.suggest(uri, target.line)
    time.sleep(REST)
    yield "suggestion", _sizes(editor)
    editor.command("mom.search", "a connection is used again")
    editor.suggest(uri, target.line)
    time.sleep(REST)
    yield "semantic search", _sizes(editor)
    editor.command("mom.why", uri, target.line, False, True)
    time.sleep(REST)
    yield "why", _sizes(editor)


def _figures(step: str, sizes: dict[str, ProcessMemory]) -> Iterator[Figure]:
    goals = {"model": MODEL, "indexer": INDEXER}
    for name, size in sizes.items():
        note = f"PSS {size.pss:.0f}, USS {size.uss:.0f}; peak RSS {size.peak:.0f}"
        yield figure(f"{step}: {name}", size.rss, "MB", goals.get(name), note)
    counted = [sizes[name] for name in NAMES if name in sizes]
    note = f"sum of RSS {sum(one.rss for one in counted):.0f}, of PSS {sum(one.pss for one in counted):.0f}"
    yield figure(f"{step}: total", total_resident(counted), "MB", TOTAL + MODEL * ("model" in sizes), note)


def _encoding(editor: Editor) -> list[Figure]:
    """Return the largest memory of the indexer while it encodes; nothing without an encoder."""
    seen: list[ProcessMemory] = []
    ends = time.monotonic() + ATTEMPTS * INTERVAL  # for it to begin
    while time.monotonic() < ends:
        status = editor.command("mom.status")
        if status["encoder"] is None or (status["searchable"] and status["encoded"] >= status["searchable"]):
            break
        if (status["indexing"] or {}).get("phase") == "encoding":
            ends = ends if seen else time.monotonic() + WATCHED
            seen += [size for name, size in _sizes(editor).items() if name == "indexer"]
        time.sleep(INTERVAL)
    if not seen:
        return []
    largest = max(seen, key=lambda size: size.rss)
    note = f"PSS {largest.pss:.0f}, USS {largest.uss:.0f}; the first {WATCHED:g} s"
    return [figure("encoding: indexer, at most", largest.rss, "MB", INDEXER, note)]


def _sizes(editor: Editor) -> dict[str, ProcessMemory]:
    """Return the memory of each process; the indexer's children count as it."""
    status = editor.command("mom.status")
    pids = {"front": editor.process.pid, "engine": status["engine"]["pid"], "model": status["model"]["pid"]}
    found = {name: process_memory(pid) for name, pid in pids.items() if pid}
    indexers: list[ProcessMemory] = []
    for pid in _interpreters_below(pids["engine"]) - set(pids.values()):
        with suppress(*GONE):
            indexers.append(process_memory(pid))
    return found | ({"indexer": together(indexers)} if indexers else {})


def _interpreters_below(pid: int) -> set[int]:
    """Return the processes that a process has started, and those that they have, as far as they run Python, not git."""
    found: set[int] = set()
    with suppress(*GONE):
        children = [
            int(one) for file in (PROC / str(pid) / "task").glob("*/children") for one in file.read_text().split()
        ]
        for child in children:
            with suppress(*GONE):
                if (PROC / str(child) / "exe").readlink() == Path(sys.executable).resolve():
                    found |= {child, *_interpreters_below(child)}
    return found


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """The resident memory of one process, in MB (10^6 bytes)."""

    own: float  # anonymous pages
    files: Mapping[str, float]  # by mapped file
    pss: float
    uss: float
    peak: float  # the largest RSS so far

    @property
    def rss(self) -> float:
        """All resident pages."""
        return self.own + sum(self.files.values())


def process_memory(pid: int) -> ProcessMemory:
    """Return the current memory of a process."""
    own, pss, uss, path = 0.0, 0.0, 0.0, ""
    files: defaultdict[str, float] = defaultdict(float)
    for line in (PROC / str(pid) / "smaps").read_text("utf-8", "replace").splitlines():
        name, *values = line.split(maxsplit=5)
        if not name.endswith(":"):  # a mapping: range, access, offset, device, inode, path
            path = values[-1] if len(values) == 5 and values[3] != "0" else ""
            continue
        size = int(values[0]) * 1024 / 1e6 if values[-1] == "kB" else 0.0
        match name:
            case "Rss:" if path:
                files[path] += size
            case "Rss:":
                own += size
            case "Anonymous:" if path:  # copied on write: no longer the file's
                files[path] -= size
                own += size
            case "Pss:":
                pss += size
            case "Private_Clean:" | "Private_Dirty:":
                uss += size
    status = (PROC / str(pid) / "status").read_text("utf-8", "replace")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) * 1024 / 1e6
    return ProcessMemory(own, files, pss, uss, peak)


def together(sizes: Iterable[ProcessMemory]) -> ProcessMemory:
    """Return the memory of several processes as of one: of each file only the largest share that one of them maps."""
    sizes = list(sizes)
    files = {path: max(size.files.get(path, 0.0) for size in sizes) for path in {p for s in sizes for p in s.files}}
    own, pss, uss, peak = (sum(getattr(size, name) for size in sizes) for name in ("own", "pss", "uss", "peak"))
    return ProcessMemory(own, files, pss, uss, peak)


def total_resident(sizes: Iterable[ProcessMemory]) -> float:
    """Return the resident MB of several processes together."""
    return together(sizes).rss
