"""The precedence of settings.

Each source overrides those before it:

1. the defaults,
2. the repository's `.mom.toml`, which cannot name a model,
3. the user's `settings.toml`,
4. the editor's settings of user or machine scope,
5. the editor's settings of workspace scope, which cannot name a model.

All settings of an editor that does not separate scopes count as a workspace's, unless the user's file trusts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mom_lsp.settings.editor import EditorSettings, last_set
from mom_lsp.settings.fields import Scope, Settings
from mom_lsp.settings.files import WORKSPACE_FILE, read_options, user_file
from mom_lsp.settings.parse import parse_settings


@dataclass(frozen=True, slots=True)
class Resolved:
    """The effective settings, and the problems found, each with what to do about it."""

    settings: Settings
    in_files: tuple[str, ...] = ()
    in_editor: tuple[str, ...] = ()

    @property
    def problems(self) -> list[str]:
        """All problems."""
        return [*self.in_files, *self.in_editor]


def resolve(root: Path | None, editor: EditorSettings | None = None) -> Resolved:
    """Return the settings of a worktree.

    Args:
        root: of the worktree, or the plain folder; None for the user's own settings alone.
        editor: an editor's settings for it.
    """
    settings, in_files = Settings(), list[str]()
    if root is not None:
        settings, in_files = _with_file(settings, root / WORKSPACE_FILE, trusted=False)
    settings, more = _with_file(settings, user_file(), trusted=True)
    if editor is None:
        return Resolved(settings, (*in_files, *more))
    settings, of_user = parse_settings(editor.user, base=settings, refused=_refused("file"))
    settings, of_workspace = parse_settings(editor.workspace, base=settings, refused=_of_workspace(editor, settings))
    return Resolved(settings, (*in_files, *more), (*of_user, *of_workspace))


def resolve_saved(root: Path, data: Path) -> Resolved:
    """Return the settings of a worktree without asking an editor: with the last one's saved settings."""
    return resolve(root, last_set(data, root))


def _with_file(base: Settings, path: Path, *, trusted: bool) -> tuple[Settings, list[str]]:
    options, problem = read_options(path, trusted=trusted)
    settings, reports = parse_settings(options, base=base, refused={} if trusted else _refused("machine", "file"))
    return settings, [f"{path}: {report}" for report in ([problem] if problem else reports)]


def _of_workspace(editor: EditorSettings, settings: Settings) -> Mapping[Scope, str]:
    if editor.tells_scopes:
        return _refused("file") | {"machine": "a workspace cannot set this: set it in your editor's user settings"}
    if settings.trust_editor:
        return _refused("file")
    reason = "your editor does not separate your settings from the workspace's"
    return _refused("file") | {
        "machine": f"{reason}: set it in {user_file()}, or trustEditor = true there if every workspace may be trusted"
    }


def _refused(*scopes: Scope) -> dict[Scope, str]:
    return {scope: f"cannot be set here: set it in {user_file()}" for scope in scopes}
