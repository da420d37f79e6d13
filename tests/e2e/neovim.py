"""A real Neovim with README's configuration, driven by a Lua script."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from .conftest import FILE, LINE, TWICE, TWICE_LINE

INIT = Path(__file__).parents[2] / "fixtures" / "neovim" / "init.lua"
BIN = Path(sys.executable).parent
NVIM = shutil.which("nvim", path=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}")


def drive_neovim(lua: str, repo: Path, tmp_path: Path, environment: dict[str, str], file: str = FILE) -> dict[str, Any]:
    result, script = tmp_path / "report.json", tmp_path / "drive.lua"
    values = ", ".join(json.dumps(str(path)) for path in (result, INIT.with_name("mom.lua")))
    names = f"local LINE, REPORT, PLUGIN = {LINE}, {values}\nlocal TWICE, TWICE_LINE = '{TWICE}', {TWICE_LINE}"
    script.write_text(f"{names}\n{lua}", "utf-8")
    env = environment | {"PATH": f"{BIN}{os.pathsep}{environment.get('PATH', '')}", "NVIM_LOG_FILE": os.devnull}
    assert NVIM
    done = subprocess.run(
        [NVIM, "--headless", "-n", "-i", "NONE", "-u", str(INIT), file, "-c", f"luafile {script}"],
        cwd=repo,
        env=env,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert result.exists(), done.stderr
    return dict(json.loads(result.read_text("utf-8")))
