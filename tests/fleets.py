"""Fleets in a folder or on a server: publishing to them, and what is in them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from indexing_runs import LEXICAL, run
from object_store import ObjectStore
from repositories import Repo, make_repository

from mom_lsp.fleet.bulk import Target, index_repositories
from mom_lsp.fleet.jobs import Outcome
from mom_lsp.fleet.manifest import published
from mom_lsp.fleet.objects import Objects
from mom_lsp.fleet.pulling import Pulled, pull
from mom_lsp.fleet.repositories import jobs_of
from mom_lsp.store import Store
from mom_lsp.store.arrow_rows import SCHEMA
from mom_lsp.store.shared_table import SharedTable

Rows = list[dict[str, Any]]


def named(path: Path, name: str) -> Repo:
    """Make an empty repository that counts as a clone of that name."""
    repo = make_repository(path)
    repo.git("config", "remote.origin.url", f"https://example.org/{name}.git")
    return repo


def publish(listed: Path, uri: str, **target: Any) -> list[Outcome]:
    """Index what is listed into a fleet."""
    return index_repositories(listed, Target(uri, **target), lambda outcome, total: None, threading.Event())


def pulled(uri: str, limit: int = 10**9) -> Pulled:
    """Bring the local copy of a fleet up to date."""
    return pull(uri, limit, lambda name, done, total: None, threading.Event())


def published_rows(uri: str, name: str = "") -> Rows:
    """Return the rows of a repository in a fleet, the only one without a name, by id."""
    objects = Objects(uri)
    found = [one for one in published(objects) if name in ("", one[1].name)]
    assert len(found) == 1, f"{[manifest.name for _, manifest in found]} were published"
    repository, manifest = found[0]
    table = SharedTable.published(objects.address(repository), manifest.version)
    rows: Rows = table.columns(SCHEMA.names).to_pylist()
    assert len(rows) == manifest.rows
    return sorted(rows, key=lambda row: str(row["id"]))


def local_rows(repo: Repo) -> Rows:
    """Return the rows that `mom index` makes of a repository, by id."""
    run(repo, LEXICAL)
    rows: Rows = Store(repo.location.data).columns(SCHEMA.names).to_pylist()
    return sorted(rows, key=lambda row: str(row["id"]))


def prefix_of(repo: Repo, uri: str) -> str:
    """Return the prefix of everything that is published of a repository."""
    jobs, _, _ = jobs_of(repo.root, uri)
    return jobs[0].id


def bytes_of(s3: ObjectStore, folder: Path) -> bytes:
    """Return every byte on a server, and what compressed columns in any version of any table hold."""
    objects = s3.objects()
    for name, data in objects.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    parts = [*objects.values(), *(name.encode() for name in objects)]
    for table in sorted(folder.rglob("memories.lance")):
        parts += [repr(rows).encode() for rows in versions_of(table)]
    return b"\0".join(parts)


def versions_of(table: Path) -> list[Rows]:
    """Return the rows of every version of a table that is on the disk."""
    from mom_lsp.store.lance import connect

    opened, found = connect(str(table.parent)).open_table(table.stem), []
    for version in opened.list_versions():
        opened.checkout(version["version"])
        found.append(opened.search().limit(10_000).to_arrow().to_pylist())
    return found
