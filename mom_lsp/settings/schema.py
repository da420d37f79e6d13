"""The settings as VS Code declares them: `npm run settings` writes them into package.json; a test compares the two."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from mom_lsp.settings.fields import SettingInfo, describe

OWN: dict[str, dict[str, Any]] = {
    "mom.server.path": {
        "type": "string",
        "default": "",
        "markdownDescription": "Path of the `mom` command. Empty: look in the workspace's Python environment (if the"
        " workspace is trusted), on the PATH and where pipx and uv put tools.",
        "scope": "machine",
    },
    "mom.trace.server": {
        "type": "string",
        "enum": ["off", "messages", "verbose"],
        "default": "off",
        "markdownDescription": "Write what the editor and the server say to each other to the output.",
        "scope": "window",
    },
}


def properties() -> dict[str, dict[str, Any]]:
    """Return what belongs under `contributes.configuration.properties`."""
    found = {info.name: _schema(info) for info in describe() if info.scope != "file"} | OWN
    return {name: schema | {"order": order} for order, (name, schema) in enumerate(found.items())}


def _schema(info: SettingInfo) -> dict[str, Any]:
    doc = f"{info.doc[:-1]}, in {info.unit}." if info.unit else info.doc
    schema: dict[str, Any] = {"type": info.type, "default": info.default, "markdownDescription": doc}
    if info.type == "array":
        schema["items"] = {"type": "string"}
    if info.minimum is not None:
        schema |= {"minimum": info.minimum, "maximum": info.maximum}
    return schema | {"scope": info.scope}


def write(file: Path) -> None:
    """Bring the settings in a package.json up to date."""
    package = json.loads(file.read_text("utf-8"))
    package["contributes"]["configuration"]["properties"] = properties()
    file.write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
