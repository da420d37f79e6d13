"""`mom bench --memory`: the resident memory of the processes behind an editor, step by step.

Resident pages count, each page of a file once: the interpreter, libraries and weights that two of our processes map are
one set of pages, which RSS counts twice. PSS divides them by all processes that map them, so it falls when an unrelated
program runs the same Python; USS leaves them out.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mom_lsp import datafolder
from mom_lsp.errors import ChildError, UsageError
from mom_lsp.evaluation.bench_clone import (
    PROC,
    BenchTarget,
    Figure,
    busiest_lines,
    cloned,
    figure,
    run_mom,
    stop_engine,
)
from mom_lsp.git import Location, locate
from mom_lsp.process import EngineClient
from mom_lsp.process.spawn import spawn

TOTAL, MODEL = 1_200, 400  # MB: the goals
NAMES = ("front", "engine", "model")  # covered by the goal; the indexer exits when it has caught up


def measure_memory(root: Path, at: BenchTarget | None = None) -> dict[str, Any]:
    """Measure with a clone of an indexed repository; return {"figures": [{"name", "value", "unit", "target", "note"}]}.

    An editor starts, asks for suggestions, searches by meaning, and asks why with the local model, if there is one.

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
        with _editor(location) as editor:
            steps = _steps(editor, at or busiest_lines(location)[0])
            figures = [row for step, sizes in steps for row in _figures(step, sizes)]
    return {"figures": figures}


def _steps(editor: Editor, target: BenchTarget) -> Iterator[tuple[str, dict[str, ProcessMemory]]]:
    """Do what a user does, and yield the memory of each process after each step."""
    uri = editor.open(target.path)
    line = {"textDocument": {"uri": uri}, "position": {"line": target.line - 1, "character": 0}}
    editor.command("mom.status")
    yield "started", editor.sizes()
    editor.call("mom/suggest", line)
    yield "suggestion", editor.sizes()
    editor.command("mom.search", "a connection is used again")
    editor.call("mom/suggest", line)
    yield "semantic search", editor.sizes()
    editor.command("mom.why", uri, target.line, False, True)
    yield "why", editor.sizes()


def _figures(step: str, sizes: dict[str, ProcessMemory]) -> Iterator[Figure]:
    for name, size in sizes.items():
        note = f"PSS {size.pss:.0f}, USS {size.uss:.0f}; peak RSS {size.peak:.0f}"
        yield figure(f"{step}: {name}", size.rss, "MB", MODEL if name == "model" else None, note)
    counted = [sizes[name] for name in NAMES if name in sizes]
    note = f"sum of RSS {sum(one.rss for one in counted):.0f}, of PSS {sum(one.pss for one in counted):.0f}"
    yield figure(f"{step}: total", total_resident(counted), "MB", TOTAL, note)


class Editor:
    """A minimal LSP client of `mom serve`."""

    def __init__(self, location: Location, process: subprocess.Popen[bytes]) -> None:
        self._location, self._process, self._number = location, process, 0
        root = location.root.as_uri()
        folders = [{"uri": root, "name": "bench"}]
        self.call("initialize", {"processId": None, "rootUri": root, "capabilities": {}, "workspaceFolders": folders})
        self._send({"method": "initialized", "params": {}})

    def open(self, path: str) -> str:
        """Open a file; return its URI."""
        file = self._location.root / path
        item = {"uri": file.as_uri(), "languageId": "text", "version": 1, "text": file.read_text("utf-8", "replace")}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": item}})
        return file.as_uri()

    def command(self, name: str, *arguments: object) -> Any:
        """Run a command of the server."""
        return self.call("workspace/executeCommand", {"command": name, "arguments": list(arguments)})

    def call(self, method: str, params: dict[str, Any]) -> Any:
        """Send a request and return its result. Raises ChildError."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == self._number and "method" not in message:
                if "error" in message:
                    raise ChildError(f"{method}: {message['error']['message']}")
                return message["result"]
            if "id" in message:  # a request of the server, mostly for settings
                self._send({"id": message["id"], "result": None})

    def sizes(self) -> dict[str, ProcessMemory]:
        """Return the memory of each process."""
        status = self.command("mom.status")
        pids = {"front": self._process.pid, "engine": status["engine"]["pid"], "model": status["model"]["pid"]}
        found = {name: process_memory(pid) for name, pid in pids.items() if pid}
        children = (PROC / str(pids["engine"]) / "task").glob("*/children")
        for pid in {int(pid) for file in children for pid in file.read_text().split()} - set(pids.values()):
            with suppress(FileNotFoundError, ProcessLookupError, StopIteration):  # it has exited, as git does
                found["indexer"] = process_memory(pid)
        return found

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
        self._process.stdin.flush()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        size = 0
        while line := self._process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        if not size:
            raise ChildError("the server has exited")
        return json.loads(self._process.stdout.read(size))


@contextmanager
def _editor(location: Location) -> Iterator[Editor]:
    """Yield an editor; its server and the engine stop with it."""
    process = spawn(["serve"], stderr=subprocess.DEVNULL)
    try:
        yield Editor(location, process)
    finally:
        process.communicate()  # closes its input, so it exits
        if (client := EngineClient.connect(location.data, 60)) is not None:
            stop_engine(client, str(location.root))


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


def total_resident(sizes: Iterable[ProcessMemory]) -> float:
    """Return the resident MB of several processes; of each file only the largest share that one of them maps counts."""
    sizes = list(sizes)
    paths = {path for size in sizes for path in size.files}
    shared = sum(max(size.files.get(path, 0.0) for size in sizes) for path in paths)
    return sum(size.own for size in sizes) + shared
