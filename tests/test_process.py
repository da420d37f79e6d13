"""Real child processes: requests are answered, exits are noticed, clients without the key are rejected."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import LONG

from mom_lsp.datafolder import identity
from mom_lsp.errors import ChildError, ChildTimeout, NewerEngine, NoIndex
from mom_lsp.process import EngineClient, EngineServer, Restarts, ensure_engine, runtime_folder
from mom_lsp.process.address import new_address, read_address, read_record
from mom_lsp.process.cancellation import is_cancelled
from mom_lsp.process.runtime_folder import find_file, new_files
from mom_lsp.process.spawn import child_environment, spawn

ECHO = [str(Path(__file__).with_name("engine_echo.py"))]
Connect = Callable[..., EngineClient]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder deeper than a socket's path may be."""
    folder = tmp_path / ("deep" * 20) / "mom"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def connect(data: Path) -> Iterator[Connect]:
    """Connect to the echo engine of `data`; whatever was started is ended."""
    clients: list[EngineClient] = []

    def make(**options: Any) -> EngineClient:
        client = ensure_engine(data, LONG, **{"version": "1", "command": ECHO} | options)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()
        assert client.closed.wait(LONG)
    EngineClient.connect(data, LONG, version="none of them")  # so the engine ends


@contextlib.contextmanager
def raw_connection(data: Path, key: bytes | None = None) -> Iterator[Any]:
    """Connect to the engine of `data` without our client, after the handshake."""
    address, right_key = read_address(data)
    with Client(address, authkey=key or right_key) as raw:
        assert json.loads(raw.recv_bytes())["method"] == "hello"
        yield raw


def request(number: int, method: str, **params: Any) -> bytes:
    return json.dumps({"id": number, "method": method, "params": params}).encode()


def test_a_call_returns_what_the_handler_returns(connect: Connect) -> None:
    client = connect()
    assert client.call("echo", {"text": 'naïve ☕ \udc80 "'}) == {"text": 'naïve ☕ \udc80 "'}


def test_our_errors_keep_their_type_and_others_lose_their_text(connect: Connect) -> None:
    client = connect()
    with pytest.raises(NoIndex, match="run `mom index`"):
        client.call("no-index", {})
    with pytest.raises(ChildError) as caught:
        client.call("bug", {})
    assert "KeyError" in str(caught.value)
    assert "/home" not in str(caught.value)
    with pytest.raises(ChildError, match="no-json"):
        client.call("no-json", {})
    assert client.call("echo", {"still": "there"}) == {"still": "there"}


def test_requests_on_one_connection_run_concurrently(connect: Connect) -> None:
    client = connect()
    waiting = client.submit("wait", {"name": "gate"})
    assert client.call("echo", {}) == {}
    assert not waiting.done()
    client.call("open", {"name": "gate"})
    assert waiting.result(LONG) is True


def test_a_cancelled_request_that_has_not_started_never_runs(connect: Connect, data: Path) -> None:
    client = connect()
    pid = client.call("pid", {})["pid"]
    with raw_connection(data) as raw:
        for number in range(1, 5):  # as many as the engine has threads
            raw.send_bytes(request(number, "wait", name=f"gate {number}"))
        raw.send_bytes(request(5, "echo", name="dropped"))
        raw.send_bytes(b'{"method": "cancel", "params": {"id": 5}}')
        assert json.loads(raw.recv_bytes()) == {"id": 5, "error": {"type": "ChildError", "message": "cancelled"}}
        os.kill(pid, signal.SIGUSR1)
        assert {json.loads(raw.recv_bytes())["id"] for _ in range(4)} == {1, 2, 3, 4}
    assert "echo dropped" not in client.call("calls", {})


