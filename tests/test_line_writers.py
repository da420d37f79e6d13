"""The commit behind a line that was reformatted and moved since, and whether its reason still holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moved_line import FORMATTED, HEAD, WHY, WITH, six_commits
from processes import join_threads
from repositories import Repo, Start

from mom_lsp.engine.requests import answer
from mom_lsp.engine.service import Service
from mom_lsp.git import Repository
from mom_lsp.workspace.library.blame_patience import BlamePatience
from mom_lsp.workspace.library.line_writers import LineWriters
from mom_lsp.workspace.library.worktree import Worktree


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_the_reason_for_a_reformatted_and_moved_line_ranks_first_and_holds(project: Repo, moms: Start) -> None:
    commits = six_commits(project)
    mom = moms(project)
    mom.index()
    first, *others = mom.suggest("lib/conn.py", line_of(HEAD + FORMATTED, "headers"))
    assert (first["title"], first["source"]["commit"]) == ("Close each connection", commits["reason"])
    assert first["freshness"] == "moved"
    assert first["why"].startswith("wrote this line") and "now in" not in first["why"]  # it is where the question is
    assert first["source"]["path"] == "lib/conn.py"
    assert not {"Run black", "Move connect to lib/conn.py"} & {one["title"] for one in others}


def test_the_same_memory_is_moved_not_gone_in_a_search(project: Repo, moms: Start) -> None:
    six_commits(project)
    mom = moms(project)
    mom.index()
    (one,) = (one for one in mom.search("proxy counts connections") if one["title"] == "Close each connection")
    assert one["freshness"] == "moved"  # it added one line alone, but one that no other commit added


def test_a_rename_by_a_noise_commit_is_followed(project: Repo, moms: Start) -> None:
    project.commit(WHY, {"lib/url.py": HEAD + WITH, "lib/a.py": "from lib import url\n"})
    project.git("mv", "lib/url.py", "lib/conn.py")
    project.commit("Rename the module")
    mom = moms(project)
    mom.index()
    one = mom.suggest("lib/conn.py", 5)[0]
    assert (one["title"], one["source"]["path"]) == ("Close each connection", "lib/conn.py")
    assert mom.search("rename module") == []  # that one is noise


def test_a_rewrapped_statement_is_still_fresh(project: Repo, moms: Start) -> None:
    define = "def fetch(host):\n    return "
    project.commit("Add fetch", {"net.py": define + "connect(host, port=443)\n"})
    project.commit(WHY, {"net.py": define + "connect(host, port=443, headers={'Connection': 'close'})\n"})
    arguments = ("host", "port=443", 'headers={"Connection": "close"}')
    wrapped = "".join(f"        {argument},\n" for argument in arguments)
    project.commit("Run black", {"net.py": f"{define}connect(\n{wrapped}    )\n"})
    mom = moms(project)
    mom.index()
    one = mom.suggest("net.py", 5)[0]
    assert (one["title"], one["freshness"]) == ("Close each connection", "fresh")


def test_a_commit_that_blame_names_is_never_gone(project: Repo, moms: Start) -> None:
    old = "def f(host):\n    return connect(\n        host,\n        headers={'Connection': 'close'},\n    )\n"
    project.commit(WHY, {"net.py": old})
    project.commit("Run black", {"net.py": 'def f(host):\n    return connect(host, headers={"Connection": "close"})\n'})
    project.commit("Rename f", {"net.py": 'def g(peer):\n    return connect(host, headers={"Connection": "close"})\n'})
    mom = moms(project)
    mom.index()
    committed = (project.root / "net.py").read_text()
    for above in ("", "import socket\n", "import socket\n" * 9):  # typed since
        line = above.count("\n") + 2
        found = mom.suggest("net.py", line, text=above + committed)
        (one,) = (one for one in found if one["title"] == "Close each connection")
        assert one["freshness"] == "drifted"


# The quick answer first


class Engine:
    """An engine on six indexed commits; no deep blame starts before the test lets it."""

    def __init__(self, data: Path, may_begin: threading.Event) -> None:
        self.service = Service(data, waiting=BlamePatience(0.0, background=True))
        self._may_begin = may_begin

    def settle(self) -> None:
        """Let all pending deep blame finish."""
        self._may_begin.set()
        join_threads("mom-blame")
        self._may_begin.clear()


@pytest.fixture
def engine(project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    six_commits(project)
    moms(project).index()
    may_begin, blame = threading.Event(), Repository.blame

    def late(repository: Repository, *args: Any, moves: bool = False, **options: Any) -> Any:
        return blame(repository, *args, moves=moves, **options) if not moves or may_begin.wait(60) else []

    monkeypatch.setattr(Repository, "blame", late)
    engine = Engine(project.location.data, may_begin)
    yield engine
    engine.settle()
    engine.service.close()


def first(service: Service, project: Repo) -> str:
    line = line_of((project.root / "lib/conn.py").read_text(), "headers")
    found = answer(service, "suggest", {"root": str(project.root), "path": "lib/conn.py", "start": line, "end": line})
    return next((one["title"] for one in found["suggestions"] if "wrote this line" in one["why"]), "")


def test_an_engine_answers_at_once_and_corrects_itself_once(project: Repo, engine: Engine) -> None:
    engine.service.follow()
    answers = [first(engine.service, project)]
    before = engine.service.improved()
    engine.settle()
    corrected = [engine.service.improved(), engine.service.improved()]
    answers += [first(engine.service, project) for _ in range(3)]
    assert answers == ["", *["Close each connection"] * 3]  # at first blame names the move, which is noise
    assert (before, corrected) == (False, [True, False])  # so every editor asks again, once


def test_a_correct_answer_is_not_corrected(project: Repo, engine: Engine) -> None:
    engine.service.follow()
    answer(engine.service, "suggest", {"root": str(project.root), "path": "lib/other.py", "start": 1, "end": 2})
    engine.settle()
    assert not engine.service.improved()


def test_a_new_commit_keeps_the_deep_blame_answer(project: Repo, engine: Engine) -> None:
    first(engine.service, project)
    engine.settle()
    project.commit("Say what this is", {"lib/conn.py": '"""Connections."""\n\n' + HEAD + FORMATTED})
    engine.service.follow()
    assert engine.service.improved()
    assert first(engine.service, project) == "Close each connection"  # the deeper blame of this version has not begun
    engine.settle()
    assert not engine.service.improved()
    assert first(engine.service, project) == "Close each connection"


def test_a_command_does_not_wait_for_a_slow_blame(project: Repo, engine: Engine) -> None:
    command = Service(project.location.data, waiting=BlamePatience(0.0, background=False))
    assert first(command, project) == ""
    command.close()


def test_a_request_during_worker_shutdown_starts_only_one_worker(project: Repo) -> None:
    six_commits(project)
    may_begin, may_end, asked = threading.Event(), threading.Event(), list[str]()

    class Slow(Repository):
        def blame(self, *args: Any, moves: bool = False, **options: Any) -> Any:
            if not moves:
                return super().blame(*args, **options)
            assert (may_end if asked else may_begin).wait(60)
            return []

    class Late(LineWriters):
        def _next(self) -> Any:  # overridden, since nothing public lies between a worker's last job and its end
            job = super()._next()
            if job is None and not asked:
                asked.append("lib/other.py")
                self.of(head, "lib/other.py", None)
            return job

    worktree = Worktree(project.location)
    head = worktree.head()
    writers = Late(Slow(project.location), worktree.lines_of, BlamePatience(0.0, background=True))
    assert writers.of(head, "lib/conn.py", None)
    (ending,) = (thread for thread in threading.enumerate() if thread.name == "mom-blame")
    may_begin.set()
    ending.join()
    assert writers.of(head, "lib/url.py", None)
    busy = threading.enumerate()
    may_end.set()
    join_threads("mom-blame")
    assert writers.of(head, "lib/url.py", None) == {}
    assert [thread.name for thread in busy].count("mom-blame") == 1
