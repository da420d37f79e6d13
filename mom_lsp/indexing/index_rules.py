"""The settings that indexing depends on, combined over all worktrees of a repository, which share the index."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mom_lsp.encode import choose
from mom_lsp.errors import EncoderError
from mom_lsp.git import Location, Repository
from mom_lsp.git.location import from_git_dir
from mom_lsp.settings import Settings, resolve, resolve_saved, saved_editor_settings
from mom_lsp.settings.fields import IndexSettings
from mom_lsp.store import SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class IndexRules:
    """Which files are read; hashable, so that a change is noticed."""

    exclude: tuple[str, ...] = ()
    comments: bool = True
    documents: bool = True
    max_file_size: int = 1_000_000

    @classmethod
    def of(cls, settings: Settings) -> IndexRules:
        """Return the rules in some settings."""
        chosen = settings.index
        return cls(tuple(settings.exclude), chosen.comments, chosen.documents, chosen.max_file_size)

    @property
    def fingerprint(self) -> str:
        """A digest that changes whenever the same repository would be extracted differently."""
        return _digest((SCHEMA_VERSION, self))

    @property
    def of_commits(self) -> str:
        """A digest that changes whenever the same commits would be extracted differently."""
        return _digest((SCHEMA_VERSION, self.exclude))


def encoder_name(settings: Settings) -> str:
    """Return the name of the encoder in the settings, "" if they turn it off. Raises EncoderError."""
    return choose(settings.encoder.model).name if settings.encoder.enable else ""


def usable_encoder(settings: Settings) -> str:
    """Return the same, "" also if it cannot be used."""
    try:
        return encoder_name(settings)
    except EncoderError:
        return ""


def index_settings(location: Location) -> Settings:
    """Return the settings for the index of a repository: it includes what any of its worktrees wants.

    Each worktree hides what its own settings exclude, so windows do not affect each other. There can be only one
    encoder: the one that was set last.
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
    return replace(own, exclude=excluded_by_all([one.exclude for one in wanted]), index=index, encoder=encoder)


def _wanted(location: Location) -> list[Settings]:
    """Return the settings of each worktree; those that editors have opened come last, the newest at the end."""
    found = [from_git_dir(folder, location).root for folder in Repository(location).worktrees()] if location.git else []
    checked_out = [root for root in found if (root / ".git").exists()]  # a bare repository has no settings
    roots = list(dict.fromkeys([location.root, *checked_out]))
    set_by_editors = [(root, editor) for root, editor in saved_editor_settings(location.data) if root in roots]
    opened = {root for root, _ in set_by_editors}
    others = [resolve_saved(root, location.data) for root in roots if root not in opened]
    return [one.settings for one in (*others, *(resolve(root, editor) for root, editor in set_by_editors))]


def excluded_by_all(lists: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the exclude patterns that all lists have; none if one of them has a negation ("!…")."""
    first, *others = lists
    if all(other == first for other in others):
        return first
    if any(pattern.startswith("!") for patterns in lists for pattern in patterns):
        return ()
    return tuple(sorted(set(first).intersection(*others)))  # the same from whichever worktree one looks


def _digest(value: object) -> str:
    return hashlib.blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
