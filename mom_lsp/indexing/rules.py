"""The settings that extraction depends on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from mom_lsp.settings import Settings
from mom_lsp.store import SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Rules:
    """What is read, and what is left out; hashable, so that a change is noticed."""

    exclude: tuple[str, ...] = ()
    comments: bool = True
    documents: bool = True
    max_file_size: int = 1_000_000

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        """Return the rules that some settings make."""
        chosen = settings.index
        return cls(tuple(settings.exclude), chosen.comments, chosen.documents, chosen.max_file_size)

    @property
    def fingerprint(self) -> str:
        """What changes whenever the same repository would be extracted differently."""
        return hashlib.blake2b(repr((SCHEMA_VERSION, self)).encode("utf-8"), digest_size=8).hexdigest()
