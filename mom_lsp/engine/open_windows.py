"""The editor windows that are open on an engine's worktrees, and conflicts between their settings."""

from __future__ import annotations

from pathlib import Path

from mom_lsp.process import is_alive
from mom_lsp.settings import EditorSettings, differing, resolve, user_file

SHARED = frozenset({"mom.encoder.model"})  # settings that all worktrees of a repository share


class OpenWindows:
    """The settings of each window for each worktree; a window is identified by its server's process id."""

    def __init__(self) -> None:
        self._set: dict[tuple[int, Path], EditorSettings] = {}

    def opened(self, window: int, root: Path, editor: EditorSettings) -> None:
        """Record the settings of a window, 0 for an unknown one."""
        self._set = {key: set_ for key, set_ in self._set.items() if is_alive(key[0]) and key != (window, root)}
        if window:
            self._set[window, root] = editor

    def conflict(self, root: Path) -> str:
        """Return a message on what the newest window sets differently from others, "" if nothing."""
        if not self._set:
            return ""
        (newest, _), editor = list(self._set.items())[-1]
        ours, names = resolve(root, editor).settings, set[str]()
        for (window, other), set_ in self._set.items():
            if window != newest:
                found = set(differing(ours, resolve(other, set_).settings))
                names |= found if other == root else found & SHARED
        if not names:
            return ""
        return (
            f"Two editors set {', '.join(sorted(names))} differently for {root}; the last one to start wins."
            f" Use the same value in both, or set it only in {user_file()}."
        )
