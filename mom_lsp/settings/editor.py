"""An editor's settings, and their copy outside the repository, used for indexing while no editor runs.

The copy is a small file in the user's data folder. A repository cannot write it, so it may name a model.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class EditorSettings:
    """The options as an editor gave them, nested or with dotted names."""

    workspace: Mapping[str, Any] = field(default_factory=dict)  # all options of an editor that does not separate scopes
    user: Mapping[str, Any] = field(default_factory=dict)  # of user or machine scope
    tells_scopes: bool = False  # whether the editor separates the two
    name: str = ""  # of the editor

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> EditorSettings:
        """Return the settings in JSON; options that are not a mapping count as none."""
        workspace, user = (_options(given.get(key)) for key in ("options", "user"))
        return cls(workspace, user, given.get("tells_scopes") is True, str(given.get("name") or ""))

    def plain(self) -> dict[str, Any]:
        """Return the settings as JSON."""
        return {
            "options": dict(self.workspace),
            "user": dict(self.user),
            "tells_scopes": self.tells_scopes,
            "name": self.name,
        }


def save_editor_settings(data: Path, root: Path, editor: EditorSettings) -> None:
    """Save an editor's settings for a worktree of a data folder, replacing those that it had before.

    Empty settings are saved too beside others: this editor wants the defaults here. Raises OSError.
    """
    before = saved_editor_settings(data)
    others = [(one, set_) for one, set_ in before if one.is_dir() and (one, set_.name) != (root, editor.name)]
    now = [*others, (root, editor)] if others or editor.workspace or editor.user else []
    if now == before:
        return
    path = _file(data)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    entries = [{"root": os.fsdecode(one), **set_.plain()} for one, set_ in now]
    fresh.write_text(json.dumps({"data": os.fsdecode(data), "set": entries}), "utf-8")
    fresh.replace(path)


def saved_editor_settings(data: Path) -> list[tuple[Path, EditorSettings]]:
    """Return (root of a worktree, an editor's settings for it), the newest last."""
    try:
        found = json.loads(_file(data).read_text("utf-8"))
        return [(Path(str(entry["root"])), EditorSettings.read(entry)) for entry in found["set"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return []  # only a copy: the editor sends the settings again


def last_set(data: Path, root: Path) -> EditorSettings | None:
    """Return the settings of the last editor of a worktree, None if there are none.

    A worktree that no editor has opened has the user's own settings, as an editor told them last in another worktree.
    All of an editor that does not separate scopes may be the user's: what is excluded there must not be stored here.
    """
    newest_first = saved_editor_settings(data)[::-1]
    of_user = (replace(editor, workspace={}) if editor.tells_scopes else editor for _, editor in newest_first)
    return next((editor for one, editor in newest_first if one == root), next(of_user, None))


def _options(given: Any) -> dict[str, Any]:
    return {str(name): value for name, value in given.items()} if isinstance(given, Mapping) else {}


def _file(data: Path) -> Path:
    import platformdirs

    key = hashlib.blake2b(os.fsencode(data), digest_size=8).hexdigest()
    return platformdirs.user_data_path("mom-lsp") / "editors" / f"{key}.json"
