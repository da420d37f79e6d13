from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cli_shell import PLAIN, Shell
from click.testing import CliRunner
from processes import LONG

from mom_lsp import __version__
from mom_lsp.cli.app import GROUPS, VERBS, app
from mom_lsp.cli.text import one_line
from mom_lsp.errors import ChildTimeout, RepositoryError, UsageError
from mom_lsp.git.location import Location, locate
from mom_lsp.process import EngineServer


def test_a_running_engine_answers_the_command(root: Path) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    def handler(method: str, params: dict[str, Any]) -> Any:
        asked.append((method, params))
        if params.get("id") == "none":
            raise UsageError("no such memory")
        return {"ok": True, "message": f"{method} by the engine"}

    server = EngineServer(locate(root).data, handler)
    assert server.start()
    try:
        result = CliRunner().invoke(app, ["-C", str(root / "src"), "pin", "abc"], env=PLAIN)
        refused = CliRunner().invoke(app, ["-C", str(root), "pin", "none"], env=PLAIN)
    finally:
        server.close()
    assert (result.exit_code, result.stderr) == (0, "pin by the engine\n")
    assert (refused.exit_code, refused.stderr) == (2, "mom: no such memory\n")
    assert asked[0] == ("pin", {"root": str(root), "id": "abc"})


@pytest.mark.skipif(os.name == "nt", reason="there is no fast path")
@pytest.mark.parametrize("output", ["stdout", "stderr"])
def test_a_closed_pipe_causes_no_traceback_on_the_fast_path(root: Path, output: str) -> None:
    closed = threading.Event()

    def answer() -> dict[str, Any]:
        assert closed.wait(LONG)
        return {"stdout": "", "stderr": "", "code": 0} | {output: "a line\n"}

    with engine(root, answer), fast_search(root) as child:
        getattr(child, output).close()
        closed.set()
        other = child.stderr if output == "stdout" else child.stdout
        assert other is not None and other.read() == ""
        assert child.wait(LONG) == 1


@pytest.mark.skipif(os.name == "nt", reason="there is no fast path")
def test_ctrl_c_exits_with_130_on_the_fast_path(root: Path) -> None:
    asked, interrupted = threading.Event(), threading.Event()

    def answer() -> dict[str, Any]:
        asked.set()
        interrupted.wait(LONG)
        return {"stdout": "late", "stderr": "", "code": 0}

    with engine(root, answer), fast_search(root) as child:
        assert asked.wait(LONG)
        child.send_signal(signal.SIGINT)
        assert child.communicate(timeout=LONG) == ("", "mom: interrupted\n")
        interrupted.set()
    assert child.returncode == 130


@contextmanager
def engine(root: Path, answer: Callable[[], dict[str, Any]]) -> Iterator[None]:
    """Serve a repository with an engine that answers each command alike."""
    server = EngineServer(locate(root).data, lambda method, params: answer())
    assert server.start()
    try:
        yield
    finally:
        server.close()


