"""A real VS Code with the client, driven in a headless browser: see vscode-client/test/."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CLIENT = Path(__file__).parents[2] / "vscode-client"
MISSING = [program for program in ("npm", "apt-get") if shutil.which(program) is None]
MOM = Path(sys.executable).parent / "mom"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.editor,
    pytest.mark.timeout(3000),  # installing and compiling the editor takes minutes
    pytest.mark.skipif(bool(MISSING), reason=f"not here: {', '.join(MISSING)}"),
]


def run(*command: str | Path) -> None:
    """Run a command in the client's folder; its output is the message of a failure."""
    env = os.environ | {"MOM": str(MOM)}
    done = subprocess.run(
        command, cwd=CLIENT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-8000:]}\n{done.stderr[-4000:]}"


def test_memories_work_in_a_real_vscode() -> None:
    run(CLIENT / "test" / "setup.sh")
    run("npm", "test")