def test_a_running_request_sees_its_cancellation_or_its_clients_disconnect(data: Path) -> None:
    running, stopped = threading.Semaphore(0), threading.Semaphore(0)

    def handler(method: str, params: dict[str, Any]) -> None:
        running.release()
        while not is_cancelled():
            pause.wait(0.01)
        stopped.release()

    pause = threading.Event()
    server = EngineServer(data, handler, version="1")
    assert server.start()
    try:
        client = EngineClient.connect(data, LONG, version="1")
        assert client is not None
        first, _ = client.submit("one", {}), client.submit("two", {})
        assert running.acquire(timeout=LONG) and running.acquire(timeout=LONG)
        first.cancel()
        assert stopped.acquire(timeout=LONG)
        client.close()
        assert stopped.acquire(timeout=LONG)
    finally:
        server.close()
    assert not is_cancelled()  # outside of a request


def test_an_engine_whose_files_were_removed_closes_and_lets_another_one_start(data: Path) -> None:
    first, second = (EngineServer(data, lambda method, params: None, version="1") for _ in range(2))
    assert first.start()
    client = EngineClient.connect(data, LONG, version="1")
    assert client is not None
    files = Path(new_files(data))
    for file in files.parent.glob(f"{files.name}.*"):
        file.unlink()
    assert not first.is_findable()
    first.close()
    assert first.wait(0) and client.closed.wait(LONG)
    assert second.start()
    second.close()


@contextlib.contextmanager
def listener(data: Path) -> Iterator[Listener]:
    """Listen where the engine of a data folder would."""
    files = Path(new_files(data))
    files.with_suffix(".json").write_text(json.dumps({"address": new_address(files)}), "utf-8")
    files.with_suffix(".key").write_bytes(b"key")
    try:
        with Listener(new_address(files), authkey=b"key") as engine:
            files.with_suffix(".sock").chmod(0o600)
            yield engine
    finally:
        files.with_suffix(".json").unlink()
        files.with_suffix(".key").unlink()


def test_cancelling_a_future_notifies_the_engine(data: Path) -> None:
    with listener(data) as engine, ThreadPoolExecutor(1) as pool:
        connecting = pool.submit(EngineClient.connect, data, LONG, version="1")
        with engine.accept() as raw:
            raw.send_bytes(
                json.dumps({"method": "hello", "params": {"version": "1", "serves": identity(data)}}).encode()
            )
            client = connecting.result(LONG)
            assert client
            assert client.submit("echo", {}).cancel()
            assert json.loads(raw.recv_bytes()) == {"id": 1, "method": "echo", "params": {}}
            assert json.loads(raw.recv_bytes()) == {"method": "cancel", "params": {"id": 1}}
            with pytest.raises(ChildTimeout, match="echo"):
                client.call("echo", {}, timeout=0.01)
            client.close()
            assert client.closed.wait(LONG)


def test_a_too_large_message_is_refused_and_the_connection_survives(connect: Connect) -> None:
    client = connect()
    with pytest.raises(ChildError, match="too large"):
        client.call("echo", {"text": "x" * 17 * 2**20})
    assert client.call("echo", {"text": "x" * 2**20}) == {"text": "x" * 2**20}


def test_notifications_reach_every_client(connect: Connect) -> None:
    first: list[Any] = []
    both = threading.Barrier(3)

    def heard(method: str, params: dict[str, Any]) -> None:
        first.append((method, params))
        both.wait(LONG)

    connect(on_notification=heard)
    connect(on_notification=heard).submit("notify", {"done": 1})
    both.wait(LONG)
    assert first == [("progress", {"done": 1})] * 2


def test_killing_the_engine_fails_pending_calls_and_allows_a_new_one(connect: Connect) -> None:
    ended = threading.Event()
    client = connect(on_closed=ended.set)
    first = client.call("pid", {})["pid"]
    waiting = client.submit("wait", {"name": "never"})
    client.submit("kill", {})
    with pytest.raises(ChildError, match="exited"):
        waiting.result(LONG)
    assert ended.wait(LONG)
    assert not client.left
    with pytest.raises(ChildError, match="exited"):
        client.call("echo", {})
    assert connect().call("pid", {})["pid"] != first


