"""Prints the strings that a user of the product reads, for a review of the wording.

    .venv/bin/python tests/user_facing_strings.py [WORD]    only lines that contain WORD

Help texts and settings come from the program, all else from the source: every string of at least two words that is not
a docstring, with the inserted expressions of an f-string in braces. Some of them no user reads (SQL, the model's
prompts). The list cannot have

- labels of one word ("pinned", headings of tables),
- sentences joined at run time, other than as their parts,
- messages of git, of the operating system and of libraries.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from mom_lsp.cli.app import app
from mom_lsp.settings import describe

ROOT = Path(__file__).resolve().parents[1]
PROSE = re.compile(r"[A-Za-z]{2,}\S* \S*[A-Za-z]")  # two words
STRINGS = r"\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`"
COMMENTS = {".ts": r"//[^\n]*|/\*.*?\*/", ".lua": r"--[^\n]*"}  # matched first, so that their words are skipped
SHOWN = ("title", "shortTitle", "category", "description", "markdownDescription", "contents", "label", "displayName")


def help_texts(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    """Yield the help of a command and of its subcommands, hidden ones too, line by line."""
    context = click.Context(command, info_name=name)
    for line in command.get_help(context).splitlines():
        if line.strip():
            yield f"{name} --help", line.strip()
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.hidden and parameter.help:
            yield f"{name} {parameter.opts[0]}", parameter.help
    if isinstance(command, click.Group):
        for verb in command.list_commands(context):
            if (found := command.get_command(context, verb)) is not None:
                yield from help_texts(found, f"{name} {verb}")


def settings() -> Iterator[tuple[str, str]]:
    """Yield the description of each setting."""
    for info in describe():
        yield info.name, info.doc


def python_strings(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the strings of at least two words in a Python file, without docstrings."""
    tree = ast.parse(file.read_text("utf-8"))
    hidden: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            hidden.add(id(node.value))  # a docstring
        if isinstance(node, ast.JoinedStr):
            hidden |= {id(part) for part in node.values}
        if isinstance(node, ast.keyword) and node.arg == "help":
            hidden.add(id(node.value))  # help_texts has it
    literals = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.Constant)]
    for node in sorted(literals, key=lambda node: node.lineno):
        text = "" if id(node) in hidden else _text(node)
        if PROSE.search(text):
            yield f"{file.relative_to(ROOT)}:{node.lineno}", text


def _text(node: ast.expr) -> str:
    """Return a string, with what it inserts as source in braces; "" of what is no string."""
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_text, node.values))
    if isinstance(node, ast.FormattedValue):
        return "{" + ast.unparse(node.value) + "}"
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def manifest(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Yield the texts of VS Code's manifest."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        name = f"{where} {key}"
        if isinstance(part, dict | list):
            yield from manifest(part, name)
        elif isinstance(part, str) and (key in SHOWN or "enumDescriptions" in where):
            yield name, part


def other_strings(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the strings of at least two words in a TypeScript or Lua file, without comments."""
    source = file.read_text("utf-8")
    for match in re.finditer(f"{COMMENTS[file.suffix]}|{STRINGS}", source, re.DOTALL):
        text = next((part for part in match.groups() if part), "")
        if PROSE.search(text):
            yield f"{file.relative_to(ROOT)}:{source.count(chr(10), 0, match.start()) + 1}", text


def strings() -> Iterator[tuple[str, str]]:
    """Yield where each string is, and the string."""
    yield from help_texts(app, "mom")
    yield from settings()
    for file in sorted((ROOT / "mom_lsp").rglob("*.py")):
        if file.name != "fields.py":  # the settings
            yield from python_strings(file)
    client = ROOT / "vscode-client"
    yield from manifest(json.loads((client / "package.json").read_text("utf-8")), "package.json")
    for file in sorted([*(client / "src").glob("*.ts"), *(ROOT / "mom_lsp/nvim").rglob("*.lua")]):
        yield from other_strings(file)


def main() -> None:
    """Print the strings, a line each."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    for where, text in strings():
        line = f"{where}: {' '.join(text.split())}"
        if word in line:
            print(line)


if __name__ == "__main__":
    main()
