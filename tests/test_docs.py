"""The READMEs cannot drift: their tree, commands, settings, names and links are checked against the code."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from generated_docs import EVERYDAY, PART, PARTS, ROOT, readmes, regenerated

from mom_lsp.cli.app import app
from mom_lsp.engine.requests import REQUESTS
from mom_lsp.server.labels import LABEL_LENGTH, QUIET_LENGTH
from mom_lsp.settings import describe

README = ROOT / "README.md"
MOST_LINES = 250
REGENERATE = "run `make docs`, which rewrites the generated parts of the READMEs"
LINK = re.compile(r"(?<!\\)\]\((?!https?:|mailto:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
# a link to a file with names that it defines: [`hints.py`](…/hints.py) `HINT_WINDOW`, `HINTS_IN_WINDOW`
NAMED = re.compile(r"\]\((?P<path>[^)#\s]+\.\w+)\)(?P<names>(?:,? `[\w.]+`)+)")
OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*")
EVERY_README = pytest.mark.parametrize("path", readmes(), ids=lambda path: path.relative_to(ROOT).as_posix())


def commands(group: click.Group, name: str = "mom") -> Iterator[tuple[str, click.Command]]:
    """Yield every command in full."""
    context = click.Context(group)
    for verb in group.list_commands(context):
        command = group.get_command(context, verb)
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {verb}")
        elif command is not None:
            yield f"{name} {verb}", command


COMMANDS = dict(commands(app))
VISIBLE = [name for name, command in COMMANDS.items() if not command.hidden]
SHARED = {"-C", "--help", "--version"}


def invocations(text: str) -> Iterator[list[str]]:
    """Yield the words of every `mom …` that a text shows as code."""
    for code in CODE.findall(text):
        for line in code.strip("`").splitlines():
            words = re.split(r"\s+", re.sub(r"^\S*bin/", "", line.strip()).partition(" #")[0])
            if words[0] == "mom":
                yield words[3:] if words[1:2] == ["-C"] else words[1:]


def headings(text: str) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ +(.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "").strip().lower() for title in titles)
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in plain}


def test_the_readme_can_be_read_in_two_minutes() -> None:
    lines = len(README.read_text("utf-8").splitlines())
    assert lines <= MOST_LINES, (
        f"README.md has {lines} lines: move detail into the README.md of the room that it is about"
    )


def test_every_package_has_a_readme() -> None:
    rooms = [marker.parent for marker in (ROOT / "mom_lsp").glob("*/__init__.py")]
    missing = [f"mom_lsp/{room.name}/README.md" for room in rooms if not (room / "README.md").exists()]
    assert missing == [], "write these: what the room holds, and where to begin reading"


def test_the_readme_links_every_package() -> None:
    rooms = [f"mom_lsp/{marker.parent.name}" for marker in (ROOT / "mom_lsp").glob("*/__init__.py")]
    text = README.read_text("utf-8")
    missing = [room for room in rooms if f"]({room}/)" not in text and f"]({room}/README.md)" not in text]
    assert missing == [], "add a line for each to README.md's section on the rooms, with a link"


@EVERY_README
def test_generated_parts_are_up_to_date(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text == regenerated(text), REGENERATE


def test_every_generated_part_is_in_a_readme() -> None:
    found = {part["name"] for path in readmes() for part in PART.finditer(path.read_text("utf-8"))}
    assert found == set(PARTS), (
        "each part needs its `<!-- generated: NAME -->` and `<!-- end -->` in one of the READMEs"
    )


def test_everyday_settings_exist() -> None:
    unknown = set(EVERYDAY) - {info.name for info in describe()}
    assert unknown == set(), "take these out of EVERYDAY in tests/generated_docs.py"


def test_every_command_is_documented() -> None:
    text = (ROOT / "mom_lsp" / "cli" / "README.md").read_text("utf-8")
    missing = [name for name in VISIBLE if not re.search(rf"\b{name.removeprefix('mom ')}\b", text)]
    assert missing == [], "add these to the table in mom_lsp/cli/README.md"


def is_known(words: list[str]) -> bool:
    """Tell whether there is such a command, with such options."""
    line = f"mom {' '.join(words)} "
    name = max((name for name in COMMANDS if line.startswith(f"{name} ")), key=len, default=None)
    if name is None:
        return False
    parameters = COMMANDS[name].params
    options = {option for parameter in parameters for option in (*parameter.opts, *parameter.secondary_opts)}
    return set(OPTION.findall(line)) <= options | SHARED


@EVERY_README
def test_every_command_shown_exists_with_its_options(path: Path) -> None:
    shown = [words for words in invocations(path.read_text("utf-8")) if words and re.fullmatch("[a-z]+", words[0])]
    wrong = [f"mom {' '.join(words)}" for words in shown if not is_known(words)]
    assert wrong == [], "there is no such command, or it has no such option: see `mom --help`"


@EVERY_README
def test_every_module_shown_exists(path: Path) -> None:
    modules = set(re.findall(r"python -m ([\w.]+)", path.read_text("utf-8")))
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    assert missing == [], "these modules were renamed or removed: name the new ones"


@EVERY_README
def test_every_setting_mentioned_exists(path: Path) -> None:
    known = {info.name for info in describe()}
    groups = {name.rpartition(".")[0] for name in known} - {"mom"}
    named = set(re.findall(r"`(mom\.[a-z]+\.[\w.]+)`", path.read_text("utf-8")))
    own = {name for name in named if name.startswith(("mom.server.", "mom.trace."))}  # VS Code's
    wrong = {name for name in named - known - own if name.rpartition(".")[0] in groups}
    assert wrong == set(), "these settings were renamed or removed: see mom_lsp/settings/fields.py"


@EVERY_README
def test_links_resolve(path: Path) -> None:
    broken = []
    for link in LINK.finditer(path.read_text("utf-8")):
        target = path.parent / link["path"] if link["path"] else path
        if not target.exists():
            broken.append(link["path"])
        elif link["anchor"] and link["anchor"] not in headings(target.read_text("utf-8")):
            broken.append(f"{link['path']}#{link['anchor']}")
    assert broken == [], "these files or headings were moved or renamed: link to where they are now"


@EVERY_README
def test_names_beside_a_link_occur_in_the_linked_file(path: Path) -> None:
    missing = []
    for link in NAMED.finditer(path.read_text("utf-8")):
        text = (path.parent / link["path"]).read_text("utf-8")
        names = [name.rpartition(".")[2] for name in re.findall(r"`([\w.]+)`", link["names"])]
        missing += [f"{link['path']}: {name}" for name in names if not re.search(rf"\b{name}\b", text)]
    assert missing == [], "these were moved or renamed: name what is in the file now, or link to where they are"


def test_the_requests_in_the_table_of_flows_exist() -> None:
    text = (ROOT / "mom_lsp" / "README.md").read_text("utf-8")
    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\|[^|]*\|[^|]*\|([^|]*)\|[^|]*\|$", text, re.MULTILINE))))
    assert named
    assert named - set(REQUESTS) - {"progress"} == set(), "see REQUESTS in mom_lsp/engine/requests.py"


@pytest.mark.parametrize("verb", ["setup", "setup-model", "demo", "test", "test-all", "check", "fix", "docs", "bench"])
def test_the_documented_make_targets_exist(verb: str) -> None:
    assert re.search(rf"^{verb}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE), f"the Makefile lost `{verb}`"
    shown = any(f"make {verb}" in path.read_text("utf-8") for path in readmes())
    assert shown, f"no README says what `make {verb}` does"


def test_the_demo_says_that_it_installs_and_shows_the_line_that_it_asks_about() -> None:
    command = ["make", "--dry-run", "--what-if=pyproject.toml", "demo", "AT=README.md:1-3"]
    steps = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    install, show, ask = map(steps.index, ("Installing mom", "sed -n '1,3p' README.md", "mom suggest README.md:1-3"))
    assert install < steps.index("pip install") and show < ask
    steps = subprocess.run(command[:-1], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.search(r"mom suggest mom_lsp/extract/code\.py:\d+$", steps, re.MULTILINE)


def test_the_help_of_neovim_says_how_long_hints_are() -> None:
    text = (ROOT / "mom_lsp/nvim/doc/mom.txt").read_text("utf-8")
    assert f"at most {LABEL_LENGTH} characters, {QUIET_LENGTH} once" in text
