"""The settings as VS Code declares them. `npm run settings` writes them into package.json; a test compares the two."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from mom_lsp.settings.fields import SettingInfo, describe

CLAUSE_END = re.compile("[.;]")  # the unit stands before it
OWN: dict[str, dict[str, Any]] = {
    "mom.server.path": {
        "type": "string",
        "default": "",
        "markdownDescription": "Path of the `mom` command. Leave empty to search the workspace's Python environment"
        " (if the workspace is trusted), the PATH and the tool folder of pipx and uv.",
        "scope": "machine",
    },
    "mom.trace.server": {
        "type": "string",
        "enum": ["off", "messages", "verbose"],
        "default": "off",
        "markdownDescription": "Log LSP messages to the output channel.",
        "scope": "window",
    },
}


# The pages of the settings editor in the order of need, and what is on each: a setting, or all below a name.
GROUPS = {
    "General": ("mom.enable", "mom.exclude", "mom.languagesDisabled", "mom.server.path"),
    "Hints and Hover": ("mom.hints", "mom.hover"),
    "Suggestions": ("mom.suggest",),
    "Index": ("mom.index",),
    "Search by Meaning": ("mom.encoder",),
    "Local Model": ("mom.model", "mom.completion"),
    "Advanced": ("mom.weights", "mom.route", "mom.strategies", "mom.engine", "mom.trace.server"),
}


def properties() -> dict[str, dict[str, Any]]:
    """Return the schema of every setting in VS Code."""
    return {info.name: _schema(info) for info in describe() if info.scope != "file"} | OWN


def groups() -> list[dict[str, Any]]:
    """Return the value of `contributes.configuration`."""
    schemas = properties()
    return [
        {"title": title, "order": order, "properties": _ordered(schemas, members)}
        for order, (title, members) in enumerate(GROUPS.items(), 1)
    ]


def _ordered(schemas: dict[str, dict[str, Any]], members: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    names = [name for member in members for name in schemas if name == member or name.startswith(f"{member}.")]
    return {name: schemas[name] | {"order": order} for order, name in enumerate(names)}


def description(info: SettingInfo) -> str:
    """Return the description of a setting with its unit, at the end of the first clause."""
    return CLAUSE_END.sub(rf", in {info.unit}\g<0>", info.doc, count=1) if info.unit else info.doc


def _schema(info: SettingInfo) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": info.type, "default": info.default, "markdownDescription": description(info)}
    if info.type == "array":
        schema["items"] = {"type": "string"}
    if info.choices:
        schema["enum"] = list(info.choices)
    if info.minimum is not None:
        schema |= {"minimum": info.minimum, "maximum": info.maximum}
    return schema | {"scope": info.scope}


def write(file: Path) -> None:
    """Update the settings in a package.json."""
    package = json.loads(file.read_text("utf-8"))
    package["contributes"]["configuration"] = groups()
    file.write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
