"""The `mom` command: a group that imports a verb's module when the verb is used, and the border for errors."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click

from mom_lsp import __version__, errors

FOLDER = "mom.folder"  # click's meta key of what -C said
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
VERBS = {
    "index": "index",
    "suggest": "suggest",
    "search": "suggest",
    "show": "suggest",
    "why": "why",
    "pin": "feedback",
    "unpin": "feedback",
    "useful": "feedback",
    "dismiss": "feedback",
    "forget": "feedback",
    "restore": "feedback",
    "undo": "feedback",
    "purge": "feedback",
    "note": "feedback",
    "review": "review",
    "status": "status",
    "doctor": "status",
    "model": "model",
    "export": "transfer",
    "import": "transfer",
    "hook": "hook",
    "serve": "serve",
    "engine": "serve",
    "bench": "bench",
    "eval": "eval",
    "tune": "tune",
}  # verb -> the module of this package that holds it, in the order of the help text


class Verbs(click.Group):
    """A group whose verbs are imported when used; translates our errors to exit codes.

    1: it cannot be done (MomError, or the system refuses it); 2: the request makes no sense; 130: Ctrl-C.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order of the help text."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a verb and return its command, which takes -C too."""
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"mom_lsp.cli.{VERBS[cmd_name]}")
        found = getattr(module, cmd_name, None) or getattr(module, f"{cmd_name}_")  # `import` is a keyword
        return _with_folder(found)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; every error of ours becomes one line and an exit code."""
        try:
            return super().invoke(ctx)
        except errors.MomError as error:
            _complain(str(error))
            ctx.exit(2 if isinstance(error, errors.UsageError) else 1)
        except BrokenPipeError:
            raise  # whoever reads has read enough: click ends in silence
        except OSError as error:
            _complain(str(error))
            ctx.exit(1)
        except KeyboardInterrupt:
            _complain("stopped")
            ctx.exit(130)


def folder() -> Path:
    """Return the folder that the command works in: what -C said, or the current one."""
    context = click.get_current_context(silent=True)
    try:
        return Path(context.meta.get(FOLDER, ".")).absolute() if context else Path.cwd()
    except FileNotFoundError as error:
        raise errors.UsageError("the current folder was removed: go to another one, or name one with -C") from error


def _enter(ctx: click.Context, _param: click.Parameter, steps: tuple[str, ...]) -> None:
    """Follow -C as git does: each one starts where the one before led."""
    for step in steps:
        target = Path(ctx.meta.get(FOLDER, ".")) / Path(step).expanduser()
        if not target.is_dir():
            raise click.BadParameter(f"{target} is not a folder", ctx)
        ctx.meta[FOLDER] = target


def _folder_option() -> click.Option:
    return click.Option(
        ["-C", "folder"],
        multiple=True,
        metavar="PATH",
        is_eager=True,
        expose_value=False,
        callback=_enter,
        help="Work in this folder instead of the current one.",
    )


def _with_folder(command: click.Command) -> click.Command:
    """Give a verb, and the verbs below it, the option -C."""
    if not any("-C" in parameter.opts for parameter in command.params):
        command.params.append(_folder_option())
    if isinstance(command, click.Group):
        for below in command.commands.values():
            _with_folder(below)
    return command


def _complain(message: str) -> None:
    from mom_lsp.cli.text import one_line

    click.echo("mom: " + one_line(message), err=True)


@click.group(cls=Verbs, params=[_folder_option()], context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mom", message="%(prog)s %(version)s")
def app() -> None:
    """Show what the repository remembers about the lines in front of you."""
