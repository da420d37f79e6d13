"""The windows that are open on an engine's worktrees, to say where two of them want different things."""

from __future__ import annotations

from pathlib import Path

from mom_lsp.process import is_alive
from mom_lsp.settings import EditorSettings, differing, resolve, user_file

SHARED = frozenset({"mom.encoder.model"})  # what can be set but once for all worktrees of a repository


class OpenWindows:
    """What each window has set for each worktree; a window is the process of its server."""

    def __init__(self) -> None:
        self._set: dict[tuple[int, Path], EditorSettings] = {}

    def opened(self, window: int, root: Path, editor: EditorSettings) -> None:
        """Note what a window (0 for one that does not say which it is) has set last."""
        self._set = {key: set_ for key, set_ in self._set.items() if is_alive(key[0]) and key != (window, root)}
        if window:
            self._set[window, root] = editor

    def conflict(self, root: Path) -> str:
        """Return what the newest window has set differently from others, and what comes of it; "" if nothing."""
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
            f"Two editors set {', '.join(sorted(names))} differently for {root}, and the last one to start counts:"
            f" set it alike in both, or in {user_file()} alone."
        )
