"""The `mom` command: imports a verb's module when the verb is used, and turns errors into exit codes."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click

from mom_lsp import __version__, errors
from mom_lsp.pathnames import expanded

FOLDER = "mom.folder"  # click's meta key for the folder given with -C
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
GROUPS = {
    "Ask": {"suggest": "suggest", "search": "suggest", "why": "why", "show": "suggest", "domains": "domains"},
    "Feedback": {
        "pin": "feedback",
        "unpin": "feedback",
        "useful": "feedback",
        "dismiss": "feedback",
        "note": "feedback",
        "forget": "feedback",
        "restore": "feedback",
        "undo": "feedback",
        "purge": "feedback",
    },
    "Review": {"review": "review", "rules": "rules", "report": "report", "status": "status", "doctor": "status"},
    "Index": {"index": "index", "hook": "hook", "fleet": "fleet"},
    "Editor": {"init": "init", "serve": "serve", "engine": "serve"},
    "Model and measurements": {"model": "model", "tune": "tune", "eval": "eval", "bench": "bench"},
    "Import and export": {"export": "transfer", "import": "transfer"},
}  # heading of the help text -> verb -> the module of this package that implements it
VERBS = {verb: module for group in GROUPS.values() for verb, module in group.items()}


class Verbs(click.Group):
    """A group that imports its verbs on demand, lists them under headings, and turns errors into exit codes.

    1: the command failed (MomError or OSError); 2: wrong usage; 130: Ctrl-C.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order of the help text."""
        return list(VERBS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs with their help, one section per group, aligned across all of them."""
        width = max(map(len, VERBS))
        for heading, verbs in GROUPS.items():
            found = {verb: self.get_command(ctx, verb) for verb in verbs}
            with formatter.section(heading):
                formatter.write_dl(
                    [
                        (verb.ljust(width), command.get_short_help_str(formatter.width))
                        for verb, command in found.items()
                        if command is not None and not command.hidden
                    ]
                )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a verb and return its command, with -C added."""
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"mom_lsp.cli.{VERBS[cmd_name]}")
        found = getattr(module, cmd_name, None) or getattr(module, f"{cmd_name}_")  # `import` is a keyword
        return _with_folder(found)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; print an error of ours as one line and exit with its code."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # the reader closed the pipe: click exits silently
        except click.Abort:  # Ctrl-C or Ctrl-D at a question
            click.echo(err=True)  # ends its line
            ctx.exit(reported(KeyboardInterrupt()))
        except (errors.MomError, OSError, KeyboardInterrupt) as error:
            ctx.exit(reported(error))


def reported(error: errors.MomError | OSError | KeyboardInterrupt) -> int:
    """Print an error as one line and return the exit code."""
    interrupted = isinstance(error, KeyboardInterrupt)
    _print_error("interrupted" if interrupted else str(error))
    return 130 if interrupted else 2 if isinstance(error, errors.UsageError) else 1


def folder() -> Path:
    """Return the folder that the command works in: the one given with -C, or the current one."""
    context = click.get_current_context(silent=True)
    try:
        return Path(context.meta.get(FOLDER, ".")).absolute() if context else Path.cwd()
    except FileNotFoundError as error:
        raise errors.UsageError("the current folder no longer exists; change to another one, or use -C PATH") from error


class PathThere(click.Path):
    """A path relative to the folder that the command works in, where click would take the current one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the full path; the dash for a standard stream stays one."""
        path = value if self.allow_dash and value == "-" else folder() / expanded(value)
        return super().convert(path, param, ctx)


def _enter(ctx: click.Context, _param: click.Parameter, steps: tuple[str, ...]) -> None:
    """Apply each -C relative to the one before it, as git does."""
    for step in steps:
        target = Path(ctx.meta.get(FOLDER, ".")) / expanded(step)
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
        help="Run as if started in PATH.",
    )


def _with_folder(command: click.Command) -> click.Command:
    """Add the option -C to a verb and its subcommands."""
    if not any("-C" in parameter.opts for parameter in command.params):
        command.params.append(_folder_option())
    if isinstance(command, click.Group):
        for subcommand in command.commands.values():
            _with_folder(subcommand)
    return command


def _print_error(message: str) -> None:
    from mom_lsp.cli.text import one_line

    click.echo("mom: " + one_line(message), err=True)


@click.group(cls=Verbs, params=[_folder_option()], context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mom", message="%(prog)s %(version)s")
def app() -> None:
    """Show what a repository's history says about the code you are editing."""
