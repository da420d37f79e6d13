"""`mom hook`: index after each commit, merge, checkout and rebase, without an editor."""

from __future__ import annotations

from pathlib import Path

import click

from mom_lsp import hooks
from mom_lsp.cli.app import folder
from mom_lsp.git.location import Location, locate

WORDS = {
    "created": "new",
    "chained": "added to the hook that was there",
    "updated": "updated",
    "unchanged": "was there already",
    "removed": "removed",
    "restored": "as it was before",
    "absent": "was not there",
}
FORCE = click.option("--force", is_flag=True, help="Even in a core.hooksPath outside the repository.")


@click.group()
def hook() -> None:
    """Keep the index fresh from git's hooks. A hook only queues: it costs a commit some 50 ms and never fails it."""


@hook.command()
@FORCE
def install(force: bool) -> None:
    """Add mom to the repository's hooks; those that are there stay and run as before."""
    location = locate(folder())
    _print(location, found := hooks.hooks_folder(location, force=force), hooks.install(found))
    if found.is_relative_to(location.root) and not _in_git_dir(found, location):
        click.echo("note: these hooks are files of the work tree, so `git status` shows the change", err=True)


@hook.command()
@FORCE
def uninstall(force: bool) -> None:
    """Make the repository's hooks what they were before."""
    location = locate(folder())
    found = hooks.hooks_folder(location, force=force)
    _print(location, found, hooks.uninstall(found))


@hook.command(context_settings={"ignore_unknown_options": True})
@click.argument("args", nargs=-1, type=click.UNPROCESSED, metavar="[NAME] [ARGS]...")
def run(args: tuple[str, ...]) -> None:
    """Queue the worktree for indexing, as a hook called NAME does; the rest is what git tells a hook."""
    import os

    from mom_lsp import hookrun

    os.chdir(folder())
    hookrun.run(args)


def _in_git_dir(path: Path, location: Location) -> bool:
    return location.common_dir is not None and path.is_relative_to(location.common_dir)


def _print(location: Location, found: Path, changes: list[hooks.HookChange]) -> None:
    shown = found.relative_to(location.root) if found.is_relative_to(location.root) else found
    for change in changes:
        click.echo(f"{shown / change.path.name}: {WORDS[change.done]}")
