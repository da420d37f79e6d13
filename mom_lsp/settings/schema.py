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


def properties() -> dict[str, dict[str, Any]]:
    """Return the value of `contributes.configuration.properties`."""
    found = {info.name: _schema(info) for info in describe() if info.scope != "file"} | OWN
    return {name: schema | {"order": order} for order, (name, schema) in enumerate(found.items())}


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
    package["contributes"]["configuration"]["properties"] = properties()
    file.write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