def fast_search(root: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-m", "mom_lsp", "search", "words"]
    environ = {**os.environ, "PYTHONUNBUFFERED": ""}  # as of a user: else nothing is left to flush at the end
    return subprocess.Popen(command, cwd=root, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_folder_option_is_accepted_before_and_after_the_command(mom: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(mom.root.parent)
    for args in (
        ["-C", "work tree/src", "suggest", "a.py:1", "--json"],
        ["suggest", "a.py:1", "--json", "-C", "work tree/src"],
        ["-C", "work tree", "suggest", "-C", "src", "a.py:1", "--json"],  # each relative to the one before
    ):
        result = CliRunner().invoke(app, args, obj=mom.opener, env=PLAIN)
        assert json.loads(result.stdout)["query"]["path"] == "src/a.py", result.output
    wrong = CliRunner().invoke(app, ["-C", "nowhere", "status"], obj=mom.opener)
    assert wrong.exit_code == 2
    assert "nowhere is not a folder" in wrong.stderr


@pytest.mark.parametrize(
    ("command", "written"), [(["export", "-o", "out"], "out"), (["init", "nvim", "--to", "out"], "out/plugin/mom.lua")]
)
def test_what_a_command_writes_is_relative_to_its_folder(
    mom: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], written: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    result = mom(*command)
    assert (result.exit_code, (mom.root / written).is_file()) == (0, True), result.output
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "code"),
    [(RepositoryError("git\nsays no\x1b[2J"), 1), (ChildTimeout("too slow"), 1), (UsageError("no such line"), 2)],
)
def test_errors_are_one_line_and_an_exit_code(mom: Shell, error: Exception, code: int) -> None:
    def failing(_: Location) -> Any:
        raise error

    mom.opener = failing
    result = mom("suggest", "src/a.py", "--json")
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr == f"mom: {one_line(str(error))}\n"


def test_ctrl_c_exits_with_130(mom: Shell) -> None:
    def interrupted(_: Location) -> Any:
        raise KeyboardInterrupt

    mom.opener = interrupted
    result = mom("status")
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "mom: interrupted\n")


def test_unknown_commands_and_options_exit_with_2(mom: Shell) -> None:
    assert mom("frobnicate").exit_code == 2
    assert mom("suggest").exit_code == 2
    assert mom("suggest", "src/a.py", "-k", "0").exit_code == 2
    assert mom("serve", "--tcp", "nohost").exit_code == 2
    assert mom("index", "--watch", "--json").exit_code == 2


def test_every_command_has_help(mom: Shell) -> None:
    listed = mom("--help").stdout
    for verb in VERBS:
        result = mom(verb, "--help")
        assert result.exit_code == 0, result.output
        assert "-C PATH" in result.stdout
        assert f"\n  {verb} " in listed or verb == "engine"


def test_help_lists_the_commands_in_groups_one_line_each(mom: Shell) -> None:
    listed = mom("--help").stdout
    sections = dict(re.findall(r"^([A-Z].*):\n((?:  .*\n)+)", listed, re.M))
    for heading, verbs in GROUPS.items():
        lines = sections[heading].splitlines()
        assert [line.split()[0] for line in lines] == [verb for verb in verbs if verb != "engine"]
        assert all(re.fullmatch(r"  [a-z]+ +[A-Z].+(?<!\.\.)\.", line) for line in lines), lines


def run(*args: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", *args], capture_output=True, text=True, encoding="utf-8", timeout=LONG, **options
    )


@pytest.mark.parametrize(("option", "begins"), [("--version", f"mom {__version__}\n"), ("--help", "Usage: ")])
def test_version_and_help_import_nothing_heavy(option: str, begins: str) -> None:
    result = run("-X", "importtime", "-m", "mom_lsp", option)
    assert (result.returncode, result.stdout.startswith(begins)) == (0, True)
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in result.stderr.splitlines()}
    assert "click" in imported
    assert not imported & {"rich", "lancedb", "git", "pyarrow", "numpy", "torch", "sentence_transformers", "pygls"}


def test_an_invalid_line_number_is_reported_in_one_line(root: Path) -> None:
    (root / "src/a.py").write_text("x\n")
    result = run("-m", "mom_lsp", "suggest", "src/a.py:99", cwd=root)
    assert result.returncode in (1, 2)
    assert result.stdout == ""
    assert result.stderr.startswith("mom: ") and "Traceback" not in result.stderr


def test_an_engine_that_cannot_start_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    at_once = run("-m", "mom_lsp", "engine", "--data", str(tmp_path / "file" / "mom"))
    by_click = run("-m", "mom_lsp", "-C", str(tmp_path), "engine", "--data", str(tmp_path / "file" / "mom"))
    assert (at_once.returncode, at_once.stderr) == (1, by_click.stderr)
    assert at_once.stderr.startswith("mom: ") and at_once.stderr.count("\n") == 1
