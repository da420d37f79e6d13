"""What was published of a repository: which version of its table counts, and how far it reaches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from mom_lsp.errors import Conflict, StoreError
from mom_lsp.fleet.objects import Objects
from mom_lsp.indexing.marker import Marker
from mom_lsp.store import SCHEMA_VERSION

FORMAT = 1  # of the objects beside the tables


@dataclass(frozen=True, slots=True)
class Manifest:
    """One publication of a repository."""

    name: str  # for people: "owner/name"
    version: int  # of the table
    rows: int
    published: int  # seconds since 1970, UTC
    rules: str  # fingerprint of how its commits were extracted
    files: str  # fingerprint of how its files were
    marker: Marker  # what is complete
    forgotten: str = ""  # digest of what was forgotten and restored where it was read
    erasing: bool = False  # whether old versions of the table may hold forgotten memories
    schema: int = SCHEMA_VERSION
    number: int = field(default=0, compare=False)  # of the publication


def newest(objects: Objects, repository: str) -> Manifest | None:
    """Return the newest manifest of a repository, None if it was not published.

    Raises:
        StoreError: the store cannot be read, or a newer version of mom wrote it.
    """
    for _ in range(3):  # a writer deletes older ones
        names = _names(objects, repository)
        if not names:
            return None
        for name in reversed(names):
            data = objects.read(name)
            manifest = _parsed(data, _number(name)) if data else None
            if manifest is not None:
                return manifest
    return None


def publish(objects: Objects, repository: str, manifest: Manifest) -> Manifest:
    """Publish a manifest after the one with its number; return it with its own. Raises Conflict."""
    number = manifest.number + 1
    fields = asdict(manifest) | {"format": FORMAT}
    del fields["number"]
    created = objects.create(f"{_folder(repository)}/{number:010d}.json", json.dumps(fields).encode())
    names = _names(objects, repository)
    if not created or _number(names[-1]) != number:
        raise Conflict(f"another process published {manifest.name} in the meantime: run the command again")
    objects.delete(names[:-1])
    return Manifest(**{name: getattr(manifest, name) for name in manifest.__slots__} | {"number": number})


def _parsed(data: bytes, number: int) -> Manifest | None:
    """Return a manifest, None if it is damaged, as after a power cut."""
    try:
        fields = json.loads(data)
        if fields.pop("format") > FORMAT:
            raise StoreError("this fleet was written by a newer version of mom: update mom")
        return Manifest(**fields | {"marker": Marker(**fields["marker"]), "number": number})
    except (ValueError, TypeError, KeyError):
        return None


def _names(objects: Objects, repository: str) -> list[str]:
    return [name for name in objects.names(_folder(repository)) if name.endswith(".json")]


def _folder(repository: str) -> str:
    return f"{repository}/manifests"


def _number(name: str) -> int:
    return int(name.rpartition("/")[2].removesuffix(".json"))


def published(objects: Objects) -> Iterator[tuple[str, Manifest]]:
    """Yield (repository, manifest) of everything that was published and may be read."""
    for repository in objects.folders():
        manifest = newest(objects, repository)
        if manifest is not None:
            yield repository, manifest
