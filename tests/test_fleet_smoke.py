"""The lines under "Try it" in the room's README, run as they stand there but for the port and the folder."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from processes import LONG
from repositories import make_repository

README = Path(__file__).parents[1] / "mom_lsp" / "fleet" / "README.md"


@pytest.mark.slow
def test_the_first_steps_of_the_readme_answer_across_repositories(home: Path, tmp_path: Path) -> None:
    pinned = make_repository(tmp_path / "src" / "library")
    pinned.commit(
        "Pin zstandard to 0.21\n\nBecause 0.22 leaks a context for each frame, which we saw as out of memory.",
        {"requirements.txt": "zstandard==0.21\n"},
    )
    for name in ("service", "website"):
        make_repository(tmp_path / "src" / name).commit("Say hello", {f"{name}.py": 'print("hello, world")\n'})
    steps = re.search(r"<!-- smoke -->\n```\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert steps
    settings = f"{home}/mom-lsp/settings.toml"
    lines = steps[1].replace("5000", str(free_port())).replace("~/src", str(tmp_path / "src"))
    lines = lines.replace("~/.config/mom-lsp/settings.toml", settings)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    script = f"set -e\ntrap 'kill $(jobs -p)' EXIT\n{lines}"
    done = subprocess.run(
        ["bash", "-c", script], env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=LONG
    )
    assert done.returncode == 0, done.stderr
    assert "3 repositories: 3 indexed" in done.stderr
    assert "Pin zstandard to 0.21  [from library]" in done.stdout


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
