"""The server process: quick to start, quick to exit, and unaffected by what happens to its children."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

import psutil
import pytest
from lsprotocol import types
from processes import eventually, spent

from mom_lsp import __version__
from mom_lsp.process.address import read_record
from mom_lsp.process.runtime_folder import new_files

from .conftest import FIX, LINE, SERVER, TIMEOUT, Start, stop

HEAVY = {"lancedb", "pyarrow", "lance", "torch", "transformers", "sentence_transformers", "llama_cpp", "numpy", "git"}


def send(stream: IO[bytes], method: str, params: Any = None, number: int | None = None) -> None:
    message = {"jsonrpc": "2.0", "method": method, "params": params} | ({"id": number} if number else {})
    body = json.dumps(message).encode()
    stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    stream.flush()


def receive(stream: IO[bytes]) -> dict[str, Any]:
    """Read one message; anything else on the stream is an error."""
    length = 0
    while (line := stream.readline()) != b"\r\n":
        name, _, value = line.decode("ascii").partition(":")
        assert name in ("Content-Length", "Content-Type"), line
        length = int(value) if name == "Content-Length" else length
    return dict(json.loads(stream.read(length)))


@pytest.fixture
def server(environment: dict[str, str]) -> Any:
    with subprocess.Popen(SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        yield process
        process.kill()


def greet(server: subprocess.Popen[bytes], **params: Any) -> dict[str, Any]:
    assert server.stdin and server.stdout
    send(server.stdin, "initialize", {"processId": None, "rootUri": None, "capabilities": {}} | params, 1)
    return receive(server.stdout)


def test_initialize_is_answered_without_the_heavy_modules() -> None:
    """Checks imports instead of time: the modules that `mom serve` loads before it answers."""
    code = "import sys; from mom_lsp.cli import main; from mom_lsp.server import create_server; create_server()"
    command = [sys.executable, "-P", "-c", f"{code}; print(*sys.modules)"]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert "pygls" in loaded
    assert not HEAVY & set(loaded)


def test_a_client_with_lowercase_headers_and_unknown_values_is_accepted(server: subprocess.Popen[bytes]) -> None:
    params = {"processId": None, "rootUri": None, "capabilities": {}, "trace": "compact"}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}).encode()
    assert server.stdin and server.stdout
    server.stdin.write(b"content-length: %d\r\n\r\n%s" % (len(body), body))
    server.stdin.flush()
    assert receive(server.stdout)["result"]["capabilities"]["hoverProvider"]


def test_the_server_listens_on_a_port_until_its_editor_disconnects(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen([*SERVER, "--tcp", f"127.0.0.1:{port}"], env=environment) as process:
        with _connected(port) as stream:
            send(stream, "initialize", {"processId": None, "rootUri": None, "capabilities": {}}, 1)
            assert receive(stream)["result"]["capabilities"]["hoverProvider"]
            with _connected(port) as other:
                assert other.read() == b""
            send(stream, "mom/unknown", {}, 2)
            assert receive(stream)["id"] == 2
        assert process.wait(TIMEOUT) == 1  # without `exit`


def _connected(port: int) -> IO[bytes]:
    """Connect to a server that is starting."""
    until = time.monotonic() + TIMEOUT
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
                return connection.makefile("rwb")
        except ConnectionRefusedError:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_initialize_returns_the_capabilities(server: subprocess.Popen[bytes]) -> None:
    capabilities = greet(server)["result"]["capabilities"]
    assert capabilities["hoverProvider"]
    assert capabilities["inlayHintProvider"]["resolveProvider"]
    assert "mom.pin" in capabilities["executeCommandProvider"]["commands"]
    assert "mom.why" in capabilities["executeCommandProvider"]["commands"]


@pytest.mark.slow
def test_initialize_is_answered_within_600_ms(environment: dict[str, str]) -> None:
    """CPU seconds, the best of five runs, scaled to the speed of the machine."""
    costs: dict[str, list[float]] = {"library": [], "server": []}
    for _ in range(5):
        before = spent()
        subprocess.run([sys.executable, "-P", "-c", "import lsprotocol.types"], check=True)  # most of what it takes
        costs["library"].append(spent() - before)
        before = spent()
        with subprocess.Popen(SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
            greet(process)
            process.kill()
        costs["server"].append(spent() - before)
    slowness = max(1.0, min(costs["library"]) / 0.35)
    assert min(costs["server"]) < 0.6 * slowness


def test_exit_after_shutdown_returns_0(server: subprocess.Popen[bytes]) -> None:
    greet(server)
    assert server.stdin and server.stdout
    send(server.stdin, "shutdown", number=2)
    assert receive(server.stdout)["id"] == 2
    send(server.stdin, "exit")
    assert server.wait(TIMEOUT) == 0


def test_exit_without_shutdown_returns_1(server: subprocess.Popen[bytes]) -> None:
    greet(server)
    assert server.stdin
    send(server.stdin, "exit")
    assert server.wait(TIMEOUT) == 1


def test_the_server_exits_when_its_pipe_closes(server: subprocess.Popen[bytes]) -> None:
    greet(server)
    assert server.stdin
    server.stdin.close()
    assert server.wait(TIMEOUT) == 1


def test_the_server_exits_when_the_editor_dies_but_its_pipe_stays_open(server: subprocess.Popen[bytes]) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as parent:
        greet(server, processId=parent.pid)
        parent.kill()
    assert server.wait(TIMEOUT) == 1


def test_warnings_go_to_the_editors_log_and_not_to_stderr(environment: dict[str, str]) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(SERVER, env=environment, **pipes) as process:
        greet(process)
        assert process.stdin and process.stdout and process.stderr
        send(process.stdin, "initialized", {})
        send(process.stdin, "textDocument/didOpen", {})  # unreadable
        message = receive(process.stdout)
        process.kill()
        assert message["method"] == "window/logMessage"
        assert message["params"]["type"] == types.MessageType.Warning
        assert "textDocument/didOpen was ignored" in message["params"]["message"]
        assert process.stderr.read() == b""


async def test_a_killed_engine_costs_at_most_one_suggestion(start_editor: Start, repo: Path) -> None:
    editor = await start_editor()
    uri = editor.open()
    assert FIX in str(await editor.hover(uri, LINE))
    record = read_record(repo / ".git" / "mom")
    os.kill(record["pid"], signal.SIGKILL)
    psutil.wait_procs([psutil.Process(record["pid"])] if psutil.pid_exists(record["pid"]) else [], TIMEOUT)
    await editor.expect_warning("the engine exited; it restarts")
    await editor.hints_become(uri, bool)  # the new engine has the client refresh
    assert FIX in str(await editor.hover(uri, LINE))
    assert read_record(repo / ".git" / "mom")["pid"] != record["pid"]
    await editor.nothing_unread()


def of_version(version: str, *arguments: str) -> list[str]:
    """Return a command that runs `mom` as a process of another version does that was started before an update."""
    script = f"import sys, mom_lsp; mom_lsp.__version__ = {version!r}; from mom_lsp.cli import main; main()"
    return [sys.executable, "-P", "-c", script, *arguments]


async def test_after_an_update_a_running_engine_of_an_older_version_is_replaced(
    start_editor: Start, repo: Path, environment: dict[str, str]
) -> None:
    data = repo / ".git" / "mom"
    old = subprocess.Popen(of_version("0.0.1", "engine", "--data", str(data)), env=environment)
    eventually(lambda: (Path(new_files(data)).with_suffix(".json")).exists())
    assert read_record(data)["version"] == "0.0.1"
    editor = await start_editor()
    assert FIX in str(await editor.hover(editor.open(), LINE))
    assert read_record(data)["version"] == __version__ and old.wait(TIMEOUT) == 0


async def test_after_an_update_an_older_editor_is_told_once_and_leaves_the_new_engine_alone(
    start_editor: Start, repo: Path
) -> None:
    older = await start_editor(server=of_version("0.0.1", "serve"))  # the engine that it starts is the new one
    await older.expect_message("mom was updated to")
    assert await older.hover(older.open(), LINE) is None
    newer = await start_editor()
    uri = newer.open()
    assert FIX in str(await newer.hover(uri, LINE))
    engine = read_record(repo / ".git" / "mom")["pid"]
    for _ in range(3):
        assert await older.hints(older.uri()) == [] and await newer.hints(uri)
    assert read_record(repo / ".git" / "mom")["pid"] == engine


async def test_two_editors_started_at_once_share_one_engine(start_editor: Start) -> None:
    editors = await asyncio.gather(start_editor("neovim"), start_editor("visual-studio-code"))
    for editor in editors:
        assert FIX in str(await editor.hover(editor.open(), LINE))
    assert len({(await editor.run("mom.status"))["engine"]["pid"] for editor in editors}) == 1


async def test_a_repository_without_an_index_gets_its_hints_eventually_and_says_so(
    start_editor: Start, repo: Path
) -> None:
    shutil.rmtree(repo / ".git" / "mom")
    editor = await start_editor()
    await editor.expect_message("Reading the history of repository; hints appear as it is read")
    hints = await editor.hints_become(editor.open(), lambda hints: LINE in [hint.position.line for hint in hints])
    assert "server bans" in str([hint.label for hint in hints])
    assert re.match(r"repository: \d memor(y|ies) so far", await editor.expect_message("so far"))


async def test_folders_can_be_added_and_removed(start_editor: Start, repo: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    editor = await start_editor(folder=empty)
    uri = editor.open("../repository/src/client.py")
    assert await editor.hints(uri) == []
    folder = types.WorkspaceFolder(repo.as_uri(), "repository")
    for event, some in (
        (types.WorkspaceFoldersChangeEvent(added=[folder], removed=[]), True),
        (types.WorkspaceFoldersChangeEvent(added=[], removed=[folder]), False),
    ):
        editor.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
        assert bool(await editor.hints(uri)) == some


def test_printed_output_does_not_reach_the_protocol(environment: dict[str, str]) -> None:
    code = """
