"""Installing hooks beside existing ones, and restoring those byte for byte."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hook_repo import Indexers, commit, folder_of, git, install

from mom_lsp import hooks, indexqueue
from mom_lsp.cli import system_checks
from mom_lsp.errors import RepositoryError, UsageError
from mom_lsp.git import locate


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return mode and content (or target) of every file, below the folder too."""
    return {str(file.relative_to(folder)): (file.lstat().st_mode, _content(file)) for file in folder.rglob("*")}


def _content(file: Path) -> bytes:
    if file.is_symlink():
        return os.fsencode(os.readlink(file))  # noqa: PTH115 (a Path would hide a difference)
    return b"" if file.is_dir() else file.read_bytes()


def write_hook(folder: Path, name: str, content: str, mode: int = 0o755) -> Path:
    folder.mkdir(exist_ok=True)
    hook = folder / name
    hook.write_text(content)
    hook.chmod(mode)
    return hook


def test_reinstalling_changes_nothing_and_uninstalling_leaves_nothing(repo: Path) -> None:
    folder = folder_of(repo)
    before = snapshot(folder)
    assert [change.done for change in install(repo)] == ["created"] * 4
    once = snapshot(folder)
    assert [change.done for change in install(repo)] == ["unchanged"] * 4
    assert snapshot(folder) == once
    assert [change.done for change in hooks.uninstall(folder)] == ["removed"] * 4
    assert snapshot(folder) == before
    assert [change.done for change in hooks.uninstall(folder)] == ["absent"] * 4