def test_racing_callers_connect_to_the_same_engine(connect: Connect) -> None:
    with ThreadPoolExecutor(4) as pool:
        clients = list(pool.map(lambda _: connect(), range(4)))
    assert len({client.call("pid", {})["pid"] for client in clients}) == 1


def test_a_second_engine_exits_silently(connect: Connect, data: Path) -> None:
    pid = connect().call("pid", {})["pid"]
    second = spawn(["engine", "--data", str(data)], command=ECHO)
    assert second.communicate(timeout=LONG) == (b"", None)
    assert second.returncode == 0
    assert connect().call("pid", {})["pid"] == pid


def test_an_engine_of_another_version_is_asked_to_exit(connect: Connect, data: Path) -> None:
    client = connect()
    assert EngineClient.connect(data, LONG, version="2") is None
    assert client.closed.wait(LONG)
    assert client.left
    with pytest.raises(FileNotFoundError):
        read_record(data)


def test_an_engine_of_a_newer_version_stays_and_the_older_process_is_told(connect: Connect, data: Path) -> None:
    client = connect()
    with pytest.raises(NewerEngine, match=r"mom was updated to 1 while this editor was running 0\.9\.12: restart"):
        EngineClient.connect(data, LONG, version="0.9.12")
    assert client.call("echo", {"still": "there"}) == {"still": "there"}


def test_connecting_without_an_engine_returns_none(data: Path) -> None:
    assert EngineClient.connect(data, 1) is None
    record = Path(new_files(data)).with_suffix(".json")
    for content in ("{", "[]", "{}", '{"address": 1}', '{"address": "/dev/null"}'):
        record.write_text(content, "utf-8")
        assert EngineClient.connect(data, 1) is None
    record.unlink()
    assert EngineClient.connect(data / "no such folder", 1) is None


def test_an_engine_that_cannot_start_is_reported(data: Path) -> None:
    with pytest.raises(ChildError, match="code 1"):
        ensure_engine(data, LONG, command=["-c", "raise SystemExit(1)"])


def test_an_engine_whose_interpreter_is_gone_is_reported(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(data / "bin" / "python"))
    with pytest.raises(ChildError, match=r"\(No such file or directory\): .* restart the editor"):
        ensure_engine(data, LONG, command=ECHO)


def test_a_client_without_the_key_is_rejected(connect: Connect, data: Path) -> None:
    client = connect()
    with pytest.raises(AuthenticationError), raw_connection(data, b"a guess"):
        pass
    assert client.call("echo", {}) == {}


