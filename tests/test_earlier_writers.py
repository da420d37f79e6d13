"""The writers of a line before the last one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from processes import eventually
from repositories import Mom, Repo, Start

from mom_lsp.engine.requests import answer
from mom_lsp.engine.service import Service
from mom_lsp.errors import RepositoryError
from mom_lsp.git import Commit, Repository
from mom_lsp.workspace.library.blame_patience import IN_COMMAND, IN_ENGINE, BlamePatience
from mom_lsp.workspace.library.earlier_writers import Earlier
from mom_lsp.workspace.library.worktree import Worktree

FIRST = "def fetch(host):\n    return connect(host, port=80, timeout=5)\n"
REASON = "Raise the timeout\n\nBecause satellite links need more than five seconds to answer."


def evidence(mom: Mom, path: str, line: int) -> dict[str, str]:
    """Index; return the reasons of the memories for a line by title, however relevant."""
    mom.index()
    return {one["title"]: one["why"] for one in mom.suggest(path, line, k=20)}


def test_the_writers_of_a_line_before_the_last_one_are_suggested(project: Repo, moms: Start) -> None:
    project.commit("Add fetch", {"net.py": FIRST})
    project.commit(REASON, {"net.py": FIRST.replace("timeout=5", "timeout=17")})
    project.commit("Use port 443", {"net.py": FIRST.replace("timeout=5", "timeout=17").replace("80", "443")})
    why = evidence(moms(project), "net.py", 2)
    assert why["Use port 443"].startswith("wrote this line")
    assert "made an earlier change to this line" in why["Raise the timeout"]


def test_a_line_is_followed_through_a_rename_and_noise(project: Repo, moms: Start) -> None:
    project.commit("Add fetch", {"net.py": FIRST})
    project.commit(REASON, {"net.py": FIRST.replace("timeout=5", "timeout=17")})
    project.git("mv", "net.py", "http.py")
    project.commit("Rename the module")
    project.commit("Bump version", {"http.py": FIRST.replace("timeout=5", "timeout=18")})
    project.commit("Use port 443", {"http.py": FIRST.replace("timeout=5", "timeout=18").replace("80", "443")})
    why = evidence(moms(project), "http.py", 2)
    assert "made an earlier change to this line" in why["Raise the timeout"]


def test_a_line_that_was_moved_and_edited_is_followed(project: Repo, moms: Start) -> None:
    rest = "\n\ndef other(one):\n    return sorted(one, key=len)\n"
    moved = FIRST.replace("timeout=5", "timeout=17")
    project.commit("Add fetch", {"net.py": FIRST + rest, "http.py": "import net\n"})
    project.commit(REASON, {"net.py": moved + rest})
    project.commit("Move fetch and forget other", {"net.py": "", "http.py": "import net\n" + moved})
    project.commit("Use port 443", {"http.py": "import net\n" + moved.replace("80", "443")})
    why = evidence(moms(project), "http.py", 3)
    assert "made an earlier change to this line" in why["Raise the timeout"]


def test_a_new_line_has_no_earlier_writers(project: Repo, moms: Start) -> None:
    project.commit("Add fetch", {"net.py": FIRST})
    project.commit("Add send", {"net.py": FIRST + "\n\ndef send(text):\n    return len(text)\n"})
    assert not any("earlier" in why for why in evidence(moms(project), "net.py", 6).values())


def asked_twice_changed(project: Repo, moms: Start, patience: BlamePatience) -> tuple[str, Callable[[], Earlier]]:
    """Change a line twice; return the first of these commits, and a question about the line's earlier writers."""
    project.commit("Add fetch", {"net.py": FIRST})
    reason = project.commit(REASON, {"net.py": FIRST.replace("timeout=5", "timeout=17")})
    text = FIRST.replace("timeout=5", "timeout=17").replace("80", "443")
    last = project.commit("Use port 443", {"net.py": text})
    mom = moms(project)
    mom.index()
    worktree = Worktree(project.location, patience)
    view = worktree.view(mom.service.library.snapshot().catalog, worktree.head())
    return reason, partial(worktree.earlier_writers, view, "net.py", {2: text.split("\n")[1]}, {2: last})


def test_an_engine_answers_in_time_and_finds_the_rest_in_the_background(project: Repo, moms: Start) -> None:
    reason, asked = asked_twice_changed(project, moms, BlamePatience(0.0, background=True))
    eventually(lambda: asked().commits.get(2, ())[:1] == (reason,))


def test_a_failure_of_git_is_no_answer(project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    reason, asked = asked_twice_changed(project, moms, IN_COMMAND)

    def failing(*args: Any, **options: Any) -> Iterator[Commit]:
        raise RepositoryError("cannot run git: Cannot allocate memory")

    with monkeypatch.context() as patch:
        patch.setattr(Repository, "commits", failing)
        assert not asked().complete
    assert asked().commits[2][0] == reason


def test_an_engine_gives_a_command_the_whole_answer_at_once(project: Repo, moms: Start) -> None:
    project.commit("Add fetch", {"net.py": FIRST})
    project.commit(REASON, {"net.py": FIRST.replace("timeout=5", "timeout=17")})
    project.commit("Use port 443", {"net.py": FIRST.replace("timeout=5", "timeout=17").replace("80", "443")})
    mom = moms(project)
    mom.index()
    engine = Service(mom.location.data, waiting=IN_ENGINE)
    try:
        asked = {"root": str(mom.root), "path": "net.py", "start": 2, "end": 2, "k": 20}
        assert "incomplete" in answer(engine, "suggest", asked)
        assert "incomplete" not in answer(engine, "suggest", asked | {"patient": True})
    finally:
        engine.close()
