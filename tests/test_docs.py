"""README cannot drift: its commands, its settings and its tree are read here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mom_lsp.cli.app import app
from mom_lsp.settings import SettingInfo, describe

ROOT = Path(__file__).resolve().parents[1]
LINE = re.compile(r"(?P<indent> *)(?P<name>[\w.-]+/?)(?: {2,}(?P<phrase>\S.*))?")


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")


def commands(group: click.Group, name: str = "mom") -> Iterator[str]:
    """Yield every command that help shows, in full."""
    context = click.Context(group)
    for verb in group.list_commands(context):
        command = group.get_command(context, verb)
        if command is None or command.hidden:
            continue
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {verb}")
        else:
            yield f"{name} {verb}"


def setting_row(info: SettingInfo) -> str:
    """Return the line of README's table for a setting."""
    unit = f" ({info.unit})" if info.unit else ""
    scope = {"machine": " Not from a workspace.", "file": " Only in `settings.toml`."}.get(info.scope, "")
    return f"| `{info.name}` | `{json.dumps(info.default)}` | {info.doc}{unit}{scope} |"


def tree_of(readme: str) -> dict[str, str]:
    """Read the code block that shows `mom_lsp/`: path -> phrase; two more spaces are one folder deeper."""
    block = next(
        part for part in re.findall(r"^```\w*\n(.*?)^```", readme, re.M | re.S) if re.search(r"^mom_lsp/", part, re.M)
    )
    found: dict[str, str] = {}
    folders: list[str] = []
    for line in block.splitlines():
        if (match := LINE.fullmatch(line)) is None:
            continue
        folders = folders[: len(match["indent"]) // 2]
        found["".join(folders) + match["name"]] = match["phrase"] or ""
        folders.append(match["name"])
    return found


def test_every_command_is_documented(readme: str) -> None:
    known = list(commands(app))
    assert "mom suggest" in known
    assert "mom hook install" in known
    assert [command for command in known if command not in readme] == []


def test_every_setting_is_documented_as_it_is(readme: str) -> None:
    rows = [setting_row(info) for info in describe()]
    missing = [row for row in rows if row not in readme]
    assert missing == [], "\n".join(
        ["README's settings should be:", "| setting | default | meaning |", "|---|---|---|", *rows]
    )
    named = set(re.findall(r"^\| `(mom\.[\w.]+)` \|", readme, re.M))
    assert named == {info.name for info in describe()}


def test_the_tree_shows_every_file_with_a_phrase(readme: str) -> None:
    shown = tree_of(readme)
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "mom_lsp").rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    }
    assert sorted(files - set(shown)) == []
    assert [path for path in shown if not (ROOT / path).exists()] == []
    assert [path for path, phrase in shown.items() if not phrase] == []


def test_links_lead_somewhere(readme: str) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", readme)
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("verb", ["setup", "demo", "test", "test-all", "check", "bench"])
def test_the_verbs_of_the_makefile_are_there(readme: str, verb: str) -> None:
    assert re.search(rf"^{verb}:", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert f"make {verb}" in readme
