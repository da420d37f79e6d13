"""What a hook does, on real commits, merges, rebases and worktrees."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from hook_repo import Indexers, commit, git, install
from processes import spent

from mom_lsp import datafolder, hookrun, indexqueue
from mom_lsp.evaluation.hook_bench import measure_hook


def test_a_commit_queues_its_worktree_and_starts_one_indexer(repo: Path, indexers: Indexers) -> None:
    install(repo)
    assert commit(repo, "second") == ""
    (request,) = indexqueue.pending(repo / ".git/mom")
    assert request.git_dir == repo / ".git"
    assert request.reason == "post-commit"
    command, folder, git_variables, nice = indexers.wait()
    assert command == f"index --queued -C {repo}"
    assert (folder, git_variables, nice) == ("/", "0", "19")
    assert not (repo / ".git/mom/hook.log").exists()


def test_commits_while_an_indexer_starts_or_runs_start_no_other(repo: Path, indexers: Indexers) -> None:
    install(repo)
    data = repo / ".git/mom"
    commit(repo, "second")
    indexers.wait()
    before = indexqueue.pending(data)
    commit(repo, "third")  # it is about to start
    indexqueue.done(before[0])
    assert len(indexqueue.pending(data)) == 1  # it was asked again, so it stays
    with FileLock(data / datafolder.LEASE):
        indexqueue.started(data)
        commit(repo, "fourth")  # it works
        assert indexers.more() == b""
    commit(repo, "fifth")  # it has gone
    assert indexers.wait()[0].startswith("index")


@pytest.mark.parametrize("count", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_a_rebase_makes_one_request_and_starts_one_indexer(repo: Path, indexers: Indexers, count: int) -> None:
    lines = ["reset refs/heads/topic", f"from {git(repo, 'rev-parse', 'HEAD').strip()}"]
    for number in range(count):
        lines += [
            "commit refs/heads/topic",
            f"committer A <a@example.org> {1_700_000_000 + number} +0000",
            "data 1",
            "x",
            f"M 644 inline f{number}",
            "data 1",
            "y",
        ]
    script = "\n".join(lines) + "\n"
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo, input=script, text=True, check=True)
    commit(repo, "second")
    git(repo, "checkout", "--quiet", "topic")
    install(repo)
    git(repo, "rebase", "--quiet", "main")
    assert git(repo, "rev-list", "--count", "main..topic").strip() == str(count)
    (request,) = indexqueue.pending(repo / ".git/mom")
    assert request.reason == "post-rewrite rebase"
    assert indexers.wait()[0].startswith("index")
    assert indexers.more() == b""
    assert not (repo / ".git/mom/hook.log").exists()


def test_a_commit_during_a_rebase_only_queues(repo: Path, indexers: Indexers) -> None:
    commit(repo, "second")
    install(repo)
    editor = {**os.environ, "GIT_SEQUENCE_EDITOR": "sed -i s/^pick/edit/"}
    subprocess.run(["git", "rebase", "-i", "HEAD~1"], cwd=repo, env=editor, capture_output=True, check=True)
    commit(repo, "third")
    assert len(indexqueue.pending(repo / ".git/mom")) == 1
    assert not (repo / ".git/mom" / datafolder.STARTING).exists()
    git(repo, "rebase", "--continue")
    assert indexers.wait()[0].startswith("index")


def test_worktrees_share_hooks_and_data_but_queue_separately(repo: Path, tmp_path: Path, indexers: Indexers) -> None:
    install(repo)
    git(repo, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    indexers.wait()  # git checks it out
    commit(tmp_path / "linked", "second")
    commit(repo, "third")
    asked = {request.git_dir for request in indexqueue.pending(repo / ".git/mom")}
    assert asked == {repo / ".git", repo / ".git/worktrees/linked"}


def test_a_merge_and_a_checkout_also_queue(repo: Path, indexers: Indexers) -> None:
    git(repo, "checkout", "--quiet", "-b", "side")
    commit(repo, "side")
    install(repo)
    git(repo, "checkout", "--quiet", "main")
    (request,) = indexqueue.pending(repo / ".git/mom")
    assert request.reason.startswith("post-checkout")
    git(repo, "merge", "--quiet", "--no-ff", "-m", "join", "side")
    (request,) = indexqueue.pending(repo / ".git/mom")
    assert request.reason.startswith("post-merge")
    indexers.wait()


@pytest.mark.parametrize("state", ["a file is in the way", "read-only", "requests is a file"])
def test_a_commit_never_fails(repo: Path, indexers: Indexers, state: str) -> None:
    install(repo)
    data = repo / ".git/mom"
    if state == "a file is in the way":
        data.write_text("")
    else:
        data.mkdir()
        if state == "read-only":
            data.chmod(0o500)
        else:
            (data / "requests").write_text("")
    assert commit(repo, "second") == ""
    assert git(repo, "log", "-1", "--format=%s").strip() == "second"
    if state == "requests is a file":
        assert "FileExistsError" in (data / "hook.log").read_text()


def test_a_full_disk_leaves_nothing_half_written(repo: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "mom_lsp", "hook", "run", "post-commit"],
        cwd=repo,
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert list((repo / ".git/mom/requests").iterdir()) == []


def test_outside_a_repository_a_hook_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GIT_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    hookrun.run(["post-commit"])
    assert list(tmp_path.iterdir()) == []


def test_the_log_is_capped(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = repo / ".git/mom"
    data.mkdir()
    (data / "requests").write_text("")
    (data / "hook.log").write_bytes(b"x" * (hookrun.MAX_LOG_BYTES + 1))
    monkeypatch.chdir(repo)
    hookrun.run(["post-commit"])
    assert b"FileExistsError" in (data / "hook.log").read_bytes()
    assert (data / "hook.log").stat().st_size < 10_000


def test_a_hook_imports_almost_nothing() -> None:
    code = "import sys; from mom_lsp import cli, hookrun; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    for heavy in ("click", "git", "mom_lsp.git", "dataclasses", "subprocess", "filelock", "lancedb", "platformdirs"):
        assert f"'{heavy}'" not in done.stdout


@pytest.mark.slow
def test_a_hook_costs_a_commit_at_most_60_ms_beyond_interpreter_start(repo: Path) -> None:
    times = measure_hook(repo, spent)
    slowness = max(1.0, times["interpreter"] / 15)  # scaled to the speed of the machine
    assert times["without"] < times["with"]
    assert times["extra"] + times["starting"] < 60 * slowness
