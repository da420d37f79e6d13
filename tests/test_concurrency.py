"""Several processes at once on one data folder: the same result as one, and one engine and indexer for all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from memories import dump
from processes import LONG, about, eventually, finish, mom, start
from repositories import Repo, clone, fill

from mom_lsp.errors import ChildError
from mom_lsp.process import EngineClient, ensure_engine
from mom_lsp.store import Store


@pytest.fixture
def clients(project: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EngineClient]]:
    """Connect to the engine of the project; its windows are what the test puts in the list."""
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    clients: list[EngineClient] = []
    yield clients
    for client in clients[:1]:
        with contextlib.suppress(ChildError):
            client.call("shutdown", {}, LONG)
    for client in clients:
        client.close()
    eventually(lambda: not about(project.root))


def window(project: Repo) -> EngineClient:
    client = ensure_engine(project.location.data, LONG)
    client.call("open", {"root": str(project.root)}, LONG)
    return client


def indexers(project: Repo) -> list[psutil.Process]:
    parents: dict[psutil.Process, int] = {}
    for process in about(project.root):
        with contextlib.suppress(psutil.Error):  # it has ended
            if "--watch" in process.cmdline():
                parents[process] = process.ppid()
    own = {process.pid for process in parents}
    return [process for process, parent in parents.items() if parent not in own]  # others are forked, and not git yet


def indexed(project: Repo, client: EngineClient) -> bool:
    return bool(client.call("status", {"root": str(project.root)}, LONG)["complete"])


def test_two_concurrent_indexers_and_an_engine_give_the_same_index_as_one(
    project: Repo, tmp_path: Path, clients: list[EngineClient]
) -> None:
    fill(project, 60)
    both = [start(project, "index"), start(project, "index")]
    clients.append(window(project))
    for process in both:
        finish(process)
    eventually(lambda: indexed(project, clients[0]))
    alone = clone(project, tmp_path / "alone")
    mom(alone, "index")
    assert dump(Store(project.location.data)) == dump(Store(alone.location.data))
    found = clients[0].call("search", {"root": str(project.root), "text": "caller", "k": 3}, LONG)
    eventually(lambda: clients[0].call("search", {"root": str(project.root), "text": "caller 7919"})["suggestions"])
    assert found["query"]


def test_three_windows_share_one_engine_and_one_indexer(project: Repo, clients: list[EngineClient]) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    clients += [window(project) for _ in range(3)]
    eventually(lambda: indexed(project, clients[2]))
    engines = [process for process in about(project.location.data) if "engine" in process.cmdline()]
    assert len(engines) == 1
    assert len(indexers(project)) == 1
    assert indexers(project)[0].ppid() == engines[0].pid


def test_a_killed_indexer_is_restarted(project: Repo, clients: list[EngineClient]) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    clients.append(window(project))
    eventually(lambda: indexed(project, clients[0]))
    (first,) = indexers(project)
    first.kill()
    project.commit("Go on", {"a.py": "a = 2\n"})
    eventually(lambda: indexed(project, clients[0]))
    (second,) = indexers(project)
    assert second.pid != first.pid


def test_the_indexer_exits_with_its_engine(project: Repo, clients: list[EngineClient]) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    clients.append(window(project))
    eventually(lambda: indexed(project, clients[0]))
    (indexer,) = indexers(project)
    (engine,) = [process for process in about(project.location.data) if "engine" in process.cmdline()]
    engine.kill()
    psutil.wait_procs([indexer], LONG)
    assert not indexer.is_running()
    assert clients[0].closed.wait(LONG)
