"""A marker file with what is completely indexed, so that a run with nothing new need not open the store.

It is in the folder of the tables: deleting the tables deletes the marker too.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from zlib import crc32

from mom_lsp import datafolder
from mom_lsp.durable_file import checked, replace, with_checksum

MAX_HEADS = 16  # and trees, besides those of worktrees


@dataclass(slots=True)
class Marker:
    """What is complete; by default nothing."""

    heads: list[str] = field(default_factory=list)  # commits whose whole history is indexed
    trees: list[str] = field(default_factory=list)  # commits whose files are indexed
    encoded: str = ""  # the model that encoded everything, "" while vectors are missing or if there is none
    journal: int = 0  # sequence number of the last journal event that the store reflects
    rules: str = ""  # fingerprint of the settings that extraction depended on
    domains: str = ""  # checksum of the domains with every suggestible memory, "" while some are missing
    lacking: str = ""  # a commit with objects missing from a partial clone: such diffs were not read
    overrides: list[str] = field(default_factory=list)  # see `Repository.overrides`
    files: str = ""  # checksum of the record of the files of a folder without git, see `folder_files`
    discussions: int = 0  # revision of the archive of discussions that the store reflects
    annotations: dict[str, str] = field(default_factory=dict)  # the refs of notes and checkpoints, with their commits
    silent: list[str] = field(default_factory=list)  # those whose notes all say nothing

    def complete(self, head: str, journal: int, rules: str, domains: str, overrides: Iterable[str]) -> bool:
        """Whether there is nothing left to do for a HEAD but to encode."""
        known = not head or (head in self.heads and head in self.trees and self.overrides == sorted(overrides))
        return known and bool(domains) and (self.journal, self.rules, self.domains) == (journal, rules, domains)

    def lacks_vectors(self, encoder: str) -> bool:
        """Whether there is something to encode, now that everything can be searched."""
        return bool(self.domains) and self.encoded != encoder

    def add(self, head: str, checked_out: Collection[str]) -> None:
        """Record that a commit's history and files are indexed, and drop old ones that no worktree has checked out."""
        self.heads, self.trees = (_with(head, known, checked_out) for known in (self.heads, self.trees))


def _with(head: str, known: Sequence[str], checked_out: Collection[str]) -> list[str]:
    newest_first = dict.fromkeys([head, *known])
    return [one for at, one in enumerate(newest_first) if at < MAX_HEADS or one in checked_out]


def load_marker(data: Path) -> Marker:
    """Return the marker of a data folder, an empty one if it cannot be read."""
    try:
        return Marker(**json.loads(checked((data / datafolder.MARKER).read_bytes())))
    except (OSError, ValueError, TypeError):
        return Marker()


def save_marker(data: Path, marker: Marker) -> None:
    """Replace the marker; it is durable on return."""
    path = data / datafolder.MARKER
    datafolder.make(data)
    path.parent.mkdir(exist_ok=True)
    replace(path, with_checksum(json.dumps(asdict(marker)).encode()))


def checksum_of_domains(data: Path) -> str:
    """Return a checksum of the saved domains and of their format, "" if there are none."""
    try:
        return f"{crc32((data / datafolder.DOMAINS).read_bytes(), crc32(datafolder.DOMAINS_FORMAT.encode())):08x}"
    except OSError:
        return ""
