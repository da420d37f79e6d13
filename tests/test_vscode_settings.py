"""The VS Code client's package.json matches the server: settings, commands, version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mom_lsp.server import why_command
from mom_lsp.server.execute_command import COMMANDS
from mom_lsp.server.labels import LABEL_LENGTH
from mom_lsp.settings import describe, parse_settings, schema

CLIENT = Path(__file__).parents[1] / "vscode-client"


@pytest.fixture(scope="module")
def contributes() -> dict[str, Any]:
    package = json.loads((CLIENT / "package.json").read_text("utf-8"))
    return dict(package["contributes"])


@pytest.fixture(scope="module")
def properties(contributes: dict[str, Any]) -> dict[str, Any]:
    return {name: shown for group in contributes["configuration"] for name, shown in group["properties"].items()}


def test_the_settings_match_those_that_the_script_generates(contributes: dict[str, Any]) -> None:
    expected = schema.groups()
    assert contributes["configuration"] == expected, "run `npm run settings` in vscode-client"
    assert json.dumps(contributes["configuration"]) == json.dumps(expected)  # in the same order


def test_every_setting_is_in_one_group(contributes: dict[str, Any]) -> None:
    grouped = [name for group in contributes["configuration"] for name in group["properties"]]
    assert sorted(grouped) == sorted(schema.properties())


def test_the_longest_label_is_shown_beside_a_hint_of_another_extension(contributes: dict[str, Any]) -> None:
    assert contributes["configurationDefaults"] == {"editor.inlayHints.maximumLength": LABEL_LENGTH + 20}


def test_every_server_setting_is_listed_with_its_default_and_scope(properties: dict[str, Any]) -> None:
    for info in describe():
        if info.scope == "file":
            assert info.name not in properties
            continue
        shown = properties[info.name]
        assert shown["default"] == info.default
        assert shown["type"] == info.type
        assert (shown["scope"] == "machine") == (info.scope == "machine")


def test_the_server_accepts_every_default_of_the_client(properties: dict[str, Any]) -> None:
    own = {"mom.server.path", "mom.trace.server"}  # the client keeps these to itself
    settings, reports = parse_settings(
        {name: shown["default"] for name, shown in properties.items() if name not in own}
    )
    assert reports == []
    assert settings == parse_settings({})[0]


def test_a_workspace_cannot_set_a_program_or_a_model(properties: dict[str, Any]) -> None:
    package = json.loads((CLIENT / "package.json").read_text("utf-8"))
    machine = {name for name, shown in properties.items() if shown["scope"] == "machine"}
    assert machine == set(package["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"])


def test_every_command_of_the_server_is_in_the_palette(contributes: dict[str, Any]) -> None:
    shown = {command["command"] for command in contributes["commands"]}
    assert set(COMMANDS) | set(why_command.COMMANDS) <= shown
    keys = {binding["command"] for binding in contributes["keybindings"]}
    assert keys - shown == {"mom.memories.focus", "runCommands"}  # VS Code's own, the first made for the view
