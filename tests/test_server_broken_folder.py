"""A folder that cannot be located, in a window with several: the others are as if it were not there."""

from __future__ import annotations

from pathlib import Path

from editor_here import EditorHere, folder, talk_here
from repositories import Mom, Repo, Start, fill, make_repository

STATE = {"experimental": {"mom": {"state": True}}}


def broken(mom: Mom) -> None:
    """Make the data folder one that mom refuses."""
    mom.location.data.mkdir(exist_ok=True)
    (mom.location.data / "link").symlink_to("/")


def test_the_status_of_the_other_folders_is_told(project: Repo, tmp_path: Path, moms: Start) -> None:
    async def talk(editor: EditorHere) -> str:
        broken(first)
        await editor.run("mom.remember", "Mind the order", editor.open(second, "src/worker_0.py"), 1)
        return str((await editor.message("mom/state"))["params"]["uri"])

    fill(other := make_repository(tmp_path / "other"), 1)
    first, second = moms(project), moms(other)
    assert talk_here(talk, first, second, capabilities=STATE) == other.root.as_uri()


def test_the_settings_of_new_folders_are_read(project: Repo, tmp_path: Path, moms: Start) -> None:
    async def talk(editor: EditorHere) -> bool:
        await editor.run("mom.status")
        broken(gone)
        change = {"added": [folder(other.root)], "removed": [folder(project.root)]}
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": change})
        await editor.run("mom.status", other.root.as_uri())
        return editor.server.settings_of(other.root).enable

    other = make_repository(tmp_path / "other")
    other.write(".mom.toml", "enable = false\n")
    gone, new = moms(project), moms(other)
    assert not talk_here(talk, gone, new, workspaceFolders=[folder(project.root)])