def test_another_interpreter_updates_the_block_in_place(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = write_hook(folder_of(repo), "post-commit", "#!/bin/sh\necho mine\n")
    install(repo)
    monkeypatch.setattr(sys, "executable", "/opt/it's new/python")
    assert [change.done for change in install(repo)] == ["updated"] * 4
    assert hook.read_text().count("mom_lsp") == 1
    hooks.uninstall(folder_of(repo))
    assert hook.read_text() == "#!/bin/sh\necho mine\n"


SHELL = "#!/bin/sh -e\ncat > seen\necho ran >> seen\nexit 3\n"
SCRIPT = "#!/usr/bin/env python3\nimport sys\nopen('seen', 'w').write(sys.stdin.read() + 'ran\\n')\nsys.exit(3)\n"


@pytest.mark.parametrize(("content", "aside"), [(SHELL, False), (SCRIPT, True)], ids=["shell", "python"])
def test_an_existing_hook_still_runs(repo: Path, indexers: Indexers, content: str, aside: bool) -> None:
    folder = folder_of(repo)
    hook = write_hook(folder, "post-rewrite", content)
    before = snapshot(folder)
    install(repo)
    assert (folder / "mom-chained" / "post-rewrite").exists() == aside
    done = subprocess.run([hook, "amend"], cwd=repo, input="a b\n", text=True, check=False)
    assert done.returncode == 3
    assert (repo / "seen").read_text() == "a b\nran\n"
    assert indexqueue.pending(repo / ".git/mom")[0].reason == "post-rewrite amend"
    hooks.uninstall(folder)
    assert snapshot(folder) == before


@pytest.mark.parametrize("content", [b"#!/bin/sh\r\nexit\r\n", b"#!/bin/sh", b"\x7fELF\x02\n", b""])
def test_any_existing_hook_is_restored_byte_for_byte(repo: Path, content: bytes) -> None:
    folder = folder_of(repo)
    write_hook(folder, "post-merge", "").write_bytes(content)
    before = snapshot(folder)
    assert [change.done for change in install(repo)] == ["created", "chained", "created", "created"]
    assert [change.done for change in install(repo)] == ["unchanged"] * 4
    hooks.uninstall(folder)
    assert snapshot(folder) == before


@pytest.mark.parametrize(
    ("shebang", "aside"),
    [
        ("/opt/zsh/venv/bin/python3", True),
        ("/usr/bin/env -S deno run --allow-run=bash", True),
        ("/usr/bin/env -S nix-shell -i bash", True),
        (" /usr/local/bin/zsh -f", False),
        ("/usr/bin/env bash", False),
        ("/usr/bin/env -S A=b bash -e", False),
    ],
)
def test_only_the_interpreter_makes_a_hook_a_shell_script(repo: Path, shebang: str, aside: bool) -> None:
    folder = folder_of(repo)
    write_hook(folder, "post-commit", f"#!{shebang}\nexit\n")
    install(repo)
    assert (folder / "mom-chained").exists() == aside


def test_a_symlinked_hook_keeps_its_target(repo: Path, indexers: Indexers) -> None:
    write_hook(repo / "scripts", "hook.sh", "#!/bin/sh\necho ran > seen\n")
    folder = folder_of(repo)
    (folder / "post-commit").symlink_to("../../scripts/hook.sh")
    before, target = snapshot(folder), snapshot(repo / "scripts")
    install(repo)
    commit(repo, "second")
    assert (repo / "seen").exists()
    assert indexqueue.pending(repo / ".git/mom")
    assert snapshot(repo / "scripts") == target
    hooks.uninstall(folder)
    assert snapshot(folder) == before


DISPATCHER = '#!/bin/sh\nfor part in "$(dirname "$0")/$(basename "$0").d"/*; do . "$part"; done\n'


@pytest.mark.parametrize("link", ["./dispatch", "../hooks/dispatch", "{folder}/dispatch"])
def test_a_hook_that_reads_its_own_name_finds_what_is_beside_it(repo: Path, indexers: Indexers, link: str) -> None:
    folder = folder_of(repo)
    write_hook(folder, "dispatch", DISPATCHER)
    for name in ("post-commit", "post-checkout"):
        (folder / name).symlink_to(link.format(folder=folder))
        write_hook(folder / f"{name}.d", "part", f"touch {name}.seen\nexit 0\n")
    before = snapshot(folder)
    install(repo)
    assert [change.done for change in install(repo)] == ["unchanged"] * 4
    commit(repo, "second")
    git(repo, "checkout", "--quiet", "-b", "topic")
    assert (repo / "post-commit.seen").exists() and (repo / "post-checkout.seen").exists()
    hooks.uninstall(folder)
    assert snapshot(folder) == before


@pytest.mark.parametrize("reinstalled", [False, True])
def test_a_hook_that_an_older_version_renamed_is_restored(repo: Path, indexers: Indexers, reinstalled: bool) -> None:
    folder = folder_of(repo)
    write_hook(repo / "scripts", "hook.sh", '#!/bin/sh\n[ "$(basename "$0")" = post-commit ] && touch seen\n')
    (folder / "post-commit").symlink_to("../../scripts/hook.sh")
    before = snapshot(folder)
    install(repo)
    hook = folder / "post-commit"  # as it was then
    hook.write_text(hook.read_text().replace("/mom-chained/post-commit", "/post-commit.mom-chained"))
    shutil.rmtree(folder / "mom-chained")
    (folder / "post-commit.mom-chained").symlink_to("../../scripts/hook.sh")
    if reinstalled:
        assert [change.done for change in install(repo)].count("updated") == 1
        commit(repo, "second")
        assert (repo / "seen").exists()
    hooks.uninstall(folder)
    assert snapshot(folder) == before


def test_a_disabled_hook_stays_disabled(repo: Path, indexers: Indexers) -> None:
    folder = folder_of(repo)
    write_hook(folder, "post-commit", "#!/bin/sh\ntouch seen\n", mode=0o644)
    before = snapshot(folder)
    install(repo)
    commit(repo, "second")
    assert not (repo / "seen").exists()
    assert indexqueue.pending(repo / ".git/mom")
    hooks.uninstall(folder)
    assert snapshot(folder) == before


def test_a_chained_hook_from_before_is_never_overwritten(repo: Path) -> None:
    folder = folder_of(repo)
    write_hook(folder, "post-commit", SCRIPT)
    write_hook(folder / "mom-chained", "post-commit", "#!/bin/sh\n")
    with pytest.raises(RepositoryError, match="already exists"):
        install(repo)
    assert (folder / "post-commit").read_text() == SCRIPT


def test_later_edits_by_the_user_are_kept(repo: Path) -> None:
    install(repo)
    hook = folder_of(repo) / "post-commit"
    hook.write_text(hook.read_text() + "echo mine\n")
    hooks.uninstall(folder_of(repo))
    assert hook.read_text() == "#!/bin/sh\necho mine\n"


@pytest.mark.parametrize("scope", ["--local", "--global"])
def test_core_hooks_path_outside_is_refused_unless_forced(
    repo: Path, tmp_path: Path, indexers: Indexers, scope: str
) -> None:
    git(repo, "config", scope, "core.hooksPath", "~/hooks")
    with pytest.raises(UsageError, match="outside this repository"):
        folder_of(repo)
    folder = folder_of(repo, force=True)
    assert folder == tmp_path / "home/hooks"
    hooks.install(folder)
    commit(repo, "second")
    assert len(indexqueue.pending(repo / ".git/mom")) == 1


def test_hooks_in_the_main_worktree_are_inside_of_a_linked_one(repo: Path, tmp_path: Path, indexers: Indexers) -> None:
    git(repo, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    git(repo, "config", "core.hooksPath", str(repo / ".githooks"))
    assert folder_of(tmp_path / "linked") == repo / ".githooks"
    install(tmp_path / "linked")
    commit(tmp_path / "linked", "second")
    assert len(indexqueue.pending(repo / ".git/mom")) == 1


def test_core_hooks_path_inside_is_used(repo: Path, indexers: Indexers) -> None:
    git(repo, "config", "core.hooksPath", ".githooks")
    assert folder_of(repo) == repo / ".githooks"
    install(repo)
    commit(repo, "second")
    assert len(indexqueue.pending(repo / ".git/mom")) == 1


@pytest.fixture
def husky(repo: Path) -> Path:
    """The folder of the hooks of a repository with husky 9: what `husky` generates there, reduced to what it does."""
    git(repo, "config", "core.hooksPath", ".husky/_")
    folder = repo / ".husky"
    folder.mkdir()
    for name in hooks.NAMES:
        write_hook(folder / "_", name, '#!/usr/bin/env sh\n. "$(dirname "$0")/h"')
    (folder / "_" / ".gitignore").write_text("*")
    (folder / "_" / "h").write_text(
        'n=$(basename "$0")\ns=$(dirname "$(dirname "$0")")/$n\n[ ! -f "$s" ] && exit 0\nsh -e "$s" "$@"\nexit $?\n'
    )
    return folder


def test_with_husky_the_hooks_are_beside_those_of_the_user(repo: Path, husky: Path, indexers: Indexers) -> None:
    write_hook(husky, "post-commit", "touch seen", mode=0o644)  # needs neither a first line nor a mode
    write_hook(repo / "scripts", "hook.sh", "touch seen-too\n", mode=0o644)
    (husky / "post-checkout").symlink_to("../scripts/hook.sh")
    before = snapshot(husky)
    assert folder_of(repo) == husky
    install(repo)
    assert snapshot(husky / "_") == {name.removeprefix("_/"): one for name, one in before.items() if name[:2] == "_/"}
    commit(repo, "second")
    git(repo, "checkout", "--quiet", "-b", "topic")
    assert (repo / "seen").exists() and (repo / "seen-too").exists()
    assert indexqueue.pending(repo / ".git/mom")[0].reason.startswith("post-c")
    assert _check(repo)["message"] == "installed"
    hooks.uninstall(husky)
    assert snapshot(husky) == before


@pytest.mark.parametrize("ignored", ["", ".githooks\n"])
def test_hooks_in_the_worktree_are_told_unless_git_ignores_them(repo: Path, ignored: str) -> None:
    git(repo, "config", "core.hooksPath", ".githooks")
    (repo / ".gitignore").write_text(ignored)
    command = [sys.executable, "-P", "-m", "mom_lsp", "hook", "install"]
    done = subprocess.run(command, cwd=repo, capture_output=True, text=True, check=True)
    assert ("`git status` lists them" in done.stderr) != bool(ignored)


def test_a_folder_without_git_has_no_hooks(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="not a git repository"):
        folder_of(tmp_path)


def test_the_command_installs_and_uninstalls(repo: Path) -> None:
    def mom(*args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "mom_lsp", "hook", *args, "-C", str(repo)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    before = snapshot(folder_of(repo))
    done = mom("install")
    assert (done.returncode, done.stderr) == (0, "")
    assert ".git/hooks/post-commit: installed" in done.stdout
    assert mom("uninstall").returncode == 0
    assert snapshot(folder_of(repo)) == before
    git(repo, "config", "core.hooksPath", "/nowhere/at/all")
    refused = mom("install")
    assert refused.returncode == 2
    assert "--force" in refused.stderr


def _check(repo: Path) -> dict[str, object]:
    (found,) = system_checks._hook(locate(repo))
    return found


def test_doctor_tells_that_the_python_of_a_hook_is_gone(repo: Path) -> None:
    install(repo)
    assert (_check(repo)["ok"], _check(repo)["message"]) == (True, "installed")
    hook = folder_of(repo) / "post-commit"
    hook.write_text(hook.read_text().replace(sys.executable, "/gone/python"))
    assert _check(repo)["ok"] is False
    assert _check(repo)["message"] == "post-commit runs a Python that no longer exists: /gone/python"
    install(repo)
    assert _check(repo)["ok"] is True


def test_doctor_reads_hooks_outside_and_tells_how_to_install_them(repo: Path) -> None:
    git(repo, "config", "core.hooksPath", "~/hooks")
    before = _check(repo)
    assert "outside this repository" in str(before["message"]) and "`mom hook install --force`" in str(before["fix"])
    hooks.install(folder_of(repo, force=True))
    assert (_check(repo)["ok"], _check(repo)["message"], _check(repo)["fix"]) == (True, "installed", "")


def test_doctor_tells_that_git_ignores_a_hook(repo: Path) -> None:
    install(repo)
    (folder_of(repo) / "post-merge").chmod(0o644)
    assert _check(repo)["ok"] is None
    assert _check(repo)["message"] == "not executable, so git ignores it: post-merge"
