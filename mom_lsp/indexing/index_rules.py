"""The settings that indexing depends on: what all worktrees of a repository, which share the index, want of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mom_lsp.git import Location, Repository
from mom_lsp.git.location import from_git_dir
from mom_lsp.settings import EditorSettings, Settings, resolve, saved_editor_settings
from mom_lsp.settings.fields import IndexSettings
from mom_lsp.store import SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class IndexRules:
    """What is read, and what is left out; hashable, so that a change is noticed."""

    exclude: tuple[str, ...] = ()
    comments: bool = True
    documents: bool = True
    max_file_size: int = 1_000_000

    @classmethod
    def of(cls, settings: Settings) -> IndexRules:
        """Return the rules that some settings make."""
        chosen = settings.index
        return cls(tuple(settings.exclude), chosen.comments, chosen.documents, chosen.max_file_size)

    @property
    def fingerprint(self) -> str:
        """What changes whenever the same repository would be extracted differently."""
        return _digest((SCHEMA_VERSION, self))

    @property
    def of_commits(self) -> str:
        """What changes whenever the same commits would be extracted differently."""
        return _digest((SCHEMA_VERSION, self.exclude))


def index_settings(location: Location) -> Settings:
    """Return the settings by which the index of a repository is made: it holds what any of its worktrees wants.

    Each worktree hides what its own settings leave out, so that no window has to care what another one has set. Of
    encoders there can be one: the one that was set last.
    """
    own = resolve(location.root, None).settings
    wanted = _wanted(location)
    newest = next((one for one in reversed(wanted) if one.encoder.model), own)
    index = IndexSettings(
        comments=any(one.index.comments for one in wanted),
        documents=any(one.index.documents for one in wanted),
        max_file_size=max(one.index.max_file_size for one in wanted),
    )
    encoder = replace(own.encoder, enable=any(one.encoder.enable for one in wanted), model=newest.encoder.model)
    return replace(own, exclude=_common([one.exclude for one in wanted]), index=index, encoder=encoder)


def _wanted(location: Location) -> list[Settings]:
    """Return the settings of each worktree: as editors have set them, or else as its files say."""
    found = [from_git_dir(folder, location).root for folder in Repository(location).worktrees()] if location.git else []
    checked_out = [root for root in found if (root / ".git").exists()]  # a bare repository wants nothing
    roots = list(dict.fromkeys([location.root, *checked_out]))
    set_by_editors = [(root, editor) for root, editor in saved_editor_settings(location.data) if root in roots]
    without: list[tuple[Path, EditorSettings | None]] = [
        (root, None) for root in roots if all(root != one for one, _ in set_by_editors)
    ]
    return [resolve(root, editor).settings for root, editor in [*without, *set_by_editors]]


def _common(lists: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the patterns of paths that all leave out; none where one takes paths back in again ("!…")."""
    first, *others = lists
    if all(other == first for other in others):
        return first
    if any(pattern.startswith("!") for patterns in lists for pattern in patterns):
        return ()
    return tuple(pattern for pattern in first if all(pattern in other for other in others))


def _digest(value: object) -> str:
    return hashlib.blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
