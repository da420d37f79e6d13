"""`mom init nvim`: writes the Neovim plugin that comes with mom, with the full path of this `mom` in it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import sysconfig
from importlib.resources import files
from pathlib import Path

import click

from mom_lsp.cli.app import PathThere
from mom_lsp.errors import UsageError

PLUGIN = Path("plugin", "mom.lua")
LUA = Path("lua", "mom")
FILES = (PLUGIN, LUA / "command.lua", LUA / "health.lua", Path("doc", "mom.txt"), Path("doc", "tags"))
COMMAND = "{ 'mom', 'serve' }"  # in the plugin, where the full path goes


@click.group()
def init() -> None:
    """Set up an editor."""


@init.command()
@click.option(
    "--to", "target", type=PathThere(file_okay=False, path_type=Path), help="Write the plugin to this folder."
)
@click.option("--print", "printed", is_flag=True, help="Print plugin/mom.lua instead: hints and keys, without :Mom.")
@click.option("--force", is_flag=True, help="Overwrite a plugin that differs.")
def nvim(target: Path | None, printed: bool, force: bool) -> None:
    """Write a plugin for Neovim 0.11 or newer that starts this mom.

    By default, it is written where Neovim finds packages, so no configuration is needed.
    """
    if printed:
        click.echo(_content(PLUGIN), nl=False)
        return
    target = target or packages() / "mom"
    wanted = {target / name: _content(name) for name in FILES}
    differing = [path for path, text in wanted.items() if path.exists() and path.read_text("utf-8") != text]
    if differing and not force:
        raise UsageError(f"{differing[0]} exists and differs; overwrite it with --force")
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    click.echo(f"Wrote {target}; restart Neovim, then :help mom")


def packages() -> Path:
    """Return the folder of the packages that Neovim loads at start, below its `stdpath('data')`."""
    name = os.environ.get("NVIM_APPNAME") or "nvim"
    if sys.platform == "win32":
        data = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / f"{name}-data"
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / name
    return data / "site" / "pack" / "mom" / "start"


def _content(name: Path) -> str:
    text = files("mom_lsp").joinpath("nvim", *name.parts).read_text("utf-8")
    return text.replace(COMMAND, _lua_list(serve_command())) if name == PLUGIN else text


def serve_command() -> list[str]:
    """Return the command that starts the language server of this installation, wherever Neovim is started."""
    mom = shutil.which("mom", path=sysconfig.get_path("scripts"))
    return [mom, "serve"] if mom else [sys.executable, "-P", "-m", "mom_lsp", "serve"]


def _lua_list(words: list[str]) -> str:
    return "{ " + ", ".join(json.dumps(word, ensure_ascii=False) for word in words) + " }"  # a JSON text is Lua's too
