"""Runs every command of `mom` with every option, each alone, as the Python that runs this has it installed.

    python -P every_command.py FOLDER [--fresh]

A new command or option is run by default: what it takes is read from what click knows of it. Prints a JSON document a
run, {"argv", "code", "failed"}; `failed` is the traceback of what was no error of ours. With --fresh nothing is indexed
before each run.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from mom_lsp.cli.app import app
from mom_lsp.errors import MomError
from mom_lsp.git import locate
from mom_lsp.tuning.labels import own_labels

FILE, LINE, TEXT, NUMBER = "part3.py", "2", "return 3", "40"
BY_NAME = {
    "text": TEXT,
    "intent": TEXT,
    "rev": "HEAD",
    "tcp": "127.0.0.1:0",
    "ablate": "all",
    "k": "2",
    "args": "post-commit",
    "within": ".",
    "scheduler": "tcp://127.0.0.1:1",
    "exclude": "*.md",
    "paths": FILE,
    "name": "origin",
    "remove": "origin",
}
BY_METAVAR = {"FILE:LINE": f"{FILE}:{LINE}", "[FILE[:LINE[-LINE]]]": f"{FILE}:{LINE}", "N": NUMBER}
BY_METAVAR |= {"SIZE": "8GB", "X": "0.5", "MINUTES": "1"}
STAYS = ({"serve"}, {"engine"}, {"--watch"}, {"--progress-json"})  # until its input ends or it is interrupted
ALSO = {("bench", "--routing"): ("--up-to",), ("eval", "--model"): ("--labels",)}  # what it needs
# Once is enough of what measures, and no browser is opened.
TAKES_LONG = {("bench", "--at"), ("bench", "--up-to"), ("bench", "--json"), ("bench", "--small"), ("report", "--open")}
TAKES_LONG |= {("bench", option) for option in ("--scale", "--updates", "--load", "--curve")}
FEW = 3  # labels, each of which a language model reads a dozen times
STAYING = 5.0  # seconds to watch a command that keeps running


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield the words and the object of every command, hidden ones too."""
    context = click.Context(group)
    for verb in group.list_commands(context):
        found = group.get_command(context, verb)
        assert found is not None
        if isinstance(found, click.Group):
            yield from commands(found, (*path, verb))
        else:
            yield (*path, verb), found


def variants(command: click.Command, folder: Path, memory: str) -> Iterator[list[str]]:
    """Yield the arguments of a command: the required ones, the optional ones, and those with each single option."""
    by_name = {option: one for one in command.params for option in one.opts}
    taken = [one for one in command.params if one.opts[0] not in ("-C", "--help")]
    yield [part for one in taken if one.required for part in words(one, folder, memory)]
    about = [one for one in taken if one.required or isinstance(one, click.Argument)]
    given = [part for one in about for part in words(one, folder, memory)]
    if any(not one.required for one in about):
        yield given
    for one in taken:
        if one not in about:
            more = words(one, folder, memory)
            also = [by_name[name] for name in ALSO.get((command.name or "", more[0]), ())]
            yield [*given, *more, *(part for other in also for part in words(other, folder, memory))]


def words(parameter: click.Parameter, folder: Path, memory: str) -> list[str]:
    """Return a parameter as written on the command line."""
    option = [parameter.opts[-1]] if isinstance(parameter, click.Option) else []
    if getattr(parameter, "is_flag", False) and not isinstance(parameter.type, click.Choice):
        return option
    return [*option, value(parameter, folder, memory)]


def value(parameter: click.Parameter, folder: Path, memory: str) -> str:
    """Return a value that a parameter takes."""
    name, metavar = parameter.name or "", parameter.metavar or ""
    if isinstance(parameter.type, click.Choice):
        return str(parameter.type.choices[-1])
    if name == "id":
        return memory
    if name in ("repo", "repos", "path", "data"):
        return str(locate(folder).data if name == "data" else folder)
    if isinstance(parameter.type, click.File) and "r" in parameter.type.mode:
        (empty := folder.parent / "empty.jsonl").touch()
        return str(empty)
    if name == "labels":
        return str(labels(folder))
    if name in ("out", "curve", "output", "into", "target"):
        return str(folder.parent / name)
    return BY_NAME.get(name) or BY_METAVAR[metavar]


def labels(folder: Path) -> Path:
    """Write the follow-ups of a repository as labels; without an index, none."""
    file = folder.parent / "labels.jsonl"
    with contextlib.suppress(MomError):
        known = [{"query": one.query, "gold": list(one.gold), "time": one.time} for one in own_labels(folder)[:FEW]]
        file.write_text("".join(json.dumps(label) + "\n" for label in known))
    return file


def run(argv: list[str]) -> tuple[int, str]:
    """Run a command in this process; return its exit code, and the traceback of any unexpected error."""
    result = CliRunner().invoke(app, argv, input="")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return result.exit_code, "".join(traceback.format_exception(result.exception))
    return result.exit_code, result.output if "Traceback (most recent call last)" in result.output else ""


def run_beside(argv: list[str]) -> tuple[int, str]:
    """Run a long-running command in a process of its own for a few seconds."""
    command = [sys.executable, "-P", "-m", "mom_lsp", *argv]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        output, _ = process.communicate(timeout=STAYING)
    except subprocess.TimeoutExpired:
        process.terminate()
        output, _ = process.communicate()
    return process.returncode, output if "Traceback (most recent call last)" in output else ""


def main() -> None:
    """Run them all."""
    folder, fresh = Path(sys.argv[1]), "--fresh" in sys.argv
    location = locate(folder)
    found = CliRunner().invoke(app, ["-C", str(folder), "search", TEXT, "--json"])
    memories = json.loads(found.stdout)["suggestions"] if found.exit_code == 0 else []
    memory = memories[0]["id"] if memories else "0123abcd"
    for verb, command in commands(app):
        if verb == ("bench",) and fresh and location.git:
            continue  # it measures on a clone of its own, indexed or not
        for arguments in variants(command, folder, memory):
            if fresh:
                shutil.rmtree(location.data, ignore_errors=True)
            if any((verb[0], word) in TAKES_LONG for word in arguments if "--routing" not in arguments):
                continue
            argv = ["-C", str(folder), *verb, *arguments]
            stays = any(words <= set(argv) for words in STAYS)
            code, failed = (run_beside if stays else run)(argv)
            print(json.dumps({"argv": argv[2:], "code": code, "failed": failed}), flush=True)


if __name__ == "__main__":
    main()
