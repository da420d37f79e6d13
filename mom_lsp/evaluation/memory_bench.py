"""`mom bench --memory`: what the processes behind an editor hold in memory, step by step.

What counts is what is resident, each page of a file once: the interpreter, libraries and weights that two of our
processes map are one set of pages, which RSS counts twice. PSS divides them, also by processes that are not ours, so
that it falls when a stranger runs the same Python; USS leaves them out.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mom_lsp import datafolder
from mom_lsp.errors import ChildError, UsageError
from mom_lsp.evaluation.bench import PATIENCE, PROC, BenchedLines, Figure, _end, _figure, _mom, _run, _spots
from mom_lsp.git import Location, locate
from mom_lsp.process import EngineClient
from mom_lsp.process.spawn import spawn

TOGETHER, MODEL = 1_200, 400  # MB: the goals
NAMES = ("front", "engine", "model")  # what the goal is about; the indexer leaves when it has caught up


def run(root: Path, at: BenchedLines | None = None) -> dict[str, Any]:
    """Measure with a clone of an indexed repository; return {"figures": [{"name", "value", "unit", "target", "note"}]}.

    An editor starts, asks for suggestions, searches by meaning, and asks why with the local model, if there is one.

    Args:
        root: of the repository.
        at: what is asked about, None for a line of the file that changes most.

    Raises:
        UsageError: not a git repository, or this system does not tell how pages are shared.
    """
    if not locate(root).git:
        raise UsageError(f"{root} is not a git repository")
    if not (PROC / "self" / "smaps").exists():
        raise UsageError("only Linux tells how processes share their memory (/proc/PID/smaps)")
    with tempfile.TemporaryDirectory(prefix="mom-bench-") as scratch:
        clone = Path(scratch).resolve() / "clone"
        _run("git", "clone", "--quiet", "--shared", str(root.resolve()), str(clone))
        location = locate(clone)
        if (lance := locate(root).data / datafolder.INDEX).is_dir():
            shutil.copytree(lance, location.data / datafolder.INDEX)
        _mom(location, "index")
        with _editor(location) as editor:
            figures = [
                figure for step, sizes in _steps(editor, at or _spots(location)[0]) for figure in _told(step, sizes)
            ]
    return {"figures": figures}


def _steps(editor: Editor, spot: BenchedLines) -> Iterator[tuple[str, dict[str, ProcessMemory]]]:
    """Do what a user does, and yield what is held after each step."""
    uri = editor.open(spot.path)
    line = {"textDocument": {"uri": uri}, "position": {"line": spot.line - 1, "character": 0}}
    editor.command("mom.status")
    yield "started", editor.sizes()
    editor.call("mom/suggest", line)
    yield "a suggestion", editor.sizes()
    for _ in range(PATIENCE):
        if editor.command("mom.status")["encoder_ready"]:
            break
        time.sleep(0.1)
    editor.command("mom.search", "a connection is used again")
    editor.call("mom/suggest", line)
    yield "a search by meaning", editor.sizes()
    editor.command("mom.why", uri, spot.line, False, True)
    yield "a question why", editor.sizes()


def _told(step: str, sizes: dict[str, ProcessMemory]) -> Iterator[Figure]:
    for name, size in sizes.items():
        note = f"PSS {size.pss:.0f}, USS {size.uss:.0f}; at most {size.most:.0f}"
        yield _figure(f"{step}: {name}", size.rss, "MB", MODEL if name == "model" else None, note)
    ours = [sizes[name] for name in NAMES if name in sizes]
    note = f"sum of RSS {sum(one.rss for one in ours):.0f}, of PSS {sum(one.pss for one in ours):.0f}"
    yield _figure(f"{step}: together", together(ours), "MB", TOGETHER, note)


class Editor:
    """Speaks the protocol with `mom serve`, as far as measuring needs it."""

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
            if "id" in message:  # the server asks: settings, mostly
                self._send({"id": message["id"], "result": None})

    def sizes(self) -> dict[str, ProcessMemory]:
        """Return what each process holds."""
        status = self.command("mom.status")
        pids = {"front": self._process.pid, "engine": status["engine"]["pid"], "model": status["model"]["pid"]}
        found = {name: held(pid) for name, pid in pids.items() if pid}
        children = (PROC / str(pids["engine"]) / "task").glob("*/children")
        for pid in {int(pid) for file in children for pid in file.read_text().split()} - set(pids.values()):
            with suppress(FileNotFoundError, ProcessLookupError, StopIteration):  # it has ended meanwhile, as git does
                found["indexer"] = held(pid)
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
            raise ChildError("the server has ended")
        return json.loads(self._process.stdout.read(size))


@contextmanager
def _editor(location: Location) -> Iterator[Editor]:
    """Yield an editor; its server and the engine end with it."""
    process = spawn(["serve"], stderr=subprocess.DEVNULL)
    try:
        yield Editor(location, process)
    finally:
        process.communicate()  # closes its input: it leaves
        if (client := EngineClient.connect(location.data, 60)) is not None:
            _end(client, str(location.root))


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """What one process holds, in MB (10^6 bytes)."""

    own: float  # pages of no file
    files: Mapping[str, float]  # of each file that is mapped
    pss: float
    uss: float
    most: float  # the largest RSS it ever had

    @property
    def rss(self) -> float:
        """All that is resident."""
        return self.own + sum(self.files.values())


def held(pid: int) -> ProcessMemory:
    """Return what a process holds now."""
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
            case "Anonymous:" if path:  # written to, no longer the file's
                files[path] -= size
                own += size
            case "Pss:":
                pss += size
            case "Private_Clean:" | "Private_Dirty:":
                uss += size
    status = (PROC / str(pid) / "status").read_text("utf-8", "replace")
    most = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) * 1024 / 1e6
    return ProcessMemory(own, files, pss, uss, most)


def together(sizes: Iterable[ProcessMemory]) -> float:
    """Return what is resident in all of them, a page of a file once: of each file the most that one of them holds."""
    sizes = list(sizes)
    paths = {path for size in sizes for path in size.files}
    shared = sum(max(size.files.get(path, 0.0) for size in sizes) for path in paths)
    return sum(size.own for size in sizes) + shared
