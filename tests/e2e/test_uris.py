"""Every name of a file, as every editor spells its URI: hint, hover, action, save, rename and forget."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from spellings import NAMES, SPELLINGS

from .conftest import Editor, Start, copied, mom, run_git

SURE = {"hints": {"delay": 50, "minimumSurprise": 1, "threshold": 0}, "suggest": {"threshold": 0}}
BLOCK = 16  # lines; at most three hints in any 40
REASON = "The server bans a client after more attempts, because its firewall counts them."
HOSTILE = "my project/a.py"
HALVES = [NAMES[:6], NAMES[6:]]  # a memory that is shown in vain in ten files is archived


def line_of(editor: str) -> int:
    """Return the 0-based line of each file whose memory this editor forgets."""
    return BLOCK * list(SPELLINGS).index(editor) + 1


def subject_of(name: str, editor: str) -> str:
    return f"Limit the retries of {NAMES.index(name)} in {editor}"


def text(limits: dict[str, int]) -> str:
    rest = "".join(f"    step_{number}()\n" for number in range(BLOCK - 2))
    return "".join(f"def fetch_{editor}():\n    limit = {limit}\n{rest}" for editor, limit in limits.items())


def history() -> Iterator[str]:
    """Yield a repository for `git fast-import`: a commit for each file and editor, which wrote one line."""
    files = {name: dict.fromkeys(SPELLINGS, 0) for name in NAMES}
    commits = [("Add clients", files)]
    for number, (name, editor) in enumerate((name, editor) for name in NAMES for editor in SPELLINGS):
        files[name][editor] = 40 + number
        commits.append((f"{subject_of(name, editor)}\n\n{REASON}", {name: dict(files[name])}))
    for mark, (message, changed) in enumerate(commits, 1):
        yield f"commit refs/heads/main\ncommitter Ann <ann@example.invalid> {1_700_000_000 + mark} +0000\n"
        yield f"data {len(message)}\n{message}\n"
        for name, limits in changed.items():
            content = text(dict.fromkeys(SPELLINGS, 0) if mark == 1 else limits)
            yield f'M 100644 inline "{name}"\ndata {len(content)}\n{content}\n'


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """An indexed repository with a file of every name, in a folder whose own name needs encoding."""
    folder = tmp_path_factory.mktemp("named") / "site (old)"
    folder.mkdir()
    run_git(folder, "init", "--quiet")
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input="".join(history()).encode(), check=True)
    run_git(folder, "reset", "--quiet", "--hard", "main")
    mom(folder, "index", env=environment)
    return folder


@pytest.fixture
def project(named: Path, tmp_path: Path) -> Iterator[Path]:
    yield from copied(named, tmp_path / "my [проект] (old)")


async def use(editor: Editor, who: str, name: str) -> None:
    """Open a file and use every feature of an editor on it."""
    line, subject = line_of(who), subject_of(name, who)
    uri = editor.open(name)
    hints = await editor.hints_become(uri, lambda hints: line in [hint.position.line for hint in hints])
    (hint,) = [hint for hint in hints if hint.position.line == line]
    assert str(hint.label).startswith("← The server bans a client")
    resolved = await editor.client.inlay_hint_resolve_async(hint)
    assert subject in str(resolved.tooltip)
    assert subject in str(await editor.hover(uri, line))
    assert subject in str(await editor.hover((editor.folder / name).as_uri(), line))  # in another spelling
    editor.client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))
    found = await editor.client.protocol.send_request_async("mom/suggest", _at(uri, line))
    assert subject in str(found)
    actions = await editor.actions(uri, line)
    pin, forget = actions["mom.pin"].command, actions["mom.forget"]
    assert pin and list(pin.arguments or ())[1:] == [uri, line + 1]  # as the editor spells it
    await editor.run_action(actions["mom.useful"])
    await editor.run_action(forget)
    await editor.expect_message(subject)
    assert subject not in str(await editor.hover(uri, line))


def _at(uri: str, line: int) -> dict[str, Any]:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": 0}}


def _events(folder: Path) -> list[str]:
    with sqlite3.connect(f"file:{folder}/.git/mom/journal.sqlite?mode=ro", uri=True) as journal:
        return [kind for (kind,) in journal.execute("SELECT type FROM events")]


async def use_all(editor: Editor, who: str, names: list[str]) -> None:
    for name in names:
        await use(editor, who, name)
    assert _events(editor.folder).count("active") == 1  # the first file that was saved today


async def rename_all(editor: Editor, who: str, names: list[str]) -> None:
    """Rename the files, commit that, and find their memories under the new names."""
    editor.close_all()
    for name in names:
        (editor.folder / name).rename(editor.folder / _renamed(name))
    run_git(editor.folder, "add", "--all")
    run_git(editor.folder, "commit", "--quiet", "-m", "Rename them all")
    other = next(one for one in SPELLINGS if one != who)  # whose memory was not forgotten
    for name in names:
        uri, line = editor.open(_renamed(name)), line_of(other)
        await editor.hints_become(uri, lambda hints, line=line: line in [hint.position.line for hint in hints])
        assert subject_of(name, other) in str(await editor.hover(uri, line))


def _renamed(name: str) -> str:
    return str(Path(name).with_name(f"new [{Path(name).name}]"))


@pytest.mark.parametrize("who", ["vscode", "neovim"])
async def test_a_file_in_a_folder_with_a_space_works(start_editor: Start, project: Path, who: str) -> None:
    editor = await start_editor(folder=project, spell=SPELLINGS[who], settings=SURE)
    await use_all(editor, who, [HOSTILE])


@pytest.mark.slow
@pytest.mark.parametrize(
    "names", [NAMES[:6], NAMES[6:]], ids=["some", "others"]
)  # ten showings in vain archive a memory
@pytest.mark.parametrize("who", SPELLINGS)
async def test_a_file_with_any_name_works(start_editor: Start, project: Path, who: str, names: list[str]) -> None:
    editor = await start_editor(folder=project, spell=SPELLINGS[who], settings=SURE)
    await use_all(editor, who, names)
    await rename_all(editor, who, names)
