"""What the user of a clone forgot and restored: the only thing of a journal that a fleet is told, as ids."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from mom_lsp import datafolder
from mom_lsp.git import Location
from mom_lsp.journal import Journal
from mom_lsp.tiers.lifecycle import fold


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Ids of memories."""

    forgotten: frozenset[str] = frozenset()
    restored: frozenset[str] = frozenset()

    @property
    def digest(self) -> str:
        """A digest that changes with either; it tells nothing about them."""
        ids = repr((sorted(self.forgotten), sorted(self.restored)))
        return hashlib.blake2b(ids.encode(), digest_size=8).hexdigest() if self.forgotten or self.restored else ""


def forgotten_in(location: Location) -> Forgotten:
    """Return what was forgotten and restored in a clone; nothing where nobody used mom. Raises JournalError."""
    path = location.data / datafolder.JOURNAL
    if not path.is_file():
        return Forgotten()
    with Journal(path) as journal:
        events = list(journal.events())
    forgotten = fold(events).forgotten
    ever = {event.memory for event in events if event.type == "forget"}
    return Forgotten(forgotten, frozenset(ever - forgotten))