def test_only_the_user_can_open_the_socket_and_read_the_key(connect: Connect, data: Path) -> None:
    connect()
    address = Path(read_record(data)["address"])
    assert len(os.fsencode(address)) <= 100
    assert stat.S_ISSOCK(address.stat().st_mode)
    paths = (address.parent, address, address.with_suffix(".key"), address.with_suffix(".cmd"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o700, 0o600, 0o600, 0o600]


def test_a_socket_that_others_can_open_is_not_trusted(data: Path) -> None:
    with listener(data) as foreign, ThreadPoolExecutor(1) as pool:
        Path(str(foreign.address)).chmod(0o666)
        assert EngineClient.connect(data, 1) is None
        Path(str(foreign.address)).chmod(0o600)
        connecting = pool.submit(EngineClient.connect, data, LONG)
        foreign.accept().close()  # the first one that came
        assert connecting.result(LONG) is None


def test_a_runtime_folder_that_others_can_write_is_skipped(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TemporaryDirectory() as short:
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        ours = Path(new_files(data))
        assert ours.parent.parent == Path(short)
        ours.parent.chmod(0o777)
        ours.with_suffix(".json").write_text("{}")
        assert Path(new_files(data)).parent != ours.parent
        with pytest.raises(FileNotFoundError):
            find_file(data, ".json")


@pytest.mark.parametrize("obstacle", ["folder", "link", "file"])
def test_where_others_made_the_folders_first_the_home_is_used(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, obstacle: str
) -> None:
    with TemporaryDirectory() as short:
        taken, home = Path(short) / "taken", Path(short) / "home"
        for name in ("XDG_RUNTIME_DIR", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setattr(runtime_folder, "RUN", str(taken / "run"))
        monkeypatch.setattr(runtime_folder, "SHARED", str(taken / "tmp"))
        for base in (taken / "run" / str(os.geteuid()), taken / "tmp"):
            base.mkdir(parents=True)
            ours = base / f"mom-{os.geteuid()}"
            match obstacle:
                case "folder":
                    ours.mkdir()
                    ours.chmod(0o777)
                case "link":
                    ours.symlink_to(tmp_path)
                case "file":
                    ours.touch()
        found = Path(new_files(data))
        assert found.is_relative_to(home) and runtime_folder.is_private(found.parent, stat.S_ISDIR)
        found.with_suffix(".json").write_text("{}")
        assert find_file(data, ".json") == str(found.with_suffix(".json"))


def test_a_malformed_request_closes_only_its_own_connection(connect: Connect, data: Path) -> None:
    client = connect()
    for bad in (b"[]", b'{"id": "x"}', b"\xff\xfe", b"[" * 100_000):
        with raw_connection(data) as raw, pytest.raises((EOFError, ConnectionError)):
            raw.send_bytes(bad)
            raw.send_bytes(b"{}")
            raw.recv_bytes()
    assert client.call("echo", {}) == {}


def test_children_start_outside_the_workspace_without_git_variables(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/somewhere")
    seen = connect().call("pid", {})
    assert seen["cwd"] == Path(sys.executable).anchor
    assert "" not in seen["path"] and str(Path.cwd() / "tests") not in seen["path"]
    assert not [key for key in seen["env"] if key.startswith("GIT_")]
    assert seen["env"]["HF_HUB_OFFLINE"] == "1"


@given(st.dictionaries(st.sampled_from(["GIT_DIR", "git_index_file", "HOME", "PYTHONPATH", "LANCE_LOG"]), st.text()))
def test_a_child_environment_keeps_everything_else(environ: dict[str, str]) -> None:
    child = child_environment(environ)
    assert child.get("HOME") == environ.get("HOME")
    assert not [key for key in child if key.upper().startswith("GIT_")]
    assert child["LANCEDB_LOG"] == "error"


def test_a_child_exits_with_its_parent() -> None:
    code = "import sys, threading; from mom_lsp.process import end_with_parent; end_with_parent(sys.stdin);"
    child = spawn([], command=["-c", code + "print('up', flush=True); threading.Event().wait()"])
    assert child.stdin and child.stdout
    with child.stdin, child.stdout:
        assert child.stdout.readline() == b"up\n"
        child.stdin.close()
        assert child.wait(LONG) == 0


def test_a_detached_child_inherits_no_stream() -> None:
    child = spawn(
        [], command=["-c", "import os; os.write(1, b'x'); os.write(2, b'x'); assert not os.read(0, 1)"], detached=True
    )
    assert (child.stdin, child.stdout, child.stderr) == (None, None, None)
    assert child.wait(LONG) == 0


def test_restarts_back_off_and_then_pause() -> None:
    restarts = Restarts()
    assert [restarts.delay(now) for now in (0, 1, 2, 3, 4, 5)] == [1, 2, 4, 8, 16, None]
    assert restarts.delay(185.5) == 1


def test_importing_the_module_loads_nothing_heavy() -> None:
    code = "import sys, mom_lsp.process; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert not {"numpy", "lancedb", "torch", "asyncio", "filelock", "pygls", "llama_cpp"} & set(loaded)
