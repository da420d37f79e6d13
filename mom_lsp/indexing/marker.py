"""What is known to be complete, so that a run with nothing new need not open the store.

The file lies inside the folder of the tables: whoever deletes those deletes this claim with them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from zlib import crc32

from mom_lsp import datafolder

KEPT = 16  # heads and trees remembered


@dataclass(slots=True)
class Marker:
    """The claims; an empty one claims nothing."""

    heads: list[str] = field(default_factory=list)  # commits whose whole history is indexed
    trees: list[str] = field(default_factory=list)  # commits whose files are indexed
    encoded: str = ""  # the model that has encoded everything, "" while some is missing
    journal: int = 0  # number of the last journal event that the store reflects
    rules: str = ""  # fingerprint of the settings that extraction depended on
    domains: str = ""  # checksum of those that every memory that may be suggested was sorted into
    lacking: str = ""  # a commit whose files a partial clone lacked, as those of others: their diffs were not read
    shallow: list[str] = field(default_factory=list)  # where the history of the clone was cut off

    def complete(self, head: str, encoded: str, journal: int, rules: str, domains: str, shallow: Iterable[str]) -> bool:
        """Whether there is nothing to do for a HEAD."""
        known = not head or (head in self.heads and head in self.trees and self.shallow == sorted(shallow))
        claimed = (self.encoded, self.journal, self.rules, self.domains)
        return known and bool(domains) and claimed == (encoded, journal, rules, domains)

    def add(self, head: str) -> None:
        """Claim that a commit's history and files are indexed."""
        self.heads = [head, *(h for h in self.heads if h != head)][:KEPT]
        self.trees = [head, *(t for t in self.trees if t != head)][:KEPT]


def load_marker(data: Path) -> Marker:
    """Return the claims of a data folder; what cannot be read claims nothing."""
    try:
        return Marker(**json.loads((data / datafolder.MARKER).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return Marker()


def save_marker(data: Path, marker: Marker) -> None:
    """Replace the claims in one step."""
    path = data / datafolder.MARKER
    datafolder.make(data)
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(marker)), "utf-8")
    fresh.replace(path)


def checksum_of_domains(data: Path) -> str:
    """Return what changes when a byte of the kept domains does, "" if there are none."""
    try:
        return f"{crc32((data / datafolder.DOMAINS).read_bytes()):08x}"
    except OSError:
        return ""