import os
from mom_lsp.server import create_server
from mom_lsp.server.stdio import serve_stdio
server = create_server()
server.feature("mom/noise")(lambda ls, params: (print("noise"), os.write(1, b"noise"), os.system("echo noise")) and 1)
serve_stdio(server)
"""
    command = [sys.executable, "-P", "-c", code]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        greet(process)
        assert process.stdin and process.stdout and process.stderr
        send(process.stdin, "mom/noise", {}, 2)
        assert receive(process.stdout)["result"] == 1
        process.kill()
        assert process.stdout.read() == b""
        assert process.stderr.read().count(b"noise") == 3


@pytest.mark.slow
async def test_an_engine_ends_a_minute_after_the_last_window(start_editor: Start, repo: Path) -> None:
    editors = [await start_editor("neovim"), await start_editor("visual-studio-code")]
    for editor in editors:
        assert FIX in str(await editor.hover(editor.open(), LINE))
    engine = psutil.Process(read_record(repo / ".git" / "mom")["pid"])
    indexers = engine.children(recursive=True)
    await stop(editors[0])
    await stop(editors[1])
    closed = time.monotonic()
    gone, alive = await asyncio.to_thread(psutil.wait_procs, [engine, *indexers], TIMEOUT)
    assert engine in gone and not alive
    assert 55 < time.monotonic() - closed < 80
