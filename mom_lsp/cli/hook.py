"""`mom hook`: git hooks that index after each commit, merge, checkout and rebase, without an editor."""

from __future__ import annotations

from pathlib import Path

import click

from mom_lsp import hooks
from mom_lsp.cli.app import folder
from mom_lsp.git.config import is_ignored
from mom_lsp.git.location import Location, locate

RESULTS = {
    "created": "installed",
    "chained": "added to the existing hook",
    "updated": "updated",
    "unchanged": "already installed",
    "removed": "removed",
    "restored": "restored the previous hook",
    "absent": "not installed",
}
FORCE = click.option("--force", is_flag=True, help="Allow a core.hooksPath outside the repository.")


@click.group()
def hook() -> None:
    """Manage git hooks that keep the index up to date.

    The hooks only queue a request: they add about 50 ms to a commit and never make it fail.
    """


@hook.command()
@FORCE
def install(force: bool) -> None:
    """Add mom to the repository's hooks. Existing hooks keep working."""
    location = locate(folder())
    _print(location, found := hooks.hooks_folder(location, force=force), hooks.install(found))
    in_worktree = found.is_relative_to(location.root) and not _in_git_dir(found, location)
    if in_worktree and not is_ignored(found / hooks.NAMES[0]):
        click.echo("note: these hooks are in the worktree, so `git status` lists them", err=True)


@hook.command()
@FORCE
def uninstall(force: bool) -> None:
    """Remove mom from the repository's hooks."""
    location = locate(folder())
    found = hooks.hooks_folder(location, force=force)
    _print(location, found, hooks.uninstall(found))


@hook.command(context_settings={"ignore_unknown_options": True})
@click.argument("args", nargs=-1, type=click.UNPROCESSED, metavar="[NAME] [ARGS]...")
def run(args: tuple[str, ...]) -> None:
    """Queue the worktree for indexing, as the hook NAME does. ARGS are what git passes to it."""
    import os

    from mom_lsp import hookrun

    os.chdir(folder())
    hookrun.run(args)


def _in_git_dir(path: Path, location: Location) -> bool:
    return location.common_dir is not None and path.is_relative_to(location.common_dir)


def _print(location: Location, found: Path, changes: list[hooks.HookChange]) -> None:
    shown = found.relative_to(location.root) if found.is_relative_to(location.root) else found
    for change in changes:
        click.echo(f"{shown / change.path.name}: {RESULTS[change.done]}")
