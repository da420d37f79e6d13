"""Write the server's settings into package.json: `npm run settings`. A test compares the two."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mom_lsp.settings import SettingInfo, describe

PACKAGE = Path(__file__).with_name("package.json")
OWN = {
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


if __name__ == "__main__":
    package = json.loads(PACKAGE.read_text("utf-8"))
    package["contributes"]["configuration"]["properties"] = properties()
    PACKAGE.write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", "utf-8")
