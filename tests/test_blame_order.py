"""In which order a file is blamed, that nothing is blamed twice, and what ends a blame."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from git_reading import LINES
from processes import LONG, about, eventually, join_threads
from repositories import Repo

from mom_lsp import datafolder
from mom_lsp.errors import RepositoryError
from mom_lsp.git import BlameGroup, Repository
from mom_lsp.git.runner import Runner
from mom_lsp.process.cancellation import STOP
from mom_lsp.workspace.library import saved_blames
from mom_lsp.workspace.library.blame_patience import IN_COMMAND, BlamePatience
from mom_lsp.workspace.library.line_writers import LineWriters
from mom_lsp.workspace.library.worktree import Worktree

AT_ONCE = BlamePatience(0.0, background=True)
DEEP = "deep"
REST = "[(1, 3), (7, 10)]"  # of the file, once lines 4 to 6 are blamed


class Recorded(Repository):
    """Records each blame: its ranges, [] for a whole file, or DEEP."""

    def __init__(self, repo: Repo) -> None:
        super().__init__(repo.location)
        self.blamed: list[Any] = []
        self.held: set[str] = set()  # blames that do not end before they are stopped or let go, as text
        self.released: set[str] = set()  # of them, those that are let go alone
        self.fails: set[str] = set()  # blames that git cannot do
        self.began, self.let_go = threading.Event(), threading.Event()

    def blame(
        self, commit: str, path: str, *ranges: tuple[int, int], moves: bool = False, **options: Any
    ) -> list[BlameGroup]:
        name = DEEP if moves else list(ranges)
        self.blamed.append(name)
        if str(name) in self.fails:
            raise RepositoryError("cannot run git: Cannot allocate memory")
        if str(name) in self.held:
            self.began.set()
            stop: Callable[[], bool] = options["stop"]
            while not self.let_go.wait(0.01) and str(name) not in self.released:
                if stop():
                    raise RepositoryError("git was ended")
        return super().blame(commit, path, *ranges, moves=moves, **options)


class Asked:
    """The writers of the lines of one worktree, as an engine asks for them."""

    def __init__(self, repo: Repo, patience: BlamePatience = AT_ONCE) -> None:
        self.worktree, self.repository = Worktree(repo.location), Recorded(repo)
        self.writers = LineWriters(self.repository, self.worktree.lines_of, patience)

    def of(self, lines: tuple[int, int] | None, path: str = "a.txt") -> dict[int, str]:
        return dict(self.writers.of(self.worktree.head(), path, lines))

    def first_of(self, lines: tuple[int, int]) -> bool:
        """Ask for the lines on the screen; return whether the answer has all lines of the file."""
        return self.writers.first_of(self.worktree.head(), "a.txt", lines).complete

    @property
    def waiting(self) -> int:
        """How many requests wait for lines of the file."""
        file = self.writers._files.get("a.txt")
        return len(file.waiting) if file else 0

    def settle(self) -> list[Any]:
        """Wait until all is blamed; return what was, and forget it."""
        self.repository.let_go.set()
        join_threads("mom-blame")
        self.repository.let_go.clear()
        blamed, self.repository.blamed = self.repository.blamed, []
        return blamed


@pytest.fixture
def asked(project: Repo) -> Asked:
    project.commit("first", {"a.txt": LINES, "b.txt": LINES})
    project.commit("second", {"a.txt": LINES.replace("line 5\n", "five\n")})
    return Asked(project)


def test_the_screen_is_blamed_first_and_then_the_rest_and_then_deeply(project: Repo, asked: Asked) -> None:
    found = asked.of((4, 6))
    assert found == {4: project.git("rev-parse", "HEAD~1"), 5: project.head, 6: found[4]}
    assert asked.settle() == [[(4, 6)], [(1, 3), (7, 10)], DEEP]
    assert asked.of(None) == dict.fromkeys([1, 2, 3, 4, 6, 7, 8, 9, 10], found[4]) | {5: project.head}
    assert asked.settle() == []


def test_requests_at_the_same_time_share_one_blame(asked: Asked) -> None:
    asked.repository.held = {"[(2, 3)]"}
    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(asked.of, (2, 3)) for _ in range(3)]
        assert asked.repository.began.wait(LONG)
        asked.repository.let_go.set()
        first, *others = [answer.result(LONG) for answer in answers]
    assert first and others == [first, first]
    assert asked.settle().count([(2, 3)]) == 1


def test_requests_for_other_lines_do_not_hold_up_the_background(project: Repo, asked: Asked) -> None:
    asked.repository.held = {REST}
    asked.of((4, 6))
    assert asked.repository.began.wait(LONG)
    assert asked.of((8, 9)).keys() >= {8, 9}
    assert asked.settle() == [[(4, 6)], [(1, 3), (7, 10)], [(8, 9)], DEEP]
    first = project.git("rev-parse", "HEAD~1")
    assert asked.of(None) == dict.fromkeys([1, 2, 3, 4, 6, 7, 8, 9, 10], first) | {5: project.head}


def test_a_request_is_answered_once_the_background_has_its_lines(asked: Asked) -> None:
    asked.repository.held = {REST, "[(8, 9)]"}
    asked.of((4, 6))
    assert asked.repository.began.wait(LONG)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(asked.of, (8, 9))
        eventually(lambda: [(8, 9)] in asked.repository.blamed)
        asked.repository.released = {REST}
        assert waiting.result(LONG).keys() >= {8, 9}  # though nobody lets go of its own


def test_a_deep_blame_gives_way_to_a_file_of_which_less_is_known(asked: Asked) -> None:
    asked.repository.held = {DEEP}
    asked.of(None)
    assert asked.repository.began.wait(LONG)
    asked.of((4, 6), "b.txt")
    eventually(lambda: [(1, 3), (7, 10)] in asked.repository.blamed)
    assert asked.settle().count(DEEP) == 3


def test_what_was_answered_in_part_is_reported_once_the_rest_is_known(asked: Asked) -> None:
    assert not asked.first_of((4, 6))
    asked.settle()
    assert [asked.writers.improved(), asked.writers.improved()] == [True, False]
    assert asked.first_of((4, 6))
    assert not asked.writers.improved()


def test_lines_that_were_all_asked_about_need_no_correction(asked: Asked) -> None:
    asked.of(None)
    assert asked.settle() == [[], DEEP]
    assert not asked.writers.improved()


@pytest.mark.parametrize("held", [REST, DEEP])
def test_closing_a_file_ends_its_blame_until_it_is_asked_about_again(asked: Asked, held: str) -> None:
    asked.repository.held = {held}
    asked.of((4, 6))
    assert asked.repository.began.wait(LONG)
    asked.writers.drop("a.txt")
    join_threads("mom-blame")  # though nobody lets go
    before = len(asked.repository.blamed)
    assert asked.of((4, 6))
    assert asked.settle()[before:][-1] == DEEP


def ask_until(asked: Asked, stop: threading.Event) -> dict[int, str]:
    """Ask for two lines as a request that is cancelled once `stop` is set."""
    STOP.set(stop)
    return asked.of((2, 3))


def test_a_cancelled_request_ends_its_blame(asked: Asked) -> None:
    asked.repository.held, cancelled = {"[(2, 3)]"}, threading.Event()
    with ThreadPoolExecutor(1) as pool:
        gone = pool.submit(ask_until, asked, cancelled)
        assert asked.repository.began.wait(LONG)
        cancelled.set()
        assert gone.result(LONG) == {}  # though nobody lets go
    assert asked.settle() == [[(2, 3)], [], DEEP]
    assert asked.writers.improved()  # a request that took too long is answered by the background


def test_a_cancelled_request_ends_its_blame_though_another_waits_for_other_lines(asked: Asked) -> None:
    asked.repository.held, cancelled = {"[(2, 3)]"}, threading.Event()
    with ThreadPoolExecutor(2) as pool:
        gone = pool.submit(ask_until, asked, cancelled)
        assert asked.repository.began.wait(LONG)
        other = pool.submit(asked.of, (8, 9))
        eventually(lambda: asked.waiting == 2)
        cancelled.set()
        gone.result(LONG)  # though nobody lets go
        assert other.result(LONG).keys() >= {8, 9}


def test_a_blame_goes_on_while_another_request_waits_for_it(asked: Asked) -> None:
    asked.repository.held, cancelled = {"[(2, 3)]"}, threading.Event()
    with ThreadPoolExecutor(2) as pool:
        pool.submit(ask_until, asked, cancelled)
        assert asked.repository.began.wait(LONG)
        other = pool.submit(ask_until, asked, threading.Event())
        eventually(lambda: asked.waiting == 2)
        cancelled.set()
        asked.repository.let_go.set()
        assert other.result(LONG).keys() >= {2, 3}
    assert asked.settle().count([(2, 3)]) == 1


def test_a_newer_commit_ends_the_blame_of_an_older_one(project: Repo, asked: Asked) -> None:
    asked.repository.held = {DEEP}
    asked.of(None)
    assert asked.repository.began.wait(LONG)
    newest = project.commit("third", {"a.txt": LINES.replace("line 5\n", "cinq\n")})
    asked.repository.held = set()
    assert asked.of(None)[5] == newest
    assert asked.settle() == [[], DEEP, [], DEEP]
    assert asked.of(None)[5] == newest


def test_git_ends_as_soon_as_nobody_wants_its_output(project: Repo, tmp_path: Path) -> None:
    project.commit("first", {"a.txt": LINES})
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)  # git waits for somebody to write into it
    unwanted = threading.Event()
    runner = Runner(project.root / ".git")

    with ThreadPoolExecutor(1) as pool:
        lines = pool.submit(runner.lines, "hash-object", str(fifo), stop=unwanted.is_set)
        eventually(lambda: bool(about(fifo)))
        unwanted.set()
        with pytest.raises(RepositoryError):
            lines.result(LONG)
    assert not about(fifo)


# Across restarts


def restarted(project: Repo, patience: BlamePatience = AT_ONCE) -> Asked:
    return Asked(project, patience)


def test_a_restart_blames_nothing_again(project: Repo, asked: Asked) -> None:
    found = asked.of(None)
    asked.settle()
    for patience in (AT_ONCE, IN_COMMAND):
        again = restarted(project, patience)
        assert again.of(None) == found
        assert again.settle() == []
    project.commit("another file", {"c.txt": "c\n"})
    again = restarted(project)
    assert again.of((4, 6)) == found
    assert again.settle() == []


def test_a_change_of_the_file_since_is_blamed_again(project: Repo, asked: Asked) -> None:
    found = asked.of(None)
    asked.settle()
    newest = project.commit("third", {"a.txt": LINES.replace("line 5\n", "cinq\n")})
    again = restarted(project)
    assert again.of(None) == found | {5: newest}
    assert again.settle() == [[], DEEP]
    project.git("reset", "--hard", "-q", "HEAD~2")  # the saved commits are no ancestors
    again = restarted(project)
    assert set(again.of(None).values()) == {project.head}
    assert again.settle() == [[], DEEP]


def test_other_ignored_revisions_are_blamed_again_while_the_old_answer_stands(project: Repo, asked: Asked) -> None:
    first, second = asked.of((4, 5)).values()
    asked.settle()
    list_of_ours = project.location.data / datafolder.IGNORED_REVISIONS
    list_of_ours.parent.mkdir()
    list_of_ours.write_text(f"{second}\n")
    again = restarted(project)
    assert again.of((5, 5))[5] == second
    assert again.settle() == [[], DEEP]
    assert again.writers.improved()
    assert again.of((5, 5))[5] == first


def test_a_deep_blame_that_failed_is_not_saved(project: Repo, asked: Asked) -> None:
    asked.repository.fails = {DEEP}
    found = asked.of(None)
    assert asked.settle() == [[], DEEP]
    again = restarted(project)
    assert again.of(None) == found and again.settle() == [[], DEEP]


def test_a_damaged_file_of_saved_blames_is_rebuilt(project: Repo, asked: Asked) -> None:
    found = asked.of(None)
    asked.settle()
    (project.location.data / datafolder.BLAMES).write_bytes(b"nothing that SQLite knows")
    again = restarted(project)
    assert again.of(None) == found
    again.settle()
    assert restarted(project).settle() == [] and restarted(project).of(None) == found


def test_only_the_newest_blames_are_saved(project: Repo, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_blames, "KEPT", 1)
    for path in ("a.txt", "b.txt"):
        asked.of(None, path)
        asked.settle()
    again = restarted(project)
    assert again.of(None, "b.txt") and again.settle() == []
    assert again.of(None, "a.txt") and again.settle() == [[], DEEP]
