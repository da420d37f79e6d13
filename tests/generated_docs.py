"""The generated parts of the READMEs: `make docs` rewrites them, and test_docs.py checks that they are up to date.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from mom_lsp.settings import SettingInfo, describe
from mom_lsp.settings.schema import description

ROOT = Path(__file__).resolve().parents[1]
PART = re.compile(r"(<!-- generated: (?P<name>[\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
PHRASE_COLUMN = 26  # of the tree, in characters
EVERYDAY = (
    "mom.enable",
    "mom.exclude",
    "mom.languagesDisabled",
    "mom.hints.enable",
    "mom.hints.minimumSurprise",
    "mom.hints.threshold",
    "mom.suggest.count",
    "mom.suggest.threshold",
    "mom.model.path",
    "mom.completion.enable",
)


def settings_table(names: tuple[str, ...] = ()) -> str:
    """Return a Markdown table of the settings with these names, or of all."""
    rows = [_setting_row(info) for info in describe() if not names or info.name in names]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows, ""])


def _setting_row(info: SettingInfo) -> str:
    scope = {"machine": " A workspace cannot set it.", "file": " Only in `settings.toml`."}.get(info.scope, "")
    return f"| `{info.name}` | `{json.dumps(info.default)}` | {description(info)}{scope} |"


def package_tree() -> str:
    """Return the tree of mom_lsp/, each folder and file with the first line of its docstring."""
    return _block(["mom_lsp/", *_folder(ROOT / "mom_lsp", 1)])


def client_tree() -> str:
    """Return the sources of the VS Code client, each with the first sentence of its first comment."""
    sources = sorted((ROOT / "vscode-client" / "src").glob("*.ts"))
    return _block(["vscode-client/src/", *(_row(path.name, _first_comment(path), 1) for path in sources)])


def _folder(folder: Path, depth: int) -> Iterator[str]:
    modules = sorted(path for path in folder.glob("*.py") if path.name not in ("__init__.py", "__main__.py"))
    yield from (_row(path.name, _first_line(path), depth) for path in modules)
    for package in sorted(path.parent for path in folder.glob("*/__init__.py")):
        yield _row(f"{package.name}/", _first_line(package / "__init__.py"), depth)
        yield from _folder(package, depth + 1)


def _row(name: str, phrase: str, depth: int) -> str:
    return f"{'  ' * depth + name:<{PHRASE_COLUMN - 1}} {phrase}"


def _first_line(module: Path) -> str:
    docstring = ast.get_docstring(ast.parse(module.read_text("utf-8"))) or ""
    return docstring.partition("\n\n")[0].replace("\n", " ").rstrip(".")


def _first_comment(source: Path) -> str:
    comment = re.match(r"/\*\*(.*?)\*/", source.read_text("utf-8"), re.DOTALL)
    text = " ".join(line.strip(" *") for line in comment[1].splitlines()).strip() if comment else ""
    return text.partition(". ")[0].rstrip(".")


def _block(lines: list[str]) -> str:
    return "\n".join(["```", *lines, "```", ""])


PARTS: dict[str, Callable[[], str]] = {
    "all settings": settings_table,
    "everyday settings": lambda: settings_table(EVERYDAY),
    "tree": package_tree,
    "client tree": client_tree,
}


def readmes() -> list[Path]:
    """Return every README of the project."""
    found = [ROOT / "README.md", *(ROOT / "mom_lsp").rglob("README.md")]
    return found + [path for name in ("tests", "vscode-client") if (path := ROOT / name / "README.md").exists()]


def regenerated(text: str) -> str:
    """Return a README with its generated parts as they should be."""
    return PART.sub(lambda part: part[1] + PARTS[part["name"]]() + part[3], text)


if __name__ == "__main__":
    for path in readmes():
        path.write_text(regenerated(path.read_text("utf-8")), "utf-8")
