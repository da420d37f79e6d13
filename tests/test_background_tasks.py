"""Background tasks: a failure is reported, and neither ends the engine nor blocks other tasks."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from idle_engine import idle_engine
from processes import LONG, eventually
from repositories import Repo, Start

from mom_lsp.engine.background_tasks import MAX_DELAY, BackgroundTasks
from mom_lsp.engine.main import Engine
from mom_lsp.engine.requests import answer
from mom_lsp.engine.service import Service
from mom_lsp.errors import JournalError, StoreError
from mom_lsp.indexing.scheduler import index
from mom_lsp.process import EngineClient


def test_an_engine_exits_with_its_repository_and_recreates_nothing(project: Repo, moms: Start) -> None:
    project.commit("Add a client", {"a.py": "x = 1\n"})
    mom = moms(project)
    mom.index()
    engine = Engine(mom.location.data, lambda call, params: None)
    assert engine.start()
    found = answer(engine.service, "suggest", {"root": str(project.root), "path": "a.py", "start": 1, "end": 1})
    assert found["suggestions"], "that this was shown is still to be written down"
    shutil.rmtree(project.root)
    engine.run()
    assert not project.root.exists()


ENGINE_THAT_CANNOT_RUN_ITS_EXIT_HANDLERS = """
import atexit, sys, threading
from pathlib import Path
from mom_lsp.engine.main import main

atexit.register(threading.Event().wait)
main(Path(sys.argv[1]), lambda call, params: None)
"""


def test_an_engine_exits_though_the_exit_handler_of_a_library_hangs(project: Repo, moms: Start) -> None:
    project.commit("Add a client", {"a.py": "x = 1\n"})
    mom = moms(project)
    mom.index()
    data = mom.location.data
    command = [sys.executable, "-P", "-c", ENGINE_THAT_CANNOT_RUN_ITS_EXIT_HANDLERS, str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as engine:
        assert engine.stdout is not None and engine.stdout.readline()  # it is ready
        client = EngineClient.connect(data, LONG)
        assert client is not None
        client.call("shutdown", {}, LONG)
        try:
            assert engine.wait(LONG) == 0
        finally:
            engine.kill()


def test_the_index_is_followed_despite_a_removed_worktree_and_a_failing_journal(
    project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.commit("Add a client", {"a.py": "x = 1\n"})
    mom, side = moms(project), project.root.parent / "side"
    mom.index()
    project.git("worktree", "add", "-q", str(side))
    place = {"root": str(side), "path": "a.py", "start": 1, "end": 1}
    (memory,) = answer(mom.service, "suggest", place)["suggestions"]
    mom.call("useful", id=memory["id"])

    def follows(text: str) -> bool:
        project.commit(f"Change it to {text}", {"a.py": text})
        index(mom.location, lambda: mom.settings, report=lambda progress: None, stop=threading.Event())
        return mom.service.follow()

    project.git("worktree", "remove", str(side))
    assert follows("x = 2\n") and not mom.service.background.problems
    with monkeypatch.context() as patch:
        patch.setattr(mom.service.library.impressions, "flush", Mock(side_effect=JournalError("the disk is full")))
        assert follows("x = 3\n") and "the disk is full" in str(mom.service.background.problems)


@pytest.mark.parametrize("error", [StoreError("the disk is full"), KeyError("model")])
def test_a_failing_task_backs_off_and_blocks_no_other_task(error: Exception) -> None:
    now, tried = [0.0], []

    def fail() -> None:
        tried.append(now[0])
        raise error

    chores = BackgroundTasks(lambda: now[0])
    for _ in range(300):
        chores.do("titles", fail)
        assert chores.do("learning", lambda: True)
        now[0] += 0.5
    assert tried[:4] == [0, 2, 6, 14] and max(b - a for a, b in pairwise(tried)) == MAX_DELAY
    assert list(chores.problems) == ["titles"] and str(error.args[0]) in chores.problems["titles"]
    now[0] += MAX_DELAY
    assert chores.do("titles", lambda: True) and not chores.problems


def test_the_index_is_followed_while_the_model_is_idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, started = [30.0], list[float]()  # at rest, and not yet idle for so long that the engine ends
    engine = idle_engine(tmp_path, now, [], most=3)

    def takes(seconds: float, result: object = None) -> Callable[..., Any]:
        def work(*_: object) -> object:
            started.append(now[0])
            now[0] += seconds
            return result

        return work

    monkeypatch.setattr(Service, "follow", takes(0.01, result=False))
    monkeypatch.setattr(Service, "make_title", takes(6.0))
    monkeypatch.setattr(Service, "learn", takes(0.0))
    engine.run()
    assert len(started) == 5, "the index was followed three times; one title was made, and one text learned"
    assert started[-1] - started[0] < 10


def test_the_engine_survives_a_bug_and_doctor_reports_it(
    project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    project.commit("Add a client", {"a.py": "x = 1\n"})
    data = moms(project).location.data

    def broken(service: Service) -> bool:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(Service, "follow", broken)
    engine = Engine(data, lambda call, params: None)
    assert engine.start()
    running = threading.Thread(target=engine.run)
    running.start()
    client = EngineClient.connect(data, LONG)
    assert client is not None

    def engine_check() -> Any:
        checks = client.call("doctor", {"root": str(project.root)}, LONG)["checks"]
        return next(check for check in checks if check["name"] == "engine")

    eventually(lambda: engine_check()["ok"] is False)
    assert "a defect" in engine_check()["message"] and "engine.log" in engine_check()["fix"]
    assert running.is_alive() and "Traceback" in caplog.text
    client.call("shutdown", {}, LONG)
    running.join(LONG)
