"""A real repository with real hooks; only the indexer they start is replaced by a recorder."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mom_lsp import hooks
from mom_lsp.git.location import locate

# Does what `python -P -m mom_lsp` does, but for an indexer it only records how it was started.
PYTHON = """#!/bin/sh
shift 3
if [ "$1" = index ]; then
    printf '%s|%s|%s|%s\\n' "$*" "$PWD" "$(env | grep -c ^GIT_)" "$(nice)" 1<> {pipe}
    exit
fi
exec {python} -P -c 'import sys; sys.executable = sys.argv.pop(1); from mom_lsp.cli import main; main()' "$0" "$@"
"""


@dataclass
class Indexers:
    """The recorded starts of indexers."""

    stream: int

    def wait(self) -> list[str]:
        """Return (command, folder, number of GIT_ variables, niceness) of the next one."""
        os.set_blocking(self.stream, True)
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(self.stream, 1)
        return line.decode().rstrip("\n").split("|")

    def more(self) -> bytes:
        os.set_blocking(self.stream, False)
        try:
            return os.read(self.stream, 65536)
        except BlockingIOError:
            return b""


@pytest.fixture
def indexers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Indexers]:
    """Make hooks that are installed from now on start a recorder."""
    pipe, python = tmp_path / "pipe", tmp_path / "an interpreter's folder" / "python"
    os.mkfifo(pipe)
    python.parent.mkdir()
    python.write_text(PYTHON.format(pipe=shlex.quote(str(pipe)), python=shlex.quote(sys.executable)))
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    stream = os.open(pipe, os.O_RDWR)
    yield Indexers(stream)
    os.close(stream)


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a repository with one commit, and a separate home."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\nname = A\nemail = a@example.org\n[init]\ndefaultBranch = main\n")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    root = tmp_path / "repo"
    git(tmp_path, "init", "--quiet", str(root))
    commit(root, "first")
    return root


def git(folder: Path, *args: str) -> str:
    done = subprocess.run(["git", *args], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def commit(folder: Path, text: str) -> str:
    """Commit a file and return what git printed; raises if the commit fails."""
    (folder / f"{text}.txt").write_text(text)
    git(folder, "add", "-A")
    done = subprocess.run(["git", "commit", "-m", text], cwd=folder, capture_output=True, text=True, check=True)
    return done.stderr


def folder_of(root: Path, *, force: bool = False) -> Path:
    return hooks.hooks_folder(locate(root), force=force)


def install(root: Path) -> list[hooks.HookChange]:
    return hooks.install(folder_of(root))
