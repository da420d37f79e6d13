"""A real Neovim with README's configuration, driven by a Lua script."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from .conftest import FILE, LINE, TWICE, TWICE_LINE

README = Path(__file__).parents[2] / "mom_lsp" / "server" / "README.md"
BIN = Path(sys.executable).parent
NVIM = shutil.which("nvim", path=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}")


def readme_init() -> str:
    """Return the configuration without the plugin, as README shows it."""
    found = re.search(r"```lua\n(vim\.lsp\.config.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert found
    return found[1]


def drive_neovim(
    lua: str, repo: Path, tmp_path: Path, environment: dict[str, str], file: str = FILE, init: str | None = None
) -> dict[str, Any]:
    """Start Neovim with a file, run a Lua script in it, and return what the script has written to REPORT.

    `init` is the user's configuration, by default README's, with `mom` on the PATH.
    """
    result, script, config = tmp_path / "report.json", tmp_path / "drive.lua", tmp_path / "init.lua"
    config.write_text(readme_init() if init is None else init, "utf-8")
    names = f"local LINE, REPORT = {LINE}, {json.dumps(str(result))}\nlocal TWICE, TWICE_LINE = '{TWICE}', {TWICE_LINE}"
    script.write_text(f"{names}\n{lua}", "utf-8")
    env = environment | {"NVIM_LOG_FILE": os.devnull}
    if init is None:
        env["PATH"] = f"{BIN}{os.pathsep}{environment.get('PATH', '')}"
    assert NVIM
    # Not with -c: Neovim has not entered yet then, and for one does not attach servers that are enabled.
    entered = f"autocmd VimEnter * lua vim.schedule(function() vim.cmd.luafile({json.dumps(str(script))}) end)"
    done = subprocess.run(
        [NVIM, "--headless", "-n", "-i", "NONE", "-u", str(config), file, "-c", entered],
        cwd=repo,
        env=env,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert result.exists(), done.stderr
    return dict(json.loads(result.read_text("utf-8")))
